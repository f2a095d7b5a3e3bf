/// One thing that a registrar did, which it does not forget. All its state follows from its records.
package enum JournalRecord: Hashable, Codable, Sendable {
  /// The registrar began, and this was the latest revision; with its first start the cluster began, too.
  case started(ClusterID, RegistrarStart, from: Revision)
  case granted(LeaseID, ttl: Duration)
  /// The lease was revoked, or ran out, and its keys went with this revision.
  case ended(LeaseID, Revision)
  /// Never without an operation.
  case committed([CoordinatorTransaction.Operation], Revision)
  /// What came of all records before.
  case snapshot(RegistrarSnapshot)
}

/// All that a registrar remembers across its restarts.
package struct RegistrarSnapshot: Hashable, Codable, Sendable {
  package struct Lease: Hashable, Codable, Sendable {
    package let id: LeaseID
    package let ttl: Duration

    package init(id: LeaseID, ttl: Duration) {
      self.id = id
      self.ttl = ttl
    }
  }

  package let cluster: ClusterID
  package let start: RegistrarStart
  package let revision: Revision
  package let lastLease: LeaseID
  /// Of all leases that it ever granted.
  package let longestTTL: Duration
  /// In the order of their identifiers.
  package let leases: [Lease]
  /// In the order of their keys.
  package let entries: [CoordinatorEntry]

  package init(
    cluster: ClusterID,
    start: RegistrarStart,
    revision: Revision,
    lastLease: LeaseID,
    longestTTL: Duration,
    leases: [Lease],
    entries: [CoordinatorEntry]
  ) {
    self.cluster = cluster
    self.start = start
    self.revision = revision
    self.lastLease = lastLease
    self.longestTTL = longestTTL
    self.leases = leases
    self.entries = entries
  }
}
