internal import HeddleLoop
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

extension Supervisor {
  /// Runs a program as a nested thread of the calling one, and waits for it. Racket: `call-in-nested-thread`.
  ///
  /// A break that is sent to the caller meanwhile goes to the nested thread, whatever the caller's setting. When the caller
  /// is killed, or its task cancelled, the nested thread gets a break and lives on as far as its custodian does. In a
  /// worker the nested thread is the process's: breaks for that go to it, too, and one that is left over there comes back;
  /// there is one at a time.
  ///
  /// - Parameters:
  ///   - program: not one that suspends on kill.
  ///   - onStart: called once when the program runs, before anything else is known of it; it must not wait.
  /// - Returns: the program's exit status.
  /// - Throws: `ClientError` with `nestedThreadKilled` when others ended it, or its value was lost in a nested call of its
  ///   own; with `nestedThreadSignalled`, `cannotStart`, `alreadyNesting`. `BreakError` of its kind when the signal of a
  ///   break ended it. `CancellationError`, `Killed`.
  public nonisolated func withNestedProcess(
    _ program: Program,
    onStart: @escaping @Sendable (RemoteThread) -> Void = { _ in }
  ) async throws -> UInt8 {
    try await LocalThread.checkpoint()
    let spawn = try program.spawn(in: await currentCustodian)
    let end = try await welcome?.worker == nil ? nest(spawn, onStart) : nestInWorker(spawn, onStart)
    guard !end.isValueLost else { throw ClientError(cause: .nested(end)) }
    switch end.death.cause {
    case .exited(let status): return status
    case .signalled(let number, _):
      if let kind = HeddleModel.BreakKind.allCases.first(where: { $0.signal == number }) {
        throw BreakError(kind.local)
      }
      throw ClientError(cause: .nested(end))
    case .failedToStart, .killed, .custodianShutDown, .daemonEnded: throw ClientError(cause: .nested(end))
    }
  }

  /// In a worker the supervisor knows who waits for whom.
  private nonisolated func nestInWorker(
    _ spawn: Spawn,
    _ onStart: @escaping @Sendable (RemoteThread) -> Void
  ) async throws -> NestedEnd {
    guard let own = welcome?.worker?.thread else { preconditionFailure("a worker knows which thread it is") }
    var spawn = spawn
    spawn.nested = true
    let answer = await pendingAnswer(to: .spawn(spawn)) { [self] notice in
      if case .started(let thread) = notice { onStart(RemoteThread(thread.id, at: self)) }
    }
    // One that the process keeps goes in, and so does one that crosses with the request.
    if let kept = LocalThread.takeKeptBreak() { await forward(kept, to: own) }
    guard case .nestedEnded(let end) = try await reply(answer, breaksTo: own) else { throw await unexpectedAnswer() }
    return end
  }

  /// For other clients a nested thread is one like others, which is waited for.
  private nonisolated func nest(
    _ spawn: Spawn,
    _ onStart: @escaping @Sendable (RemoteThread) -> Void
  ) async throws -> NestedEnd {
    let nested = RemoteThread(try await self.spawn(spawn).id, at: self)
    onStart(nested)
    if let kept = LocalThread.takeKeptBreak() { await forward(kept, to: nested.id) }
    let answer = await pendingAnswer(to: .wait(.id(nested.id)))
    do {
      guard case .died(let id, let death) = try await reply(answer, breaksTo: nested.id) else {
        throw await unexpectedAnswer()
      }
      let isItsOwn =
        if case .exited = death.cause { true } else if case .signalled = death.cause { true } else { false }
      return NestedEnd(thread: id, death: death, isValueLost: !isItsOwn)
    } catch let error as ClientError { throw error } catch {
      await forward(.interrupt, to: nested.id)
      throw error
    }
  }

  /// The answer, for which the calling thread waits; breaks that come meanwhile are sent on.
  private nonisolated func reply(_ answer: PendingAnswer, breaksTo nested: ThreadID) async throws -> Reply {
    while true {
      do { return try await sync(answer.event, enablingBreaks: true) } catch let error as BreakError {
        await forward(error.kind, to: nested)
      }
    }
  }

  /// Sends a break, and waits for nothing.
  private func forward(_ kind: HeddleThreads.BreakKind, to thread: ThreadID) {
    _ = ask(.sendBreak(.id(thread), HeddleModel.BreakKind(kind))) { _ in }
  }
}

extension HeddleModel.BreakKind {
  /// The signal that is this break for a plain program; signal(7).
  fileprivate var signal: Int32 {
    switch self {
    case .hangUp: 1
    case .interrupt: 2
    case .terminate: 15
    }
  }
}
