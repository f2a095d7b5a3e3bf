/// What a registrar's records have come to: the keys, the leases without their times, and the latest revision. It changes
/// by records alone, so that what is read back from a journal is what was there.
struct Registry: Equatable, Codable, Sendable {
  struct Lease: Equatable, Codable, Sendable {
    let ttl: Duration
    var keys: Set<CoordinatorKey> = []
  }

  private(set) var cluster: ClusterID
  private(set) var start: RegistrarStart
  private(set) var revision = Revision.zero
  private(set) var lastLease = LeaseID(rawValue: 0)
  private(set) var longestTTL = Duration.zero
  private(set) var leases: [LeaseID: Lease] = [:]
  private(set) var entries: [CoordinatorKey: CoordinatorEntry] = [:]

  init(cluster: ClusterID, start: RegistrarStart) {
    self.cluster = cluster
    self.start = start
  }

  init(_ snapshot: RegistrarSnapshot) {
    cluster = snapshot.cluster
    start = snapshot.start
    revision = snapshot.revision
    lastLease = snapshot.lastLease
    longestTTL = snapshot.longestTTL
    for lease in snapshot.leases { leases[lease.id] = Lease(ttl: lease.ttl) }
    for entry in snapshot.entries {
      entries[entry.key] = entry
      if let lease = entry.lease { leases[lease]?.keys.insert(entry.key) }
    }
  }

  var snapshot: RegistrarSnapshot {
    RegistrarSnapshot(
      cluster: cluster,
      start: start,
      revision: revision,
      lastLease: lastLease,
      longestTTL: longestTTL,
      leases: leases.keys.sorted().map { RegistrarSnapshot.Lease(id: $0, ttl: leases[$0]?.ttl ?? .zero) },
      entries: entries.values.sorted { $0.key < $1.key }
    )
  }

  var standing: CoordinatorStanding { CoordinatorStanding(cluster: cluster, start: start, revision: revision) }

  /// All entries whose keys begin with `prefix`, in the keys' order.
  func entries(with prefix: String) -> [CoordinatorEntry] {
    entries.values.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
  }

  /// - Returns: what changed, in the keys' order; nothing for a record that changes no key.
  mutating func apply(_ record: JournalRecord) -> [CoordinatorEvent] {
    switch record {
    case .started(let cluster, let start, let revision):
      self.revision = max(self.revision, revision)
      self.cluster = cluster
      self.start = start
      return []
    case .granted(let lease, let ttl):
      leases[lease] = Lease(ttl: ttl)
      lastLease = max(lastLease, lease)
      longestTTL = max(longestTTL, ttl)
      return []
    case .ended(let lease, let revision):
      self.revision = max(self.revision, revision)
      let keys = leases.removeValue(forKey: lease)?.keys ?? []
      return keys.sorted().compactMap { remove($0) }
    case .committed(let operations, let revision):
      self.revision = max(self.revision, revision)
      return operations.sorted { $0.key < $1.key }.compactMap { perform($0) }
    case .snapshot(let snapshot):
      self = Registry(snapshot)
      return []
    }
  }

  private mutating func perform(_ operation: CoordinatorTransaction.Operation) -> CoordinatorEvent? {
    switch operation {
    case .put(let key, let value, let lease):
      let previous = entries[key]
      let entry = CoordinatorEntry(
        key: key,
        value: value,
        created: previous?.created ?? revision,
        modified: revision,
        lease: lease
      )
      if let old = previous?.lease { leases[old]?.keys.remove(key) }
      if let lease { leases[lease]?.keys.insert(key) }
      entries[key] = entry
      return .put(entry, previous: previous)
    case .delete(let key):
      return remove(key)
    }
  }

  private mutating func remove(_ key: CoordinatorKey) -> CoordinatorEvent? {
    guard let entry = entries.removeValue(forKey: key) else { return nil }
    if let lease = entry.lease { leases[lease]?.keys.remove(key) }
    return .deleted(entry)
  }
}
