internal import HeddleModel

extension Event {
  /// The event with its result changed by `change`, which cannot wait. It is called if the event was chosen, and what it
  /// throws, the wait throws. Racket: `wrap-evt`.
  public func wrap<New: Sendable>(_ change: @escaping @Sendable (Value) throws -> New) -> AnyEvent<New> {
    erased.map { try change($0) }
  }

  /// The event with its result handed to `handler`, which may wait: it is called after the choice has fallen, as if by the
  /// caller of `sync`, who gets what it throws. Racket: `handle-evt`.
  public func handle<New: Sendable>(_ handler: @escaping @Sendable (Value) async throws -> New) -> AnyEvent<New> {
    erased.map(handler)
  }
}

/// The first of several events; of several that are ready, any. Of none, it is never ready. Racket: `choice-evt`.
public func choice<Value: Sendable>(_ events: any Event<Value>...) -> AnyEvent<Value> { choice(events) }

/// The first of several events; of several that are ready, any. Of none, it is never ready. Racket: `choice-evt`.
public func choice<Value: Sendable>(_ events: [any Event<Value>]) -> AnyEvent<Value> {
  // Not of no branch at all, so that its nacks have one to belong to.
  events.isEmpty ? never() : AnyEvent(firstOf: events.map { $0.erased })
}

/// The event that `make` gives, called once by each thread that waits, when it begins to. If it throws, the wait does not
/// begin and throws that; those made before it are told by their nacks. Racket: `guard-evt`.
public func guarded<Value: Sendable>(_ make: @escaping @Sendable () async throws -> any Event<Value>) -> AnyEvent<Value>
{
  AnyEvent(.guarded { try await make().erased })
}

/// As `guarded`; `make` gets an event that becomes ready when the one that it gives was not chosen: another was, the time
/// was up, or the waiting thread was broken, cancelled or killed. Racket: `nack-guard-evt`.
public func nackGuarded<Value: Sendable>(
  _ make: @escaping @Sendable (_ nack: AnyEvent<Void>) async throws -> any Event<Value>
) -> AnyEvent<Value> {
  AnyEvent(.nackGuarded { try await make($0).erased })
}

/// Ready at once, with `value`. Racket: `always-evt`.
public func always<Value: Sendable>(_ value: Value) -> AnyEvent<Value> { AnyEvent(.always) { _ in value } }

/// Never ready. Racket: `never-evt`.
public func never<Value: Sendable>(_ type: Value.Type = Value.self) -> AnyEvent<Value> {
  AnyEvent(.never) { _ in preconditionFailure("what is never ready is never chosen") }
}

/// Ready when `duration` has passed since the wait began; at once if it is not above zero. Racket: `alarm-evt`.
public func after(_ duration: Duration) -> AnyEvent<Void> {
  AnyEvent(.guarded { AnyEvent(.alarm(World.current.clock.instant(in: duration))) { _ in } })
}

/// Ready when the world's clock stands at `time` or past it, counted from the world's beginning.
package func alarm(at time: Duration) -> AnyEvent<Void> {
  AnyEvent(.alarm(Instant(nanoseconds: time.clampedNanoseconds))) { _ in }
}

/// Ready when no thread executes anything, and none is about to: all others are blocked, suspended or dead. Racket:
/// `system-idle-evt`.
public var systemIdle: AnyEvent<Void> {
  AnyEvent(
    .guarded {
      let world = World.current
      let idle = Semaphore(count: 0, in: world)
      world.activity.whenIdle(for: idle) { [weak idle] in idle?.postFromOutside() }
      return idle.peek.wrap { _ in }
    }
  )
}
