/// What is asked of a coordinator.
package enum CoordinatorRequest: Hashable, Codable, Sendable {
  /// A new lease that ends when it was not renewed for so long.
  case grant(ttl: Duration)
  /// The lease goes on for its full time from when this is received.
  case keepAlive(LeaseID)
  /// The lease ends now, and all its keys with it, in one change.
  case revoke(LeaseID)
  /// If all conditions hold, all operations, in one change.
  case claim(CoordinatorTransaction)
  /// The key goes, if it was created with this revision. So a slow former owner never deletes what is another's now.
  case release(CoordinatorKey, created: Revision)
  /// All keys that begin so, in their order; everything for the empty prefix.
  case get(prefix: String)
  /// All changes to keys that begin so, from this revision on, in order, those of the past first.
  case watch(prefix: String, from: Revision)
  /// No more news of the watch that this request began.
  case unwatch(CoordinatorRequestID)
}

/// A compare-and-set of several keys: all of it, or nothing.
package struct CoordinatorTransaction: Hashable, Codable, Sendable {
  /// That a key was created with this revision; that it is absent, for `Revision.zero`.
  package struct Condition: Hashable, Codable, Sendable {
    package let key: CoordinatorKey
    package let created: Revision

    package init(_ key: CoordinatorKey, created: Revision) {
      self.key = key
      self.created = created
    }

    package static func isAbsent(_ key: CoordinatorKey) -> Condition { Condition(key, created: .zero) }
  }

  package enum Operation: Hashable, Codable, Sendable {
    case put(CoordinatorKey, String, lease: LeaseID?)
    /// Nothing happens if the key is absent.
    case delete(CoordinatorKey)

    package var key: CoordinatorKey {
      switch self {
      case .put(let key, _, _), .delete(let key): key
      }
    }
  }

  package let conditions: [Condition]
  /// No key twice.
  package let operations: [Operation]

  package init(if conditions: [Condition], then operations: [Operation]) {
    self.conditions = conditions
    self.operations = operations
  }
}
