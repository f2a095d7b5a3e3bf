/// Mistakes that a simulated shell makes on purpose, at the seam between it and the core: to see that the checkers would
/// catch a core that made them. The core itself has no place for them.
package struct Mutations: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A fence takes three seconds to be carried out, in daemon and keeper.
  package static let fenceLate = Mutations(rawValue: 1 << 0)
  /// The keeper has no deadline of its own: a stopped daemon fences nothing.
  package static let keeperUnarmed = Mutations(rawValue: 1 << 1)
  /// What a link brings counts, whichever stay it is of.
  package static let epochUnchecked = Mutations(rawValue: 1 << 2)
  /// A thread that was permitted is acknowledged without asking whether its custodian is still there.
  package static let tombstoneRace = Mutations(rawValue: 1 << 3)
  /// A registrar that starts again ends the leases instead of giving them their full time.
  package static let noGrace = Mutations(rawValue: 1 << 4)
  /// One in four of a watch's news is lost.
  package static let newsSkipped = Mutations(rawValue: 1 << 5)
  /// The registrar answers before its records are on the disk.
  package static let answerBeforeSync = Mutations(rawValue: 1 << 6)
  /// The time to act counts from when a renewal's answer came.
  package static let leaseFromReceipt = Mutations(rawValue: 1 << 7)
  /// A name is claimed without the lease and the epoch that it depends on.
  package static let nameUnguarded = Mutations(rawValue: 1 << 8)
  /// A name is released whoever has it.
  package static let releaseUnguarded = Mutations(rawValue: 1 << 9)
  /// A link's end is taken for the death of all threads of the node.
  package static let deathOnSilence = Mutations(rawValue: 1 << 10)
  /// A link gives on what comes twice or out of order as it comes.
  package static let linkUnordered = Mutations(rawValue: 1 << 11)
  /// A thread is taken for ended when it is told to end.
  package static let endedTooEarly = Mutations(rawValue: 1 << 12)
  /// Stopped threads go on when the coordinator is found, not when it has renewed the lease.
  package static let resumedTooEarly = Mutations(rawValue: 1 << 13)
  /// Nobody asks, when a link is back, who died meanwhile.
  package static let deathsNotAsked = Mutations(rawValue: 1 << 14)
  /// The time to act is the whole lease.
  package static let noReserve = Mutations(rawValue: 1 << 15)

  package static let all: [(name: String, mutation: Mutations)] = [
    ("fence-late", .fenceLate), ("keeper-unarmed", .keeperUnarmed), ("epoch-unchecked", .epochUnchecked),
    ("tombstone-race", .tombstoneRace), ("no-grace", .noGrace), ("news-skipped", .newsSkipped),
    ("answer-before-sync", .answerBeforeSync), ("lease-from-receipt", .leaseFromReceipt),
    ("name-unguarded", .nameUnguarded), ("release-unguarded", .releaseUnguarded),
    ("death-on-silence", .deathOnSilence), ("link-unordered", .linkUnordered), ("ended-too-early", .endedTooEarly),
    ("resumed-too-early", .resumedTooEarly), ("deaths-not-asked", .deathsNotAsked), ("no-reserve", .noReserve),
  ]
}
