internal import HeddleModel

/// A task that waits once.
struct Waiter {
  /// The thread that it is one of; nil outside of any.
  private let caller: ThreadBody?
  private let world: World
  let slot: WaitSlot
  /// Whether nobody but a kill can cancel the task, which withdraws the wait by itself: so with the thread's own task.
  private let isOwn: Bool

  @inline(__always)
  init(_ caller: ThreadBody?, in world: World) {
    self.caller = caller
    self.world = world
    if let caller, caller.isInOwnTask {
      slot = caller.slot
      isOwn = true
    } else {
      slot = WaitSlot()
      isOwn = false
    }
  }

  /// What the wait gave, once it has ended.
  ///
  /// - Throws: what ended it instead.
  @inline(__always)
  func end(of wait: WaitID) async throws -> (branch: Int, gift: Gift) {
    // Without another function that might suspend: to come back from one costs as much as the rest.
    let outcome: Outcome
    if let decided = slot.takeOutcome() {
      outcome = decided
    } else if isOwn {
      outcome = await slot.outcome()
    } else {
      outcome = await cancellableOutcome(of: wait)
    }
    return try await conclude(outcome)
  }

  /// What a wait gave that goes on whoever cancels the task.
  func uncancellableEnd() async throws -> (branch: Int, gift: Gift) { try await conclude(slot.outcome()) }

  /// How a wait ends that whoever cancels the task withdraws.
  private func cancellableOutcome(of wait: WaitID) async -> Outcome {
    await withTaskCancellationHandler {
      await slot.outcome()
    } onCancel: {
      world.settle { $0.kernel.withdraw(wait, effects: &$1) }
    }
  }

  @inline(__always)
  private func conclude(_ outcome: Outcome) async throws -> (branch: Int, gift: Gift) {
    // Before all else: what a wait gave to a thread that was killed since is lost with it.
    if let caller, caller.isKilled { throw await caller.killedError() }
    return try result(of: outcome)
  }

  private func result(of outcome: Outcome) throws -> (branch: Int, gift: Gift) {
    switch outcome {
    case .chosen(let branch, .ready): return (branch, .nothing)
    case .chosen(let branch, .nested(let end)): return (branch, .nestedEnd(end))
    case .chosen(let branch, .message), .chosen(let branch, .met):
      return (branch, slot.takeGift().map(Gift.value) ?? .nothing)
    case .broken(let kind): throw BreakError(BreakKind(kind))
    case .withdrawn: throw CancellationError()
    }
  }

  /// What to throw for a wait that did not begin.
  static func error(for refusal: Refusal, in caller: ThreadBody?) async -> any Error {
    if let caller, caller.isKilled { return await caller.killedError() }
    return ThreadError(refusal)
  }
}
