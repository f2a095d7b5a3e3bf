internal import Cluster
internal import HeddleModel
internal import HeddleWire

// Whose frames are taken over a link: those of a node in a stay that the coordinator has told of. What concerns the
// coordinator is taken from all who know the secret.

/// What came over a link and waits until the stay is known that it is from.
struct HeldFrames: Sendable {
  enum Arrival: Sendable {
    case frame(Frame)
    /// With the bytes that the run is in.
    case mail(MailRun, [UInt8])
  }

  private(set) var arrivals: [Arrival] = []
  private var bytes = 0

  /// - Returns: whether there is room for so much.
  mutating func add(_ arrival: Arrival, _ count: Int) -> Bool {
    bytes += count + FrameHeader.count
    arrivals.append(arrival)
    return bytes <= Limits.linkHeldBytesMax
  }
}

extension Node {
  /// This node's stay has begun, or ended: its links begin anew, and say so.
  mutating func introduce(_ epoch: Epoch?, effects: inout Effects) {
    cluster?.epoch = epoch?.rawValue ?? 0
    guard let node = cluster?.configuration.node else { return }
    nodeChanged(node, epoch == nil ? .lost : .joined, effects: &effects)
    // Who leaves tells of its last deaths, and gives its lease back, over the links that there are.
    guard ending != .shuttingDown else { return }
    for id in cluster?.links.keys.sorted() ?? [] {
      loseLink(id, "this node's stay in the cluster has \(epoch == nil ? "ended" : "begun")", effects: &effects)
      drop(id, effects: &effects)
    }
    // They have said what is not true any more.
    for id in cluster?.greetings.keys.sorted() ?? [] { abandonGreeting(id, effects: &effects) }
    noteLinkDeadline()
  }

  /// Looks anew at what is to be done with a node's frames.
  mutating func noteReception(of node: NodeName) {
    guard let link = link(to: node.name), let reception = membership?.member.reception(of: node) else { return }
    cluster?.links[link]?.reception = reception
  }

  private func link(to node: EntityName) -> ConnectionID? {
    cluster.flatMap { cluster in cluster.index(of: node).flatMap { cluster.neighbours[$0].link } }
  }

  /// What comes over the link to a node is taken from now on: it is in the stay that it spoke of.
  mutating func admitted(_ node: EntityName, _ epoch: Epoch, effects: inout Effects) {
    noteReception(of: NodeName(node))
    guard let id = link(to: node), let link = cluster?.links[id], link.reception == .take else { return }
    cluster?.stays[link.slot] = epoch.rawValue
    cluster?.seats[link.slot] = membership?.member.view.nodes[NodeName(node)]?.record.seat.rawValue
    reopenClients(on: id, link.slot, effects: &effects)
    for index in cluster?.orphans.indices ?? 0..<0 where cluster?.orphans[index].slot == link.slot {
      cluster?.orphans[index].until = now + Limits.sessionReclaim
    }
    cluster?.links[id]?.held = HeldFrames()
    for arrival in link.held.arrivals {
      switch arrival {
      case .frame(let frame): linkFrameCame(frame, on: id, effects: &effects)
      case .mail(let run, let bytes): receivedOnLink(run, in: bytes.span, on: id, effects: &effects)
      }
    }
    linkFramesEnded(on: id, effects: &effects)
    noteLinkDeadline()
  }

  /// Nothing that comes over the link to a node is taken any more.
  mutating func dismissed(_ node: EntityName, _ reason: LinkRefusal, effects: inout Effects) {
    noteReception(of: NodeName(node))
    guard let id = link(to: node), let link = cluster?.links[id] else { return }
    cluster?.links[id]?.held = HeldFrames()
    effects.append(.log("nothing is taken from node \(node): \(reason)"))
    abandonGuests(of: link, effects: &effects)
    suspendDealings(with: link, effects: &effects)
  }

  /// A stay of another node has ended, and all that depended on it.
  mutating func stayEnded(_ node: EntityName, _ epoch: Epoch, effects: inout Effects) {
    for (slot, stay) in cluster?.stays.sorted(by: { $0.key < $1.key }) ?? [] {
      guard stay == epoch.rawValue, cluster?.place(of: slot)?.node == node else { continue }
      cluster?.stays[slot] = nil
      nodeLost(slot, node, effects: &effects)
    }
  }

  /// A node has a stay. What an earlier start of it left running is over, if that was at the same place.
  mutating func stayBegan(_ node: EntityName, effects: inout Effects) {
    guard let record = membership?.member.view.nodes[NodeName(node)]?.record, let slots = cluster?.slots else { return }
    for (index, place) in slots.enumerated() {
      let slot = NodeSlot(rawValue: UInt16(index + 1))
      guard place.node == node, place.incarnation != record.incarnation.rawValue,
        cluster?.seats[slot] == record.seat.rawValue
      else { continue }
      cluster?.seats[slot] = nil
      let others = cluster?.kept.filter { $0.slot != slot }
      cluster?.kept = others ?? []
      nodeLost(slot, node, effects: &effects)
    }
  }

  /// Keeps a frame for later, or closes a link that has sent too much too early.
  mutating func hold(_ arrival: HeldFrames.Arrival, _ count: Int, on id: ConnectionID, effects: inout Effects) {
    guard let node = cluster?.links[id]?.node, cluster?.links[id]?.held.add(arrival, count) == false else { return }
    let fault = LinkFault(
      description: "it has sent more than \(Limits.linkHeldBytesMax) bytes before its stay was known"
    )
    refuseConnection(id, Sentences.linkFault(fault, node), effects: &effects)
  }
}

extension LinkRefusal: CustomStringConvertible {
  /// The reason in a sentence.
  package var description: String {
    switch self {
    case .stayEnded(let epoch): "its stay in the cluster, epoch \(epoch), has ended"
    case .wrongIncarnation(let found, let expected):
      "incarnation \(found) of it is linked, and \(expected) is the one in the cluster"
    }
  }
}
