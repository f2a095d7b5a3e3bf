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
    guard !program.suspendsOnKill else {
      throw ClientError.refused(
        .badRequest,
        "nest",
        program.command.first ?? "",
        "it suspends on kill, and is waited for"
      )
    }
    if let custodian = program.custodian { try requireOwn(custodian.supervisor, custodian) }
    let spawn = try program.spawn(in: await currentCustodian)
    let call = try await welcome?.worker == nil ? nest(spawn, onStart) : nestInWorker(spawn, onStart)
    return try await status(after: call.end())
  }

  /// What a nested call comes to.
  private nonisolated func status(after end: NestedEnd) throws -> UInt8 {
    guard !end.isValueLost else { throw ClientError(cause: .nested(end)) }
    switch end.death.cause {
    case .exited(let status): return status
    case .signalled(let number, _):
      if let kind = HeddleModel.BreakKind.allCases.first(where: { $0.signal == number }) {
        throw BreakError(kind.local)
      }
      throw ClientError(cause: .nested(end))
    case .failedToStart, .killed, .custodianShutDown, .daemonEnded, .timedOut, .nodeLost:
      throw ClientError(cause: .nested(end))
    }
  }

  /// In a worker the supervisor knows who waits for whom.
  private func nestInWorker(_ spawn: Spawn, _ onStart: @escaping @Sendable (RemoteThread) -> Void) -> NestedCall {
    var spawn = spawn
    spawn.nested = true
    let started = Promise<RemoteThread>()
    let answer = Promise<OpenRequests.Answer>()
    // A break that crosses with the request is the nested thread's.
    channel?.nestedCount += 1
    let request = ask(.spawn(spawn)) { [self] notice in
      guard case .started(let info) = notice else { return }
      let thread = RemoteThread(info.id, at: self)
      onStart(thread)
      started.fulfillInNobodysName(thread)
    } onAnswer: { [self] in
      assumeIsolated { $0.channel?.nestedCount -= 1 }
      answer.fulfillInNobodysName($0)
    }
    let pending = PendingAnswer(answer, to: request, of: self)
    return NestedCall(answer: pending, started: started, breaksIfGivenUp: false)
  }

  /// For other clients a nested thread is one like others, which is waited for.
  private nonisolated func nest(
    _ spawn: Spawn,
    _ onStart: @escaping @Sendable (RemoteThread) -> Void
  ) async throws(ClientError) -> NestedCall {
    let nested = RemoteThread(try await self.spawn(spawn).id, at: self)
    let answer = await pendingAnswer(to: .wait(.id(nested.id)))
    let started = Promise<RemoteThread>()
    started.fulfillInNobodysName(nested)
    onStart(nested)
    return NestedCall(answer: answer, started: started, breaksIfGivenUp: true)
  }
}

/// The wait for a nested process, and what becomes of breaks for the calling thread meanwhile.
private struct NestedCall {
  let answer: PendingAnswer
  let started: Promise<RemoteThread>
  /// Whether the nested thread gets a break when the caller is killed or gives up, since the supervisor does not see that.
  let breaksIfGivenUp: Bool

  /// Returns when the nested thread is dead. A break that came too late for it is pending for the caller then.
  func end() async throws -> NestedEnd {
    var held = LocalThread.takeKeptBreak()
    do {
      let reply = try await reply(holding: &held)
      giveBack(held)
      return try Self.end(from: reply)
    } catch {
      giveBack(held)
      if breaksIfGivenUp, !(error is ClientError) { breakNested() }
      throw error
    }
  }

  private func reply(holding held: inout HeddleThreads.BreakKind?) async throws -> Reply {
    while true {
      if let reply = try answer.known { return reply }
      if let kind = held, let nested = started.value {
        held = nil
        // Its answer comes before the reply to a break that was too late.
        try await nested.sendBreak(kind)
        if answer.isKnown { held = kind }
        continue
      }
      do {
        let start: AnyEvent<Void> = held == nil ? never() : started.wrap { _ in }
        try await sync(answer.arrival, start, enablingBreaks: true)
      } catch let error as BreakError {
        held = held.map { max($0, error.kind) } ?? error.kind
      }
    }
  }

  private func giveBack(_ kind: HeddleThreads.BreakKind?) {
    if let kind { LocalThread.current.breakFromOutside(kind) }
  }

  private func breakNested() {
    guard let nested = started.value else { return }
    let supervisor = nested.supervisor
    // On the loop: not in the name of a thread that may be dead.
    supervisor.loop.perform {
      supervisor.assumeIsolated { _ = $0.ask(.sendBreak(.id(nested.id), .interrupt)) { _ in } }
    }
  }

  private static func end(from reply: Reply) throws -> NestedEnd {
    switch reply {
    case .nestedEnded(let end): return end
    case .died(let thread, let death):
      let isItsOwn =
        switch death.cause {
        case .exited, .signalled: true
        case .failedToStart, .killed, .custodianShutDown, .daemonEnded, .timedOut, .nodeLost: false
        }
      return NestedEnd(thread: thread, death: death, isValueLost: !isItsOwn)
    default: throw ClientError.protocolBroken(reason: "a nested call was answered with what answers another request")
    }
  }
}
