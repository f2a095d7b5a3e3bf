/// A coordinator's answer, and who gave it.
package struct CoordinatorAnswer: Hashable, Codable, Sendable {
  package let standing: CoordinatorStanding
  package let response: CoordinatorResponse

  package init(standing: CoordinatorStanding, response: CoordinatorResponse) {
    self.standing = standing
    self.response = response
  }
}

package enum CoordinatorResponse: Hashable, Codable, Sendable {
  /// To `grant`.
  case granted(LeaseID, ttl: Duration)
  /// To `keepAlive`: the lease goes on.
  case kept(LeaseID)
  /// To `keepAlive` and `revoke`: there is no such lease, or no longer. Its keys went with it.
  case lost(LeaseID)
  /// To `revoke`.
  case revoked(LeaseID)
  /// To `claim` and `release`: done, with this revision; if nothing was to be changed, the latest one.
  case committed(Revision)
  /// To `claim` and `release`: nothing was done. What each condition's key has, nil where it is absent; in the conditions'
  /// order.
  case conflicted([CoordinatorEntry?])
  /// To `get`, as of the answer's revision.
  case found([CoordinatorEntry])
  /// To `watch`: news follow.
  case watching
  /// To `watch`: what happened before this revision is forgotten. List, compare, and watch from there on.
  case compacted(before: Revision)
  /// To `unwatch`: no news follow.
  case unwatched
  case refused(CoordinatorRefusal)
}

/// Why a coordinator did not do what was asked. Nothing was changed.
package enum CoordinatorRefusal: Error, Hashable, Codable, Sendable {
  /// The registrar began not long ago, and holders of leases that it may not know of have to lose them first.
  case settling(remaining: Duration)
  case ttl(asked: Duration, least: Duration, most: Duration)
  /// An operation names a lease that is not there, or no longer.
  case noLease(LeaseID)
  case badKey(CoordinatorKey)
  case keyTwice(CoordinatorKey)
  case valueTooLong(CoordinatorKey, bytes: Int, most: Int)
  case transactionTooLarge(count: Int, most: Int)
  case tooManyKeys(most: Int)
  case tooManyLeases(most: Int)
  case tooManyWatches(most: Int)
  /// A watch from a revision that is not the next one and not in the past.
  case future(asked: Revision, latest: Revision)
  case noWatch(CoordinatorRequestID)
}

extension CoordinatorRefusal: CustomStringConvertible {
  /// The reason in a sentence.
  package var description: String {
    switch self {
    case .settling(let remaining): "the registrar has just started and grants nothing for \(remaining) more; ask again"
    case .ttl(let asked, let least, let most): "a lease lasts from \(least) to \(most), not \(asked)"
    case .noLease(let lease): "there is no lease \(lease), or no longer"
    case .badKey(let key):
      "\(key.text.debugDescription) is no key: 1 to \(CoordinatorKey.countMax) printable characters"
    case .keyTwice(let key): "the transaction changes \(key) twice"
    case .valueTooLong(let key, let bytes, let most): "the value of \(key) has \(bytes) bytes, and \(most) are allowed"
    case .transactionTooLarge(let count, let most): "the transaction has \(count) parts, and \(most) are allowed"
    case .tooManyKeys(let most): "the coordinator holds \(most) keys and takes no more"
    case .tooManyLeases(let most): "the coordinator holds \(most) leases and takes no more"
    case .tooManyWatches(let most): "the coordinator has \(most) watches and takes no more"
    case .future(let asked, let latest): "a watch can't begin at revision \(asked), the latest being \(latest)"
    case .noWatch(let id): "there is no watch \(id)"
    }
  }
}
