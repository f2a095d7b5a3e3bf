package import HeddleModel

/// Who a member of the cluster is, for the time of its run.
package struct MemberIdentity: Hashable, Codable, Sendable {
  package let name: NodeName
  package let incarnation: Incarnation
  package let seat: Seat
  package let endpoints: [String]
  package let version: String
  package let terms: LeaseTerms

  package init(
    name: NodeName,
    incarnation: Incarnation,
    seat: Seat,
    endpoints: [String] = [],
    version: String = "",
    terms: LeaseTerms = .usual
  ) {
    self.name = name
    self.incarnation = incarnation
    self.seat = seat
    self.endpoints = endpoints
    self.version = version
    self.terms = terms
  }

  var record: NodeRecord {
    NodeRecord(endpoints: endpoints, incarnation: incarnation, seat: seat, version: version)
  }
}

/// A thread of another node, as it was learnt from that node.
package struct RemoteThread: Hashable, Comparable, Codable, Sendable {
  package let node: NodeName
  package let incarnation: Incarnation
  package let id: ThreadID

  package init(node: NodeName, incarnation: Incarnation, id: ThreadID) {
    self.node = node
    self.incarnation = incarnation
    self.id = id
  }

  package static func < (left: RemoteThread, right: RemoteThread) -> Bool {
    (left.node, left.incarnation, left.id) < (right.node, right.incarnation, right.id)
  }
}

/// What a node says of itself when a link to it begins.
package struct NodeGreeting: Hashable, Codable, Sendable {
  package let incarnation: Incarnation
  /// Its stay; nil while it has none.
  package let epoch: Epoch?

  package init(incarnation: Incarnation, epoch: Epoch?) {
    self.incarnation = incarnation
    self.epoch = epoch
  }
}

/// Somebody of this node asked something of the cluster; a number of the shell's choice, unique among the open ones.
package struct ClusterToken: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
