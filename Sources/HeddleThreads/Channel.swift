internal import HeddleModel

/// Where two threads meet: a put and a get happen together or not at all. Nothing is stored. Racket: `make-channel`.
///
/// The longest waiting are served first. A put whose thread is killed, broken or cancelled, or that loses in a choice, has
/// given nothing; a get likewise has taken nothing.
public final class Channel<Value: Sendable>: Sendable {
  private let id: ChannelID
  private let world: World

  /// A channel on which nobody waits.
  public init(of type: Value.Type = Value.self) {
    let world = World.current
    self.world = world
    id = world.make { $0.kernel.makeChannel() }
  }

  deinit { world.settle { (state, _) in state.kernel.forget(id) } }

  /// Waits until another thread gets `value`. Throws as `sync(_:enablingBreaks:)` does. Racket: `channel-put`.
  public func put(_ value: Value) async throws {
    _ = try await World.waitHere(for: .put(id), offer: value)
  }

  /// Waits until another thread puts a value, and takes it. Throws as `sync(_:enablingBreaks:)` does. Racket:
  /// `channel-get`.
  public func get() async throws -> Value {
    try await World.waitHere(for: .get(id)).value(as: Value.self)
  }

  /// Ready when another thread gets `value` at the same time. Racket: `channel-put-evt`.
  public func putting(_ value: Value) -> AnyEvent<Void> {
    AnyEvent(.put(id), offer: value) { [self] _ in withExtendedLifetime(self) {} }
  }

  /// Ready when another thread puts a value at the same time, with that. Racket: a channel as an event.
  public var getting: AnyEvent<Value> {
    AnyEvent(.get(id)) { [self] gift in withExtendedLifetime(self) { gift.value(as: Value.self) } }
  }
}
