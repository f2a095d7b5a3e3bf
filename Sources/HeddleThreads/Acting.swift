internal import HeddleModel

// How operations reach the model: at a safe point of the calling thread, and only if it may act.

extension World {
  /// The calling thread's body, if it is a thread of this world.
  var caller: ThreadBody? {
    guard let body = ThreadBody.current, body.world === self else { return nil }
    return body
  }

  /// Carries out one operation of the calling code.
  ///
  /// - Throws: `ThreadError` when the model refuses, `Killed` and `BreakError` from the safe point.
  @inline(__always)
  func act<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    try await act(as: caller, input)
  }

  /// Carries out one operation of `caller`, the calling thread; nil outside of any.
  @inline(__always)
  func act<Answer: Sendable>(
    as caller: ThreadBody?,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    // Nearly always there is nothing to wait for.
    if caller?.isUndisturbed ?? true {
      if let answer = try attempt(input, as: caller?.id).answer { return answer }
      caller?.alert()
    } else {
      try await caller?.attend()
    }
    return try await actWhenAllowed(as: caller, breaks: .enabled, input).answer
  }

  /// As `act`, but a break that is ready stays so for the caller's next safe point.
  func actKeepingBreaks<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    try await actWhenAllowed(as: caller, breaks: .disabled, input).answer
  }

  /// As `act`, for what may stop threads: returns when nothing of them executes any more. If the caller is among them, it
  /// stops here.
  ///
  /// - Parameters:
  ///   - limit: how long to wait for each of them; nil is no limit.
  ///   - input: gives the orders that were given before, and may not have been carried out yet.
  /// - Throws: `ThreadError` with `noSafePoint` when the time is up, too.
  func actStopping(
    within limit: Duration? = nil,
    breaks: BreakSetting = .enabled,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> [Deeds.Stop]
  ) async throws {
    let step = try await actWhenAllowed(as: caller, breaks: breaks, input)
    try await leave(step.answer + step.stops, within: limit)
  }

  /// Carries out an operation as soon as the caller may act.
  private func actWhenAllowed<Answer: Sendable>(
    as caller: ThreadBody?,
    breaks: BreakSetting,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> (answer: Answer, stops: [Deeds.Stop]) {
    while true {
      switch breaks {
      case .enabled: try await caller?.safePoint()
      case .disabled: try await caller?.standStill()
      }
      let (answer, stops) = try attempt(input, as: caller?.id)
      if let answer { return (answer, stops) }
      caller?.alert()
    }
  }

  /// - Returns: no answer if the caller may not act now; then nothing was done.
  @inline(__always)
  private func attempt<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer,
    as caller: ThreadID?
  ) throws -> (answer: Answer?, stops: [Deeds.Stop]) {
    do throws(Refusal) {
      return try stepStopping(by: caller) { (state, effects) throws(Refusal) -> Answer? in
        // Decided under the lock: an operation of a thread that was stopped a moment ago has no effect.
        guard state.mayAct(caller) else { return nil }
        return try input(&state, &effects)
      }
    } catch { throw ThreadError(error) }
  }

  /// Waits until those that are to stop execute nothing; the caller's own goes last.
  private func leave(_ stops: [Deeds.Stop], within limit: Duration?) async throws {
    let caller = caller
    let others = stops.filter { $0.body !== caller }
    for stop in others {
      if let limit {
        guard try await sync(stop.body.quiet, timeout: limit) != nil else {
          throw ThreadError.noSafePoint(stop.body.id, limit)
        }
      } else if stop.body.gate.isExecuting {
        await stop.body.gate.quiet()
      }
    }
    // Whoever executed one of them may be about to say so: it is so, before this goes on.
    confirm(others)
    if let caller, others.count < stops.count { try await caller.safePoint() }
  }
}

extension ThreadBody {
  /// Ready when nothing of the thread executes that did when the wait began.
  fileprivate var quiet: AnyEvent<Void> {
    AnyEvent(
      .guarded { [world, gate] in
        let quiet = Semaphore(count: 0, in: world)
        gate.whenQuiet { quiet.postFromOutside() }
        return quiet.peek.wrap { _ in }
      }
    )
  }
}
