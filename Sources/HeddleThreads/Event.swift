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

  /// The event with another result.
  func map<New: Sendable>(_ change: @escaping @Sendable (Value) async throws -> New) -> AnyEvent<New> {
    switch node {
    case .leaf(let leaf):
      AnyEvent<New>(leaf.event, offer: leaf.offer) { try await change(leaf.finish($0)) }
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
