internal import Synchronization

/// What a task and the world tell each other about a wait. It serves one wait after another, one at a time.
///
/// Whatever it holds is taken out of it by the waiting task, so that nothing is freed inside the world's lock.
final class WaitSlot: Sendable {
  private enum Progress: UInt8, AtomicRepresentable {
    /// There is no wait, or one that has not ended and whose task has not asked how it ends.
    case open
    /// The task is suspended until the wait ends.
    case awaited
    /// The wait has ended, and the task has not taken the outcome.
    case decided
  }

  private let progress = Atomic(Progress.open)

  // Two parties, and no lock: what one of them writes before it moves `progress` (releasing), the other reads after it saw
  // that (acquiring).

  /// What a wait puts into channels.
  enum Offers: Sendable {
    case nothing
    /// By its only branch.
    case value(any Sendable)
    /// For each branch, up to the last one that puts anything.
    case values([(any Sendable)?])
  }

  /// The task's but from the beginning of the wait, which is inside the world's lock, until `decided`: then the world's,
  /// inside its lock.
  private nonisolated(unsafe) var offers = Offers.nothing
  /// What the wait took: a message, or what was put into a channel. The world's until `decided`.
  private nonisolated(unsafe) var gift: (any Sendable)?
  /// The world's until `decided`.
  private nonisolated(unsafe) var outcome = Outcome.withdrawn
  /// Lets the task go on. The task's until `awaited`.
  private nonisolated(unsafe) var resumption: Resumption<Void>?

  // MARK: - For the world, inside its lock

  /// What the wait puts into a channel if `branch` is chosen.
  func offer(of branch: Int) -> (any Sendable)? {
    switch unsafe offers {
    case .nothing: nil
    case .value(let value): value
    case .values(let values): values.indices.contains(branch) ? values[branch] : nil
    }
  }

  /// The wait is about to end with `gift`.
  func give(_ gift: any Sendable) { unsafe self.gift = gift }

  /// The wait has ended. Called once a wait; the task may go on at once.
  ///
  /// - Returns: what lets the task go on, to be used outside of the world's lock; nil if the task has yet to ask.
  func decide(_ outcome: Outcome) -> Resumption<Void>? {
    unsafe self.outcome = outcome
    guard progress.exchange(.decided, ordering: .acquiringAndReleasing) == .awaited else { return nil }
    return unsafe resumption
  }

  // MARK: - For the task

  /// What the task's next wait puts into channels; nothing, if it is not going to begin.
  func offer(_ offers: Offers) { unsafe self.offers = offers }

  /// How the wait ended, if it has.
  @inline(__always)
  func takeOutcome() -> Outcome? {
    guard progress.load(ordering: .acquiring) == .decided else { return nil }
    progress.store(.open, ordering: .relaxed)
    unsafe offers = .nothing
    return unsafe outcome
  }

  /// What the wait took, if it did. Asked after the outcome, before the next wait.
  func takeGift() -> (any Sendable)? { unsafe gift.take() }

  /// Suspends the task until its wait has ended, and says how.
  @inline(__always)
  func outcome() async -> Outcome {
    await Resumption<Void>.suspend { resumption in
      unsafe self.resumption = resumption
      let (isAwaited, _) = progress.compareExchange(
        expected: .open,
        desired: .awaited,
        ordering: .acquiringAndReleasing
      )
      if !isAwaited { resumption() }
    }
    guard let outcome = takeOutcome() else { preconditionFailure("a waiting task goes on when its wait has ended") }
    return outcome
  }
}
