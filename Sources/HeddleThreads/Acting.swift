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
  func act<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    try await actStopping(input, breaks: .enabled, waits: false)
  }

  /// As `act`, for what may stop threads: returns when nothing of them executes any more. If the caller is among them, it
  /// stops here.
  ///
  /// - Parameter breaks: disabled, a break that is ready stays so for the caller's next safe point, and only `Killed` is
  ///   thrown beside the model's refusals.
  func actStopping<Answer: Sendable>(
    breaks: BreakSetting = .enabled,
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    try await actStopping(input, breaks: breaks, waits: true)
  }

  private func actStopping<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer,
    breaks: BreakSetting,
    waits: Bool
  ) async throws -> Answer {
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
      if let answer = step.answer {
        if waits { try await leave(step.stopped, caller) }
        return answer
      }
      caller?.alert()
    }
  }

  private func attempt<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws -> (answer: Answer, stopped: [ThreadBody]) {
    do { return try stepStopping(input) } catch { throw ThreadError(error) }
  }

  /// Waits until `bodies` execute nothing; the caller's own goes last.
  private func leave(_ bodies: [ThreadBody], _ caller: ThreadBody?) async throws {
    for body in bodies where body !== caller { await body.gate.quiet() }
    if let caller, bodies.contains(where: { $0 === caller }) { try await caller.safePoint() }
  }
}
