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
  /// - Parameter breaks: disabled, a break that is ready stays so for the caller's next safe point.
  /// - Throws: `ThreadError` when the model refuses, `Killed` and, unless breaks are disabled, `BreakError` from the safe
  ///   point.
  func act<Answer: Sendable>(
    breaks: BreakSetting = .enabled,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    try await decide(breaks, input).answer
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
    let step = try await decide(breaks, input)
    // Whoever gave them first may be about to carry them out: now they are, before this goes on.
    for stop in step.answer { perform(stop) }
    try await leave(step.answer.map(\.body) + step.stopped, within: limit)
  }

  private func decide<Answer: Sendable>(
    _ breaks: BreakSetting,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> (answer: Answer, stopped: [ThreadBody]) {
    let caller = caller
    while true {
      switch breaks {
      case .enabled: try await caller?.safePoint()
      case .disabled: try await caller?.standStill()
      }
      let step = try attempt { (state, effects) throws(Refusal) -> Answer? in
        // Decided under the lock: an operation of a thread that was stopped a moment ago has no effect.
        guard state.mayAct(caller?.id) else { return nil }
        return try input(&state, &effects)
      }
      if let answer = step.answer { return (answer, step.stopped) }
      caller?.alert()
    }
  }

  private func attempt<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws -> (answer: Answer, stopped: [ThreadBody]) {
    do { return try stepStopping(input) } catch { throw ThreadError(error) }
  }

  /// Waits until `bodies` execute nothing; the caller's own goes last.
  private func leave(_ bodies: [ThreadBody], within limit: Duration?) async throws {
    let caller = caller
    for body in bodies where body !== caller {
      if let limit {
        guard try await sync(body.quiet, timeout: limit) != nil else { throw ThreadError.noSafePoint(body.id, limit) }
      } else {
        await body.gate.quiet()
      }
    }
    if let caller, bodies.contains(where: { $0 === caller }) { try await caller.safePoint() }
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
