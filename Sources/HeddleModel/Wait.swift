/// One choice from several events that has not ended: exactly one branch will be chosen, or none.
struct Wait: Equatable, Codable, Sendable {
  /// When a break of the owner ends the wait.
  enum Breaking: UInt8, Codable, Sendable {
    /// When the owner lets breaks in.
    case asInOwner
    /// Whatever the owner's own setting is (BR-14).
    case always
    /// Never: who waits gets breaks in a way of its own.
    case never
  }

  /// The thread that waits; nil for one outside of any thread, which nothing suspends, breaks or kills.
  let owner: ThreadID?
  let branches: Branches
  let breaking: Breaking
  /// When it queued at its sources; nil while its owner is suspended, and so is passed over.
  var ticket: UInt64?

  var isNested: Bool { branches.firstIndex(of: .nestedEnd) != nil }
}
