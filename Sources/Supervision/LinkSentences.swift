internal import Cluster
internal import HeddleModel
internal import HeddleWire

// Refusals about links and other nodes.

extension Sentences {
  static func noCluster(_ attempted: String, _ subject: String) -> WireRefusal {
    WireRefusal(
      .unknownNode,
      attempted: attempted,
      subject: subject,
      reason: "this supervisor is in no cluster",
      advice: "start it with heddle daemon --cluster"
    )
  }

  static func linkOutOfPlace(_ kind: FrameKind) -> WireRefusal {
    WireRefusal(.badRequest, attempted: "read", subject: "a \(kind) frame", reason: "it has no place here on a link")
  }

  static let noEntropy = WireRefusal(
    .unspecified,
    attempted: "greet",
    subject: "a link",
    reason: "the supervisor has no random numbers at hand",
    advice: "try again"
  )

  static let unreadableRefusal = WireRefusal(
    .unspecified,
    attempted: "dial",
    subject: "the node",
    reason: "it refused, in words that can't be read"
  )

  static func linkTooSlow(_ dialed: EntityName?) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: dialed == nil ? "accept" : "dial",
      subject: dialed.map { "node \($0)" } ?? "a link",
      reason: "the other end has not answered within \(Limits.handshake)"
    )
  }

  static func noSharedLinkVersion(_ theirs: LinkHello, _ attempted: String) -> WireRefusal {
    let ours = LinkHello.supportedVersions
    return WireRefusal(
      .version,
      attempted: attempted,
      subject: "node \(theirs.node)",
      reason:
        "it speaks versions \(theirs.versions.lowerBound) to \(theirs.versions.upperBound) of the links' protocol, "
        + "and this supervisor \(ours.lowerBound) to \(ours.upperBound)",
      advice: "run the same heddle on both"
    )
  }

  static func wrongCluster(_ theirs: LinkHello, _ own: EntityName, _ attempted: String) -> WireRefusal {
    WireRefusal(
      .wrongCluster,
      attempted: attempted,
      subject: "node \(theirs.node)",
      reason: "it is in cluster \(theirs.cluster), and this supervisor in cluster \(own)",
      advice: "start both with the same --cluster"
    )
  }

  static func wrongSecret(_ attempted: String, _ node: String) -> WireRefusal {
    WireRefusal(
      .wrongSecret,
      attempted: attempted,
      subject: "node \(node)",
      reason: "it does not know the cluster's secret",
      advice: "give all nodes of the cluster the same --secret file"
    )
  }

  static func ownName(_ node: EntityName) -> WireRefusal {
    WireRefusal(
      .nodeNameTaken,
      attempted: "accept a link from",
      subject: "node \(node)",
      reason: "that is this supervisor's own name",
      advice: "give each node of the cluster a name of its own with --node"
    )
  }

  static func nodeIsLinked(_ node: EntityName) -> WireRefusal {
    WireRefusal(
      .nodeNameTaken,
      attempted: "accept a link from",
      subject: "node \(node)",
      reason: "a living node of this name is linked already",
      advice: "give each node of the cluster a name of its own with --node"
    )
  }

  static func formerIncarnation(_ node: EntityName) -> WireRefusal {
    WireRefusal(
      .nodeNameTaken,
      attempted: "accept a link from",
      subject: "node \(node)",
      reason: "a later start of a node of this name was linked",
      advice: "end this one, or give it a name of its own with --node"
    )
  }

  static func strangeNode(_ node: EntityName, _ configuration: ClusterConfiguration) -> WireRefusal {
    unknownNode(node, configuration, attempted: "accept a link from", advice: "add it with --peer \(node)")
  }

  static func anotherNode(_ node: EntityName, dialed: EntityName) -> WireRefusal {
    WireRefusal(
      .unknownNode,
      attempted: "dial",
      subject: "node \(dialed)",
      reason: "the node at its address is \(node)",
      advice: "correct --peer \(dialed)"
    )
  }

  static func noSlot(_ node: EntityName) -> WireRefusal {
    WireRefusal(
      .tooLarge,
      attempted: "link",
      subject: "node \(node)",
      reason: "more starts of nodes were linked than this supervisor has numbers for",
      advice: "start this supervisor anew"
    )
  }

  // MARK: - Of requests

  static func unknownNode(
    _ node: EntityName,
    _ configuration: ClusterConfiguration,
    attempted: String,
    advice: String = "heddle cluster nodes lists them"
  ) -> WireRefusal {
    let known = ([configuration.node] + configuration.peers.map(\.name)).sorted().map(\.text)
    return WireRefusal(
      .unknownNode,
      attempted: attempted,
      subject: "node \(node)",
      reason: "cluster \(configuration.name) has no such node, only \(known.joined(separator: ", "))",
      advice: advice
    )
  }

  static func unreachable(_ node: EntityName, _ why: String?, attempted: String) -> WireRefusal {
    WireRefusal(
      .nodeUnreachable,
      attempted: attempted,
      subject: "node \(node)",
      reason: "no link to it is open" + (why.map { " (\($0))" } ?? ""),
      advice: "this says nothing of whether its threads live; heddle cluster nodes shows when it is back"
    )
  }

  static func outside(_ which: EntityName, _ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .nodeUnreachable,
      attempted: attempted,
      subject: "node \(node)",
      reason: which == node ? "it is not in the cluster now" : "this node, \(which), is not in the cluster now",
      advice: "a node joins when the registrar grants it a lease; heddle cluster nodes shows who has"
    )
  }

  /// What the cluster did not do.
  static func cluster(_ refusal: ClusterRefusal, attempted: String, subject: String) -> WireRefusal {
    let code: RefusalCode =
      switch refusal {
      case .outside, .fenced, .coordinator: .nodeUnreachable
      case .keepsOnPartition: .badRequest
      case .unknownCustodian: .noSuchCustodian
      case .custodianClosed: .custodianShutDown
      case .noSuchNode: .unknownNode
      case .threadEnded: .dead
      case .nameInUseHere: .nameTaken
      }
    return WireRefusal(code, attempted: attempted, subject: subject, reason: refusal.description)
  }

  static func nodeNameTaken(_ record: NodeRecord) -> String {
    let places = record.endpoints.isEmpty ? "" : " at \(record.endpoints.joined(separator: ", "))"
    return "cannot join the cluster: another supervisor\(places) has this node's name; give each node a name of its own"
  }

  /// What became of a node, for the log.
  static func nodeChanged(_ node: EntityName, _ change: Happening.NodeChange) -> String {
    switch change {
    case .joined: "node \(node) is in the cluster"
    case .unreachable: "node \(node) is unreachable: nothing has ended for that"
    case .reachable: "node \(node) is reachable again"
    case .lost: "node \(node) is lost: its stay in the cluster has ended, and all that depended on it"
    case .fenced: "node \(node) can't renew its lease: what depends on it stands still"
    case .renewed: "node \(node) has renewed its lease: what depends on it goes on"
    }
  }

  static func congested(_ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .nodeUnreachable,
      attempted: attempted,
      subject: "node \(node)",
      reason: "\(Limits.linkBytesMax) bytes wait to be written to it already",
      advice: "try again later"
    )
  }

  static func nodeLost(_ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .nodeLost,
      attempted: attempted,
      subject: "a thread of node \(node)",
      reason: "the supervisor that had it is not the one that is linked now",
      advice: "look for its successor by name"
    )
  }

  static func noSuchSlot(_ reference: ThreadReference, attempted: String) -> WireRefusal {
    WireRefusal(
      .noSuchThread,
      attempted: attempted,
      subject: "\(reference)",
      reason: "no node that this supervisor was linked to has ids of that beginning",
      advice: "ids of other nodes' threads are this supervisor's own; look the thread up by its name"
    )
  }

  static func indeterminate(_ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .indeterminate,
      attempted: attempted,
      subject: "node \(node)",
      reason: "the link to it was lost before it answered: what was asked for may have been done or not",
      advice: "look what is so before you ask again"
    )
  }

  static func homeOnly(_ attempted: String) -> WireRefusal {
    WireRefusal(
      .notAcrossNodes,
      attempted: attempted,
      subject: "another node",
      reason: "this is answered by a node for its own clients alone",
      advice: "ask there"
    )
  }

  static func foreign(_ thread: ForeignThread, _ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .notAcrossNodes,
      attempted: attempted,
      subject: thread.reference,
      reason: "node \(node) is asked, and that is not one of its threads",
      advice: "name threads of one node"
    )
  }

  static func needsRoot(_ node: EntityName, attempted: String) -> WireRefusal {
    WireRefusal(
      .permission,
      attempted: attempted,
      subject: "node \(node)",
      reason: "this connection speaks for a custodian of this node, which has no authority on another",
      advice: "ask over the supervisor's socket"
    )
  }

  static func secondHand(attempted: String) -> WireRefusal {
    WireRefusal(
      .notAcrossNodes,
      attempted: attempted,
      subject: "a third node",
      reason: "a node asks another in the name of its own clients alone"
    )
  }
}
