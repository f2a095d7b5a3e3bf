internal import HeddleModel

/// What is to be done after a step, outside of the lock. Most steps demand nothing, or let one task go on.
struct Deeds: Sendable {
  /// An order to a body that must not go on.
  struct Stop: Sendable {
    enum Order: Hashable, Sendable {
      case standStill(_ generation: UInt64)
      case end
    }
    let body: ThreadBody
    let order: Order

    /// With which its gate is to close. None comes after that of an end but the one by which the body leaves.
    var generation: UInt64 {
      switch order {
      case .standStill(let generation): generation
      case .end: .max - 1
      }
    }
  }

  /// Something that lets a thread go on.
  enum Release: Sendable {
    /// It was resumed.
    case open(ThreadBody, generation: UInt64)
    /// Its wait has ended.
    case wake(Resumption<Void>)
  }

  /// The task whose wait ended, if that came before all other releases.
  private(set) var wake: Resumption<Void>?
  /// nil while there is nothing but the one wake.
  private(set) var others: OtherDeeds?

  /// Adds a task that can go on, if there is one.
  mutating func add(_ new: Resumption<Void>?) {
    guard let new else { return }
    if wake == nil, others?.releases.isEmpty ?? true { wake = new } else { add { $0.releases.append(.wake(new)) } }
  }

  mutating func add(_ change: (inout OtherDeeds) -> Void) {
    var changed = others.take() ?? OtherDeeds()
    change(&changed)
    others = changed
  }
}

/// What few steps demand.
struct OtherDeeds: Sendable {
  /// Those that are to stop and stood still already.
  var stopped: [Deeds.Stop] = []
  /// Those that are to stop and have not: something of them executes.
  var busy: [Deeds.Stop] = []
  /// In the order of the effects: whoever is free first goes on first.
  var releases: [Deeds.Release] = []
  /// Bodies for which a break is ready.
  var alerts: [ThreadBody] = []
  /// What is called for waits that are nobody's.
  var calls: [@Sendable () -> Void] = []
  /// What shut-down custodians close.
  var closings: [Closings.Closing] = []
  /// The dead, and their mail: here only to be freed outside of the lock.
  var leavers: [ThreadBody] = []
  var lostMail: [Mailbox<any Sendable>] = []

  /// The orders to those that stop later, or are `caller`.
  func unfinished(for caller: ThreadID?) -> [Deeds.Stop] {
    stopped.contains { $0.body.id == caller } ? busy + stopped.filter { $0.body.id == caller } : busy
  }
}

/// How a wait ended.
enum Outcome: Sendable {
  case chosen(branch: Int, Choice)
  case broken(HeddleModel.BreakKind)
  /// The waiting task was cancelled, or its thread is to end.
  case withdrawn
}

/// What the chosen event gave.
enum Gift: Sendable {
  case nothing
  /// A message, or what was put into a channel.
  case value(any Sendable)
  case nestedEnd(BodyEnd)
}
