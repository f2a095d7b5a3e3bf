internal import HeddleModel
internal import HeddleWire

/// The other nodes of a supervisor's cluster, the links to them, and what goes over these for whom.
struct Cluster: Sendable {
  let configuration: ClusterConfiguration
  var entropy = Entropy()
  /// By name.
  var neighbours: [Neighbour]
  /// The connections that are becoming links.
  var greetings: [ConnectionID: LinkGreeting] = [:]
  var links: [ConnectionID: Link] = [:]
  /// Which start of which node each slot is, that of slot 1 first.
  var slots: [Place] = []
  /// What each client of this node has to do with others.
  var dealings: [ConnectionID: [NodeSlot: Dealings]] = [:]
  /// What was left by the clients of other nodes whose link was lost.
  var orphans: [OrphanSession] = []
  /// The barriers that wait for answers of other nodes.
  var spread: [ConnectionID: [RequestID: SpreadBarrier]] = [:]
  /// The refusals of dialers that the log has, not too many of them.
  private var told: Set<String> = []
  /// Of this node's stay; 0 while it has none.
  var epoch: UInt64 = 0
  /// The stays whose threads somebody here may know, by what their ids begin with.
  var stays: [NodeSlot: UInt64] = [:]
  /// Where the starts of nodes were that had threads here knows of, by what their ids begin with.
  var seats: [NodeSlot: UInt64] = [:]
  /// The threads that clients here know and that live on when their node's stay ends.
  var kept: Set<ThreadID> = []
  /// When something here waits for time.
  var deadline: Instant?

  /// One start of one node.
  struct Place: Hashable, Sendable {
    let node: EntityName
    let incarnation: UInt64
  }

  init(_ configuration: ClusterConfiguration, now: Instant) {
    self.configuration = configuration
    neighbours = configuration.peers.map { Neighbour($0, of: configuration.node, now: now) }
    deadline = now
  }

  /// Whether the log does not have this sentence yet; it has it from now on.
  mutating func isNews(_ sentence: String) -> Bool {
    if told.count >= 100 { told = [] }
    return told.insert(sentence).inserted
  }

  func index(of node: EntityName) -> Int? { neighbours.firstIndex { $0.name == node } }

  /// What the ids of this start of a node begin with here: always the same.
  ///
  /// - Returns: nil when there are no more slots.
  mutating func slot(of place: Place) -> NodeSlot? {
    if let index = slots.firstIndex(of: place) { return NodeSlot(rawValue: UInt16(index + 1)) }
    guard slots.count < Int(configuration.slotsMax) else { return nil }
    slots.append(place)
    return NodeSlot(rawValue: UInt16(slots.count))
  }

  func place(of slot: NodeSlot) -> Place? {
    slot == .home || Int(slot.rawValue) > slots.count ? nil : slots[Int(slot.rawValue) - 1]
  }

  /// The open link to the start of a node that has `slot`.
  func link(to slot: NodeSlot) -> ConnectionID? {
    guard let place = place(of: slot), let index = index(of: place.node), neighbours[index].slot == slot else {
      return nil
    }
    return neighbours[index].link
  }

  /// The earliest instant at which something is due.
  var nextDeadline: Instant? {
    let all =
      neighbours.compactMap(\.dialAt) + links.values.map(\.pulse.lookAt) + orphans.compactMap(\.until)
      + greetings.values.map(\.due)
    return all.min()
  }
}

/// A barrier of which other nodes have a part.
struct SpreadBarrier: Equatable, Sendable {
  /// How many answers it waits for, its own node's among them.
  var left: Int
  /// Why nobody can say that all was observed.
  var failure: WireRefusal?
}

extension LinkGreeting {
  /// When something is to happen if nothing does before.
  var due: Instant { if case .onTrial(_, let until) = state { until } else { until } }
}
