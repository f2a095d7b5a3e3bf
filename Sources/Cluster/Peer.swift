internal import HeddleModel

/// What is to be done with the frames of another node.
package enum Reception: Hashable, Sendable {
  case take
  /// Kept in order until `admit` or `dismiss` comes, or the link ends: the other side knows of its stay already, and this
  /// one is about to hear of it.
  case hold
  case refuse
}

/// Another node, as far as this one has a link to it or had one.
struct Peer: Equatable, Codable, Sendable {
  /// What the other side said of itself; nil without a link.
  var greeting: NodeGreeting?
  /// The stay whose frames are taken over the link.
  var admitted: Epoch?
  /// Whether what the other side said of itself is known to be over, or wrong.
  var isDismissed = false
  /// The stay that it was said to be unreachable of.
  var suspected: Epoch?
}

extension ClusterMember {
  /// There is a link to a node, and this is what it said of itself. What comes over it counts from `admit` on.
  package mutating func linkUp(_ node: NodeName, _ greeting: NodeGreeting, effects: inout [MemberEffect]) {
    peers[node, default: Peer()].greeting = greeting
    peers[node]?.admitted = nil
    peers[node]?.isDismissed = false
    tryAdmitting(node, effects: &effects)
  }

  /// The link ended, for whatever reason. Nobody is dead for that.
  package mutating func linkDown(_ node: NodeName, effects: inout [MemberEffect]) {
    guard let peer = peers[node] else { return }
    peers[node]?.greeting = nil
    peers[node]?.admitted = nil
    guard let epoch = peer.admitted, view.stay(of: node, epoch) == .live else { return }
    peers[node]?.suspected = epoch
    effects.append(.nodeUnreachable(node, epoch))
  }

  /// The stay of which frames are taken over the link to this node; nil if they are not to be taken.
  package func admitted(_ node: NodeName) -> Epoch? { peers[node]?.admitted }

  /// What is to be done with what comes over the link to this node, but for the coordinator's part.
  package func reception(of node: NodeName) -> Reception {
    guard let peer = peers[node], peer.greeting?.epoch != nil, !peer.isDismissed else { return .refuse }
    return peer.admitted == nil ? .hold : .take
  }

  /// Has the link's frames taken, once the stay that it speaks of is known, and not any more when that is over.
  ///
  /// The link itself stays: a node whose stay has ended hears of it from the coordinator, which may be behind this link.
  /// It begins its links anew when it has another stay.
  mutating func tryAdmitting(_ node: NodeName, effects: inout [MemberEffect]) {
    guard let peer = peers[node], let greeting = peer.greeting, let epoch = greeting.epoch else { return }
    switch view.stay(of: node, epoch) {
    case .unknown: break
    case .ended: dismiss(node, .stayEnded(epoch), effects: &effects)
    case .live:
      let expected = view.nodes[node]?.record.incarnation ?? greeting.incarnation
      guard expected == greeting.incarnation else {
        return dismiss(node, .wrongIncarnation(greeting.incarnation, expected: expected), effects: &effects)
      }
      guard peer.admitted != epoch else { return }
      peers[node]?.admitted = epoch
      effects.append(.admit(node, epoch))
      guard peer.suspected == epoch else { return }
      peers[node]?.suspected = nil
      effects.append(.nodeReachable(node, epoch))
    }
  }

  private mutating func dismiss(_ node: NodeName, _ reason: LinkRefusal, effects: inout [MemberEffect]) {
    guard peers[node]?.isDismissed == false else { return }
    peers[node]?.admitted = nil
    peers[node]?.isDismissed = true
    effects.append(.dismiss(node, reason))
  }

  // MARK: - Joined and lost

  mutating func nodeJoined(_ name: NodeName, _ node: ClusterView.Node, effects: inout [MemberEffect]) {
    guard name != identity.name else { return }
    effects.append(.nodeJoined(name, node.epoch))
    for (thread, life) in remotes.contacts(with: name, node) {
      switch life {
      case .goesOn: effects.append(.reachable(thread, node.epoch))
      case .ended: effects.append(.died(thread, .incarnationEnded))
      }
    }
  }

  /// A node's key is gone, and its lease: its stay has ended, and what depended on it.
  ///
  /// In this order: nothing of that stay is taken any more; its threads are dead; what lost its home here is shut down;
  /// what was sent and not accepted never will be.
  mutating func nodeLeft(_ name: NodeName, _ node: ClusterView.Node, now: Instant, effects: inout [MemberEffect]) {
    guard name != identity.name else {
      guard node.epoch == epoch, let lease = holder.lease else { return }
      return step(&effects, now) { $0.lost(lease, now: now, effects: &$1) }
    }
    let isLinked = peers[name]?.greeting?.epoch == node.epoch
    if isLinked { dismiss(name, .stayEnded(node.epoch), effects: &effects) }
    effects.append(.nodeLost(name, node.epoch))
    if peers[name]?.suspected == node.epoch { peers[name]?.suspected = nil }
    for (thread, policy) in remotes.lose(name, node.epoch, seat: node.record.seat) {
      effects.append(policy == .keep ? .unreachable(thread) : .died(thread, .nodeLost(node.epoch)))
    }
    tendOrphans(now: now, effects: &effects)
    effects.append(.failSends(name, node.epoch))
  }
}
