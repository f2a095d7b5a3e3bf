internal import Cluster
internal import HeddleModel
internal import HeddleWire

// The nodes of the cluster, as this one sees them.

extension Node {
  func listNodes() throws(WireRefusal) -> Reply {
    guard let cluster else { throw Sentences.noCluster("list", "the nodes") }
    let configuration = cluster.configuration
    let this = NodeListing.Node(
      name: configuration.node,
      state: .this,
      since: now - startedAt,
      incarnation: identity.incarnation,
      address: configuration.listening,
      slot: .home,
      isRegistrar: configuration.registrar == configuration.node,
      daemonVersion: identity.version,
      standing: membership?.standing ?? .outside,
      epoch: cluster.epoch
    )
    let others = cluster.neighbours.map { neighbour in
      let stay = membership?.member.view.nodes[NodeName(neighbour.name)]?.epoch
      return NodeListing.Node(
        name: neighbour.name,
        state: neighbour.visibleState,
        since: now - neighbour.since,
        incarnation: neighbour.incarnation,
        address: neighbour.address ?? "",
        slot: neighbour.slot,
        reason: neighbour.obstacle?.text ?? "",
        isRegistrar: configuration.registrar == neighbour.name,
        daemonVersion: neighbour.daemonVersion,
        standing: stay == nil ? .outside : .joined,
        epoch: stay?.rawValue ?? 0
      )
    }
    return .nodes(NodeListing(cluster: configuration.name, nodes: ([this] + others).sorted { $0.name < $1.name }))
  }
}

extension Membership {
  fileprivate var standing: NodeListing.Node.Standing {
    if member.isFenced { return .fenced }
    return member.epoch == nil ? .outside : .joined
  }
}

extension Neighbour {
  fileprivate var visibleState: NodeListing.Node.State {
    if link != nil { return .linked }
    if case .refused = obstacle { return .refused }
    return .unreachable
  }
}
