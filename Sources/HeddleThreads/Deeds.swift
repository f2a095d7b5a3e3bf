internal import HeddleModel

/// What is to be done after a step, outside of the lock.
struct Deeds: Sendable {
  /// An order to a body that must not go on.
  struct Stop: Sendable {
    enum Order: Hashable, Sendable {
      case standStill(_ generation: UInt64)
      case end
    }
    let body: ThreadBody
    let order: Order
  }

  /// Something that lets a thread go on.
  enum Release: Sendable {
    /// It was resumed.
    case open(ThreadBody, generation: UInt64)
    /// Its wait has ended.
    case wake(Resumption<Outcome>, Outcome)
  }

  var stops: [Stop] = []
  /// In the order of the effects: whoever is free first goes on first.
  var releases: [Release] = []
  /// Bodies for which a break is ready.
  var alerts: [ThreadBody] = []
  /// What shut-down custodians close.
  var closings: [Closings.Closing] = []
  /// The dead, with their mail: here only to be freed outside of the lock.
  var leavers: [WorldState.Resident] = []
  /// The waits that have ended, for the same reason.
  var ended: [WorldState.Waiter] = []

  mutating func wake(_ waiter: WorldState.Waiter?, _ outcome: Outcome) {
    if let waiter { releases.append(.wake(waiter.resumption, outcome)) }
  }
}

/// How a wait ended.
enum Outcome: Sendable {
  case chosen(branch: Int, Gift)
  case broken(HeddleModel.BreakKind)
  /// The waiting task was cancelled, or its thread is to end.
  case withdrawn
  /// It did not begin.
  case refused(Refusal)
}

/// What the chosen event gave.
enum Gift: Sendable {
  case nothing
  /// A message, or what was put into a channel.
  case value(any Sendable)
  case nestedEnd(BodyEnd)
}
