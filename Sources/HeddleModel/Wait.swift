/// One choice from several events that has not ended: exactly one branch will be chosen, or none.
package struct Wait: Equatable, Codable, Sendable {
  /// The thread that waits; nil for one outside of any thread, which nothing suspends, breaks or kills.
  package let owner: ThreadID?
  package let branches: [Branch]
  /// Whether a break is let in while waiting, whatever the thread's own setting (BR-14).
  package let enablesBreaks: Bool
  /// When it queued at its sources; nil while its owner is suspended, and so is passed over.
  package internal(set) var ticket: UInt64?

  package var isNested: Bool { branches.contains { $0.event == .nestedEnd } }

  /// All nacks of all branches, each once, in order.
  var nacks: [NackID] {
    var seen: Set<NackID> = []
    return branches.flatMap(\.nacks).filter { seen.insert($0).inserted }
  }
}
