internal import Synchronization

/// What a task and the world tell each other about a wait. It serves one wait after another, one at a time.
///
/// Whatever it holds is taken out of it by the waiting task, so that nothing is freed inside the world's lock.
final class WaitSlot: Sendable {
  private struct State: Sendable {
    /// For each branch what it puts into a channel, up to the last one that does.
    var offers: [(any Sendable)?] = []
    /// What the wait took: a message, or what was put into a channel.
    var gift: (any Sendable)?
    /// nil until the wait has ended.
    var outcome: Outcome?
    /// Lets the task go on; nil while it has not suspended itself.
    var resumption: Resumption<Void>?
  }

  private let state = Mutex(State())

  // MARK: - For the world, inside its lock

  /// What the wait puts into a channel if `branch` is chosen.
  func offer(of branch: Int) -> (any Sendable)? {
    state.withLock { $0.offers.indices.contains(branch) ? $0.offers[branch] : nil }
  }

  /// The wait is about to end with `gift`.
  func give(_ gift: any Sendable) { state.withLock { $0.gift = gift } }

  /// The wait has ended. Called once a wait; the task may go on at once.
  ///
  /// - Returns: what lets the task go on, to be used outside of the world's lock; nil if the task has yet to ask.
  func decide(_ outcome: Outcome, taking gift: (any Sendable)? = nil) -> Resumption<Void>? {
    state.withLock { state in
      if let gift { state.gift = gift }
      state.outcome = outcome
      return state.resumption
    }
  }

  // MARK: - For the task

  /// What the task's next wait puts into channels; nothing, if it is not going to begin.
  func offer(_ offers: [(any Sendable)?]) {
    var offers = offers
    state.withLock { swap(&offers, &$0.offers) }
  }

  /// What the wait took, if it did.
  func takeGift() -> (any Sendable)? { state.withLock { $0.gift.take() } }

  /// How the wait ended, if it has.
  func takeOutcome() -> Outcome? {
    var offers: [(any Sendable)?] = []
    return state.withLock { state in
      guard let outcome = state.outcome else { return nil }
      state.outcome = nil
      state.resumption = nil
      if !state.offers.isEmpty { swap(&offers, &state.offers) }
      return outcome
    }
  }

  /// Suspends the task until its wait has ended, and says how.
  @inline(__always)
  func outcome() async -> Outcome {
    await Resumption<Void>.suspend { resumption in
      let isDecided = state.withLock { state in
        state.resumption = resumption
        return state.outcome != nil
      }
      if isDecided { resumption() }
    }
    guard let outcome = takeOutcome() else { preconditionFailure("a waiting task goes on when its wait has ended") }
    return outcome
  }
}
