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

/// One change in a thread's life. It keeps what the model knows of the thread, and not the thread.
struct Change: Hashable, Sendable {
  /// Of the code outside of any thread, which runs for ever.
  private struct Outside: Sendable {
    let thread: LocalThread
  }

  private let kind: StateEvent.Kind
  private let source: Source

  private enum Source: Sendable {
    case thread(ThreadIdentity, generation: UInt64)
    case outside(Outside)
  }

  init(_ kind: StateEvent.Kind, of thread: LocalThread) {
    self.kind = kind
    guard let identity = thread.identityIfGated else {
      source = .outside(Outside(thread: thread))
      return
    }
    let event = thread.world.look { try? $0.kernel.event(kind, of: identity.id) }
    source = .thread(identity, generation: event?.generation ?? StateEvent.never)
  }

  var thread: LocalThread {
    switch source {
    case .thread(let identity, _): identity.handle
    case .outside(let outside): outside.thread
    }
  }

  func event<Value: Sendable>(_ result: @escaping @Sendable () -> Value) -> AnyEvent<Value> {
    switch source {
    case .thread(let identity, let generation):
      let event = StateEvent(thread: identity.id, kind: kind, generation: generation)
      return AnyEvent(.state(event)) { _ in result() }
    case .outside: return AnyEvent(kind == .resumption ? .always : .never) { _ in result() }
    }
  }

  static func == (left: Change, right: Change) -> Bool { left.kind == right.kind && left.key == right.key }

  func hash(into hasher: inout Hasher) { hasher.combine(key) }

  /// The world and the change in it.
  private var key: [UInt64] {
    switch source {
    case .thread(let identity, let generation):
      [UInt64(UInt(bitPattern: ObjectIdentifier(identity.world))), identity.id.rawValue, generation]
    case .outside(let outside): [UInt64(UInt(bitPattern: ObjectIdentifier(outside.thread.world)))]
    }
  }
}
