internal import HeddleModel

/// Something that may happen, and that a thread can wait for, alone or together with others: with `sync`. Racket:
/// synchronizable events, after Concurrent ML.
///
/// A type of another module becomes an event by saying what it is made of: of semaphores, channels, threads, alarms and
/// other events, put together by `choice`, `wrap`, `guarded` and `nackGuarded`.
public protocol Event<Value>: Sendable {
  /// What waiting for it gives.
  associatedtype Value: Sendable
  /// The same event, in terms of those of this library.
  var erased: AnyEvent<Value> { get }
}

/// An event of which only the result's type is known. A value; it can be waited for any number of times, by any threads.
public struct AnyEvent<Value: Sendable>: Event {
  indirect enum Node: Sendable {
    case leaf(Leaf)
    case leaves(Leaves)
    /// Of events that are not known before somebody waits.
    case choice([AnyEvent])
    case guarded(@Sendable () async throws -> AnyEvent)
    case nackGuarded(@Sendable (AnyEvent<Void>) async throws -> AnyEvent)
  }

  /// One event of the model.
  struct Leaf: Sendable {
    let event: HeddleModel.Event
    /// What it puts into a channel.
    let offer: (any Sendable)?
    /// Makes the result of what the model gave. It keeps alive what the event names.
    let finish: @Sendable (Gift) async throws -> Value

    func map<New>(_ change: @escaping @Sendable (Value) async throws -> New) -> AnyEvent<New>.Leaf {
      AnyEvent<New>.Leaf(event: event, offer: offer) { [finish] in try await change(finish($0)) }
    }
  }

  /// Several events of the model, in the form in which it waits for them.
  final class Leaves: Sendable {
    let branches: [Branch]
    let offers: [(any Sendable)?]
    let finishes: [@Sendable (Gift) async throws -> Value]
    /// The earliest time that one of them waits for.
    let alarm: Instant?
    let isForMail: Bool

    init(_ leaves: [Leaf]) {
      var plan = WaitPlan()
      for leaf in leaves { plan.append(leaf.event, offer: leaf.offer) }
      branches = plan.branches
      offers = plan.offers
      alarm = plan.alarm
      isForMail = plan.isForMail
      finishes = leaves.map(\.finish)
    }

    func plan(from first: Int, enablingBreaks: Bool) -> WaitPlan {
      var plan = WaitPlan(branches, offers: offers, alarm: alarm, isForMail: isForMail)
      plan.first = first
      plan.enablesBreaks = enablingBreaks
      return plan
    }

    /// The events one by one.
    var each: [Leaf] {
      branches.indices.map { index in
        Leaf(event: branches[index].event, offer: index < offers.count ? offers[index] : nil, finish: finishes[index])
      }
    }
  }

  let node: Node

  public var erased: AnyEvent { self }

  init(_ node: Node) { self.node = node }

  init(
    _ event: HeddleModel.Event,
    offer: (any Sendable)? = nil,
    finish: @escaping @Sendable (Gift) async throws -> Value
  ) {
    self.init(.leaf(Leaf(event: event, offer: offer, finish: finish)))
  }

  /// The first of several events, which are taken apart here if that can be done before somebody waits.
  init(firstOf events: [AnyEvent]) {
    var leaves: [Leaf] = []
    for event in events {
      switch event.node {
      case .leaf(let leaf): leaves.append(leaf)
      case .leaves(let several): leaves += several.each
      case .choice, .guarded, .nackGuarded:
        self.init(.choice(events))
        return
      }
    }
    self.init(.leaves(Leaves(leaves)))
  }

  /// The event with another result.
  func map<New: Sendable>(_ change: @escaping @Sendable (Value) async throws -> New) -> AnyEvent<New> {
    switch node {
    case .leaf(let leaf): AnyEvent<New>(.leaf(leaf.map(change)))
    case .leaves(let leaves): AnyEvent<New>(.leaves(AnyEvent<New>.Leaves(leaves.each.map { $0.map(change) })))
    case .choice(let events): AnyEvent<New>(.choice(events.map { $0.map(change) }))
    case .guarded(let make): AnyEvent<New>(.guarded { try await make().map(change) })
    case .nackGuarded(let make): AnyEvent<New>(.nackGuarded { try await make($0).map(change) })
    }
  }
}

extension Gift {
  /// What a message or a channel carried; the model pairs those who agree on its type.
  func value<Value>(as type: Value.Type) -> Value {
    guard case .value(let value) = self, let value = value as? Value else {
      preconditionFailure("a wait that takes a value gets one of the type that its source carries")
    }
    return value
  }
}
