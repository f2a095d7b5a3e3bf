/// One choice from several events that has not ended: exactly one branch will be chosen, or none.
struct Wait: Equatable, Codable, Sendable {
  /// The thread that waits; nil for one outside of any thread, which nothing suspends, breaks or kills.
  let owner: ThreadID?
  let branches: Branches
  /// Whether a break is let in while waiting, whatever the thread's own setting (BR-14).
  let enablesBreaks: Bool
  /// When it queued at its sources; nil while its owner is suspended, and so is passed over.
  var ticket: UInt64?

  var isNested: Bool { branches.firstIndex(of: .nestedEnd) != nil }
}
