internal import HeddleMessages
package import HeddleModel

/// The nodes of a cluster, as one of them sees them.
package struct NodeListing: Hashable, Codable, Sendable {
  package struct Node: Hashable, Codable, Sendable {
    package enum State: UInt8, Hashable, Codable, Sendable, CaseIterable {
      /// The supervisor that answers.
      case this = 1
      case linked = 2
      /// No link is open, which says nothing of whether the node lives.
      case unreachable = 3
      /// The same, and the last attempt to link was refused by one of the two.
      case refused = 4
    }

    /// How it stands with the coordinator, as far as the supervisor that answers has heard.
    package enum Standing: UInt8, Hashable, Codable, Sendable, CaseIterable {
      /// It has no stay: it has not joined, or its lease was lost.
      case outside = 1
      case joined = 2
      /// Only of the supervisor that answers: its lease is not renewed, and what depends on it stands still.
      case fenced = 3
    }

    package var name: EntityName
    package var state: State
    /// How long it has been in this state.
    package var since: Duration
    /// The last one that was linked; nil if none was.
    package var incarnation: UInt64?
    /// Where it is dialed, or listens; may be empty.
    package var address: String
    /// What the ids of its threads begin with; nil for one that was never linked.
    package var slot: NodeSlot?
    /// Why it is not linked, for people.
    package var reason: String
    package var isRegistrar: Bool
    package var daemonVersion: String
    package var standing: Standing
    /// Of its stay in the cluster; 0 outside.
    package var epoch: UInt64

    package init(
      name: EntityName,
      state: State,
      since: Duration,
      incarnation: UInt64? = nil,
      address: String = "",
      slot: NodeSlot? = nil,
      reason: String = "",
      isRegistrar: Bool = false,
      daemonVersion: String = "",
      standing: Standing = .outside,
      epoch: UInt64 = 0
    ) {
      self.name = name
      self.state = state
      self.since = since
      self.incarnation = incarnation
      self.address = address
      self.slot = slot
      self.reason = reason
      self.isRegistrar = isRegistrar
      self.daemonVersion = daemonVersion
      self.standing = standing
      self.epoch = epoch
    }
  }

  package let cluster: EntityName
  /// By name.
  package let nodes: [Node]

  package init(cluster: EntityName, nodes: [Node]) {
    self.cluster = cluster
    self.nodes = nodes
  }
}

// MARK: - On the wire

extension NodeListing {
  init(_ proto: ProtoNodeList) throws(WireDecodingError) {
    self.init(
      cluster: try EntityName(field: "nodes.cluster", proto.cluster),
      nodes: try proto.nodes.map { node throws(WireDecodingError) in try Node(node) }
    )
  }

  var proto: ProtoNodeList {
    var proto = ProtoNodeList()
    proto.cluster = cluster.text
    proto.nodes = nodes.map(\.proto)
    return proto
  }
}

extension NodeListing.Node {
  fileprivate init(_ proto: ProtoNodeInfo) throws(WireDecodingError) {
    let state = try State(field: "nodes.state", enumeration: proto.state.rawValue)
    let slot = try UInt16(field: "nodes.slot", proto.slot)
    self.init(
      name: try EntityName(field: "nodes.name", proto.name),
      state: state,
      since: Duration(wire: proto.sinceNs),
      incarnation: proto.incarnation == 0 ? nil : proto.incarnation,
      address: proto.address,
      slot: state == .this || slot != 0 ? NodeSlot(rawValue: slot) : nil,
      reason: proto.reason,
      isRegistrar: proto.registrar,
      daemonVersion: proto.daemonVersion,
      standing: try Standing(field: "nodes.standing", enumeration: proto.standing.rawValue),
      epoch: proto.epoch
    )
  }

  fileprivate var proto: ProtoNodeInfo {
    var proto = ProtoNodeInfo()
    proto.name = name.text
    proto.state = state.proto
    proto.sinceNs = since.wireNanoseconds
    proto.incarnation = incarnation ?? 0
    proto.address = address
    proto.slot = UInt32(slot?.rawValue ?? 0)
    proto.reason = reason
    proto.registrar = isRegistrar
    proto.daemonVersion = daemonVersion
    proto.standing = standing.proto
    proto.epoch = epoch
    return proto
  }
}

extension NodeListing.Node.State {
  fileprivate var proto: ProtoNodeState {
    switch self {
    case .this: .this
    case .linked: .linked
    case .unreachable: .unreachable
    case .refused: .refused
    }
  }
}

extension NodeListing.Node.Standing {
  fileprivate var proto: ProtoNodeStanding {
    switch self {
    case .outside: .outside
    case .joined: .joined
    case .fenced: .fenced
    }
  }
}

extension WireJSON {
  package static func text(_ listing: NodeListing) -> String { object(listing.proto) }
}
