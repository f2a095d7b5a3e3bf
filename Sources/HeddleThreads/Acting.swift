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
    }
    try await caller?.attend()
    return try await actWhenAllowed(input, as: caller).answer
  }

  /// As `act`, for what may stop threads: returns when nothing of them executes any more. If the caller is among them, it
  /// stops here.
  func actStopping<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer
  ) async throws -> Answer {
    let caller = caller
    try await caller?.safePoint()
    let (answer, stopped) = try await actWhenAllowed(input, as: caller)
    for body in stopped where body !== caller && !body.gate.isQuiet { await body.gate.quiet() }
    if let caller, stopped.contains(where: { $0 === caller }) { try await caller.safePoint() }
    return answer
  }

  /// Carries out an operation as soon as the caller may act.
  private func actWhenAllowed<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer,
    as caller: ThreadBody?
  ) async throws -> (answer: Answer, stopped: [ThreadBody]) {
    while true {
      let (answer, stopped) = try attempt(input, as: caller?.id)
      if let answer { return (answer, stopped) }
      caller?.alert()
      try await caller?.attend()
    }
  }

  /// - Returns: no answer if the caller may not act now; then nothing was done.
  @inline(__always)
  private func attempt<Answer: Sendable>(
    _ input: (inout WorldState, inout Kernel.Effects) throws(Refusal) -> Answer,
    as caller: ThreadID?
  ) throws -> (answer: Answer?, stopped: [ThreadBody]) {
    do throws(Refusal) {
      return try stepStopping { (state, effects) throws(Refusal) -> Answer? in
        // Decided under the lock: an operation of a thread that was stopped a moment ago has no effect.
        guard state.mayAct(caller) else { return nil }
        return try input(&state, &effects)
      }
    } catch { throw ThreadError(error) }
  }
}
