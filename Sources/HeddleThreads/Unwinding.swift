/// How much of a dead thread is executed still, so that its tasks can leave.
///
/// Counted in turns, so many for each task that waits for one at the same time: a thread with a thousand child tasks has
/// the time to leave, and one that never leaves has not.
struct Unwinding {
  /// How many turns there are for each task.
  static let turnsMax = 64

  private var turns = 0
  private var mostQueued = 0

  /// Whether it is over: what is queued stays so for good.
  private(set) var isOver = false

  /// Counts one more turn.
  ///
  /// - Parameter queued: how many jobs wait for a turn, at least one.
  /// - Returns: whether it may be taken.
  mutating func takesTurn(queued: Int) -> Bool {
    mostQueued = max(mostQueued, queued)
    isOver = turns >= Self.turnsMax * mostQueued
    turns += 1
    return !isOver
  }
}
