/// One key with its value, as a coordinator has it.
package struct CoordinatorEntry: Hashable, Codable, Sendable {
  package let key: CoordinatorKey
  package let value: String
  /// With which change the key came to be, after its last absence: what a claim compares.
  package let created: Revision
  /// With which change the value came.
  package let modified: Revision
  /// With whose end the key goes; nil if it stays until it is deleted.
  package let lease: LeaseID?

  package init(key: CoordinatorKey, value: String, created: Revision, modified: Revision, lease: LeaseID?) {
    self.key = key
    self.value = value
    self.created = created
    self.modified = modified
    self.lease = lease
  }

  /// What an entry takes on the wire and on the disk beside its key and its value, in bytes; not less than that.
  package static let overhead = 64

  /// About how many bytes it takes there.
  var size: Int { key.text.utf8.count + value.utf8.count + Self.overhead }
}

/// What became of one key in a change.
package enum CoordinatorEvent: Hashable, Codable, Sendable {
  /// The key has this value now; `previous` is what it had, nil if it was absent.
  case put(CoordinatorEntry, previous: CoordinatorEntry?)
  /// The key is gone; this is what it had.
  case deleted(CoordinatorEntry)

  package var key: CoordinatorKey {
    switch self {
    case .put(let entry, _): entry.key
    case .deleted(let previous): previous.key
    }
  }
}

/// One change, as a watch is told of it: all that happened with one revision to the keys that are watched, in the order
/// of the keys.
package struct CoordinatorNews: Hashable, Codable, Sendable {
  package let revision: Revision
  package let events: [CoordinatorEvent]

  package init(revision: Revision, events: [CoordinatorEvent]) {
    self.revision = revision
    self.events = events
  }
}

/// Who answers, and what the latest change was when it did. It comes with every answer and all news.
package struct CoordinatorStanding: Hashable, Codable, Sendable {
  package let cluster: ClusterID
  package let start: RegistrarStart
  package let revision: Revision

  package init(cluster: ClusterID, start: RegistrarStart, revision: Revision) {
    self.cluster = cluster
    self.start = start
    self.revision = revision
  }
}
