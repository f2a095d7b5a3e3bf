internal import HeddleLoop
internal import HeddleModel
public import HeddleThreads
internal import HeddleWire

// The changes in a remote thread's life, as events for `sync`. Once ready they stay ready. Two are equal if they are of the
// same change. To wait for one asks its supervisor each time, and `poll` waits for its answer; when the connection ends, the
// wait throws `ClientError`.

extension RemoteThread {
  /// Ready when it is dead, with itself; equal for each call. Racket: `thread-dead-evt`.
  public var death: RemoteDeath { RemoteDeath(change: RemoteChange(thread: self, event: deathEvent)) }

  /// Ready when it is suspended, or was since the call. After each resume the next call gives a fresh one. Never ready for
  /// a dead thread. Racket: `thread-suspend-evt`.
  public func suspension() async throws(ClientError) -> RemoteSuspension {
    RemoteSuspension(change: try await change(.suspension))
  }

  /// Ready when it runs, or did since the call. After each suspension the next call gives a fresh one. Never ready for a
  /// dead thread. Racket: `thread-resume-evt`.
  public func resumption() async throws(ClientError) -> RemoteResumption {
    RemoteResumption(change: try await change(.resumption))
  }

  private var deathEvent: StateEvent { StateEvent(thread: id, kind: .death, generation: 0) }

  private func change(_ kind: StateEvent.Kind) async throws(ClientError) -> RemoteChange {
    RemoteChange(thread: self, event: try await supervisor.event(kind, of: .id(id)))
  }
}

/// A thread is ready when it is dead, with itself.
extension RemoteThread: HeddleThreads.Event {
  public var erased: AnyEvent<RemoteThread> { death.wrap { [self] _ in self } }
}

/// The death of one remote thread; it gives itself.
public struct RemoteDeath: HeddleThreads.Event, Hashable {
  let change: RemoteChange
  public var erased: AnyEvent<RemoteDeath> { change.event(giving: self) }
}

/// One suspension of one remote thread; it gives the thread.
public struct RemoteSuspension: HeddleThreads.Event, Hashable {
  let change: RemoteChange
  public var erased: AnyEvent<RemoteThread> { change.event(giving: change.thread) }
}

/// One resumption of one remote thread; it gives the thread.
public struct RemoteResumption: HeddleThreads.Event, Hashable {
  let change: RemoteChange
  public var erased: AnyEvent<RemoteThread> { change.event(giving: change.thread) }
}

struct RemoteChange: Hashable, Sendable {
  let thread: RemoteThread
  let event: StateEvent

  /// The change as an event. Each wait opens a watch, which ends with the wait.
  func event<Value: Sendable>(giving value: Value) -> AnyEvent<Value> {
    guarded { [supervisor = thread.supervisor, event] in
      let outcome = Promise<OpenWatches.Outcome>()
      let id = await supervisor.open(event) { outcome.fulfillInNobodysName($0) }
      let watch = OpenWatch(id, of: supervisor)
      if Looking.isOn { await supervisor.look(at: event, watchedAs: id) }
      return outcome.wrap { outcome in
        try withExtendedLifetime(watch) { try outcome.get() }
        return value
      }
    }
  }
}

/// A watch for as long as somebody waits.
private final class OpenWatch: Sendable {
  private let id: WatchID
  private let supervisor: Supervisor

  init(_ id: WatchID, of supervisor: Supervisor) {
    self.id = id
    self.supervisor = supervisor
  }

  deinit { supervisor.loop.perform { [supervisor, id] in supervisor.assumeIsolated { $0.giveUp(id) } } }
}

/// What a coroutine gives slices of time to: `Coroutine(over: thread)`.
extension RemoteThread: Suspendable {
  public func resume() async throws { try await resume(benefactor: nil) }

  public func kill() async throws { try await kill(really: false) }
}
