internal import HeddleModel

// The changes in a thread's life, as events. Once ready they stay ready. Two are equal if they are of the same change.

extension LocalThread {
  /// Ready when the thread is dead, with itself; equal for each call. Racket: `thread-dead-evt`.
  public var death: DeathEvent { DeathEvent(change: Change(.death, of: self)) }

  /// Ready when the thread is suspended, or was since the call. After each resume the next call gives a fresh one. Never
  /// ready for a dead thread. Racket: `thread-suspend-evt`.
  public var suspension: SuspensionEvent { SuspensionEvent(change: Change(.suspension, of: self)) }

  /// Ready when the thread runs, or did since the call. After each suspension the next call gives a fresh one. Never ready
  /// for a dead thread. Racket: `thread-resume-evt`.
  public var resumption: ResumptionEvent { ResumptionEvent(change: Change(.resumption, of: self)) }
}

/// A thread is ready when it is dead, with itself.
extension LocalThread: Event {
  public var erased: AnyEvent<LocalThread> { death.wrap { [self] _ in self } }
}

/// The death of one thread; it gives itself.
public struct DeathEvent: Event, Hashable {
  let change: Change
  public var erased: AnyEvent<DeathEvent> { change.event { [self] in self } }
}

/// One suspension of one thread; it gives the thread.
public struct SuspensionEvent: Event, Hashable {
  let change: Change
  public var erased: AnyEvent<LocalThread> { change.event { [change] in change.thread } }
}

/// One resumption of one thread; it gives the thread.
public struct ResumptionEvent: Event, Hashable {
  let change: Change
  public var erased: AnyEvent<LocalThread> { change.event { [change] in change.thread } }
}

/// One change in a thread's life. It keeps what the model knows of the thread, and not the thread, unless the change has
/// happened and gives the thread.
struct Change: Hashable, Sendable {
  private enum Source: Sendable {
    case death(ThreadIdentity)
    case claim(Claim)
    /// Of the code outside of any thread, which runs for ever.
    case outside(LocalThread)
  }

  private let kind: StateEvent.Kind
  private let source: Source

  init(_ kind: StateEvent.Kind, of thread: LocalThread) {
    self.kind = kind
    source =
      switch (kind, thread.identityIfGated) {
      case (_, nil): .outside(thread)
      case (.death, let identity?): .death(identity)
      case (.suspension, let identity?), (.resumption, let identity?): .claim(Claim(kind, of: identity))
      }
  }

  var thread: LocalThread {
    switch source {
    case .death(let identity): identity.handle
    case .claim(let claim): claim.identity.handle
    case .outside(let thread): thread
    }
  }

  func event<Value: Sendable>(_ result: @escaping @Sendable () -> Value) -> AnyEvent<Value> {
    switch source {
    case .death(let identity):
      AnyEvent(.state(StateEvent(thread: identity.id, kind: .death, generation: 0))) { _ in result() }
    case .claim(let claim): AnyEvent(.state(claim.event)) { _ in result() }
    case .outside: AnyEvent(kind == .resumption ? .always : .never) { _ in result() }
    }
  }

  static func == (left: Change, right: Change) -> Bool { left.kind == right.kind && left.key == right.key }

  func hash(into hasher: inout Hasher) { hasher.combine(key) }

  /// The world and the change in it.
  private var key: [UInt64] {
    switch source {
    case .death(let identity): [number(of: identity.world), identity.id.rawValue]
    case .claim(let claim): [number(of: claim.identity.world), claim.event.thread.rawValue, claim.event.generation]
    case .outside(let thread): [number(of: thread.world)]
    }
  }

  private func number(of world: World) -> UInt64 { UInt64(UInt(bitPattern: ObjectIdentifier(world))) }
}

/// A suspension or a resumption that somebody may still ask about. Once it has happened it gives the thread, and so it
/// holds it.
private final class Claim: Sendable {
  let identity: ThreadIdentity
  let event: StateEvent

  init(_ kind: StateEvent.Kind, of identity: ThreadIdentity) {
    self.identity = identity
    // The identity keeps the model's record.
    let event = try? identity.world.step { (state, _) throws(Refusal) in
      try state.kernel.claim(kind, of: identity.id)
    }
    self.event = event ?? StateEvent(thread: identity.id, kind: kind, generation: StateEvent.never)
  }

  deinit { identity.world.settle { (state, effects) in state.kernel.letGo(of: event, effects: &effects) } }
}
