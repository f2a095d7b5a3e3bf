package import Cluster
internal import DequeModule
internal import HeddleModel
internal import HeddleWire

// What this node does as a member of its cluster: its inputs to the member, and what that orders.

extension Node {
  // MARK: - Inputs

  /// The registrar is this node, and its journal was read. To be called once, behind `join`.
  ///
  /// - Parameters:
  ///   - records: those of the journal.
  ///   - fresh: the cluster's identity if it begins now; drawn at random.
  package mutating func openRegistry(_ records: [JournalRecord], orFounding fresh: UInt64, effects: inout Effects) {
    guard let membership, let configuration = cluster?.configuration else { return }
    var orders: [RegistrarEffect] = []
    let registrar = Registrar.recovered(
      from: records,
      orFounding: ClusterID(rawValue: fresh),
      at: Revision(rawValue: date.nanoseconds / 1_000_000),
      usualTTL: configuration.terms.ttl,
      now: membership.clock,
      effects: &orders
    )
    var deeds: [RegistrarOffice.Deed] = []
    self.membership?.office = RegistrarOffice(registrar, orders, deeds: &deeds)
    perform(deeds, effects: &effects)
    decide(effects: &effects) { $0.coordinatorFound(now: $1, effects: &$2) }
  }

  /// So many records are on the disk, of all that the journal was given.
  package mutating func journalSynced(_ count: UInt64, effects: inout Effects) {
    var deeds: [RegistrarOffice.Deed] = []
    membership?.office?.synced(count, deeds: &deeds)
    perform(deeds, effects: &effects)
  }

  /// The journal can't be written any more.
  ///
  /// - Parameter sentence: what failed, why, and what to do.
  package mutating func journalFailed(_ sentence: String, effects: inout Effects) {
    membership?.office?.close()
    membership?.noteDeadline()
    effects.append(
      .log("\(sentence); no node of the cluster can renew its lease until this supervisor is started anew")
    )
    decide(effects: &effects) { $0.coordinatorLost(now: $1, effects: &$2) }
  }

  /// The keeper has stopped all guarded threads, at the deadline that it had.
  mutating func keeperFenced(effects: inout Effects) {
    decide(effects: &effects) { $0.keeperFenced(now: $1, effects: &$2) }
  }

  // MARK: - Time

  /// When something of the membership waits for time, by the clock that all else goes by.
  var membershipDeadline: Instant? {
    guard let membership, let deadline = membership.deadline else { return nil }
    return now.advanced(by: membership.clock.span(until: deadline))
  }

  mutating func membershipTimePassed(effects: inout Effects) {
    guard let membership, let deadline = membership.deadline, deadline <= membership.clock else { return }
    decideAsRegistrar(effects: &effects) { [clock = membership.clock] in $0.timePassed(now: clock, effects: &$1) }
    decide(effects: &effects) { $0.timePassed(now: $1, effects: &$2) }
  }

  // MARK: - Deciding

  /// One input of the member's, and all that follows from it. Nothing, on a node that is in no cluster.
  mutating func decide(
    effects: inout Effects,
    _ input: (inout ClusterMember, Instant, inout [MemberEffect]) -> Void
  ) {
    membership?.decide(input)
    // Doing what was ordered may be the next input; what that orders comes behind.
    guard membership?.isCarryingOut == false else { return }
    membership?.isCarryingOut = true
    while let order = membership?.due.popFirst() { carryOut(order, effects: &effects) }
    membership?.isCarryingOut = false
    noteFencing(effects: &effects)
  }

  private mutating func noteFencing(effects: inout Effects) {
    guard let membership, membership.wasFenced != membership.member.isFenced else { return }
    self.membership?.wasFenced.toggle()
    // A lease that is lost while it was not renewed is told as that.
    guard membership.member.epoch != nil, let node = cluster?.configuration.node else { return }
    nodeChanged(node, membership.member.isFenced ? .fenced : .renewed, effects: &effects)
  }

  private mutating func carryOut(_ order: MemberEffect, effects: inout Effects) {
    switch order {
    case .ask(let id, let request): ask(request, id, effects: &effects)
    case .mistrust(let reason): tellOnce("the coordinator is not believed: \(reason)", effects: &effects)
    case .nameTaken(let record): tellOnce(Sentences.nodeNameTaken(record), effects: &effects)
    case .introduce(let epoch): introduce(epoch, effects: &effects)
    case .guardThread(let thread, _): for body in bodies(of: thread) { effects.append(.order(.guardThread(body))) }
    case .armFence(let deadline): effects.append(.order(.armFence(deadline)))
    case .suspend(let thread): fenceBody(of: thread, true, effects: &effects)
    case .resume(let thread): fenceBody(of: thread, false, effects: &effects)
    case .kill(let thread): endFenced(thread, effects: &effects)
    case .admit(let node, let epoch): admitted(node.name, epoch, effects: &effects)
    case .dismiss(let node, let reason): dismissed(node.name, reason, effects: &effects)
    case .nodeJoined(let node, _):
      nodeChanged(node.name, .joined, effects: &effects)
      stayBegan(node.name, effects: &effects)
    case .nodeUnreachable(let node, _): nodeChanged(node.name, .unreachable, effects: &effects)
    case .nodeReachable(let node, _): nodeChanged(node.name, .reachable, effects: &effects)
    case .nodeLost(let node, let epoch):
      nodeChanged(node.name, .lost, effects: &effects)
      stayEnded(node.name, epoch, effects: &effects)
    case .answer(let token, let reply): answer(token, reply, effects: &effects)
    // Mail that was on its way is given up with the link or with the stay, and single threads are not watched for.
    case .failSends, .died, .unreachable, .reachable: break
    case .shutDown(let id), .custodianComplete(let id): endPart(id, effects: &effects)
    }
  }

  /// The threads whose processes are to stop with this one: those of a server's connections are a part of it.
  private func bodies(of thread: ThreadID) -> [ThreadID] {
    guard let listener = listener(of: thread) else { return [thread] }
    return visits.filter { $0.value.listener == listener }.keys.sorted()
  }

  /// Stops what a thread does, or lets it go on, whatever its state is in the model.
  private mutating func fenceBody(of thread: ThreadID, _ isFenced: Bool, effects: inout Effects) {
    if let listener = listener(of: thread) { change(listener, effects: &effects) { $0.fence(isFenced) } }
    if let connection = connection(thatIs: thread) {
      let isHeld = isFenced || kernel.threads[thread]?.life.phase == .suspended
      effects.append(.holdFrames(connection, isHeld))
    }
    for body in bodies(of: thread) { effects.append(.order(isFenced ? .fence(body) : .unfence(body))) }
  }

  private mutating func tellOnce(_ sentence: String, effects: inout Effects) {
    if cluster?.isNews(sentence) == true { effects.append(.log(sentence)) }
  }

  mutating func nodeChanged(_ node: EntityName, _ change: Happening.NodeChange, effects: inout Effects) {
    record(.node(node, change), by: "")
    effects.append(.log(Sentences.nodeChanged(node, change)))
  }

  /// A thread ends that depended on a lease which this node has lost.
  private mutating func endFenced(_ thread: ThreadID, effects: inout Effects) {
    setEnder(.request(by: "the loss of this node's lease"), of: thread)
    step(effects: &effects) {
      // The root has authority over every thread.
      try? $0.kill(thread, by: $0.root, really: true, effects: &$1)
    }
  }

  // MARK: - Threads that others know of

  /// Another node relies on what it hears of the thread from now on.
  mutating func expose(_ thread: ThreadID, to connection: ConnectionID, effects: inout Effects) {
    guard connections.look(connection, { $0.guest != nil }) == true, let policy = entities[thread]?.onPartition else {
      return
    }
    decide(effects: &effects) { member, _, orders in member.threadExposed(thread, policy, effects: &orders) }
  }

  /// Whether the thread's processes are to be stopped when this node's lease can't be renewed.
  func isGuarded(_ thread: ThreadID) -> Bool { membership?.member.isGuarded(thread) == true }

  // MARK: - Requests

  /// Has a node's stay in the cluster end.
  mutating func fence(_ node: EntityName, for inquiry: Inquiry, effects: inout Effects) throws(WireRefusal) {
    // To end a node is the root's.
    _ = try place(.root, for: inquiry, to: "fence a node with")
    guard let token = membership?.token(for: .fence(node, inquiry.connection, inquiry.request)) else {
      throw Sentences.noCluster("fence", "node \(node)")
    }
    decide(effects: &effects) { $0.orderFence(of: NodeName(node), token, now: $1, effects: &$2) }
  }

  /// Who has which global name, as far as this node has heard.
  func listNames() throws(WireRefusal) -> Reply {
    guard let view = membership?.member.view, let cluster else { throw Sentences.noCluster("list", "the names") }
    let names = view.names.filter { view.stay(of: $0.value.record.node, $0.value.record.epoch) == .live }
    return .names(
      names.sorted { $0.key < $1.key }.map { name, holder in
        let node = holder.record.node.name
        let isHere = node == cluster.configuration.node
        let start = view.nodes[holder.record.node]?.record.incarnation.rawValue
        let place = start.map { Cluster.Place(node: node, incarnation: $0) }
        let index = place.flatMap(cluster.slots.firstIndex)
        let slot = isHere ? NodeSlot.home : index.map { NodeSlot(rawValue: UInt16($0 + 1)) }
        return GlobalName(
          name: name,
          node: node,
          thread: slot.map { holder.record.thread.moved(to: $0) },
          fence: holder.fence.rawValue
        )
      }
    )
  }

  /// Whether the cluster is to answer this request.
  func isPetition(_ request: RequestID, of connection: ConnectionID) -> Bool {
    membership?.petitions.values.contains { $0.asker.map { $0 == (connection, request) } ?? false } == true
  }

  /// Nobody waits for the cluster's answer to a request any more; nil: to any of the connection's.
  ///
  /// - Returns: whether somebody did.
  @discardableResult
  mutating func withdrawPetitions(_ request: RequestID?, of connection: ConnectionID) -> Bool {
    var isOne = false
    for (token, petition) in membership?.petitions ?? [:] {
      guard let asker = petition.asker, asker.0 == connection, request == nil || asker.1 == request else { continue }
      isOne = true
      if case .custodian(let local, _, _) = petition {
        membership?.petitions[token] = .custodian(local, ConnectionID(rawValue: 0), asker.1)
      } else {
        membership?.petitions[token] = .nobody
      }
    }
    return isOne
  }

  // MARK: - Answers

  private mutating func answer(_ token: ClusterToken, _ reply: ClusterReply, effects: inout Effects) {
    guard let petition = membership?.petitions[token] else { return }
    switch reply {
    case .spawnPermitted, .begun: break
    default: membership?.petitions[token] = nil
    }
    switch petition {
    case .name(let thread): nameAnswered(reply, to: thread, effects: &effects)
    case .start(let thread): startAnswered(reply, token, to: thread, effects: &effects)
    case .custodian(let local, let connection, let request):
      custodianAnswered(reply, local, connection, request, effects: &effects)
    case .shutdown(let id, let connection, let request):
      shutdownAnswered(reply, id, connection, request, effects: &effects)
    case .nobody: break
    case .fence(let node, let connection, let request):
      let told: Outgoing =
        if case .refused(let refusal) = reply {
          .refusal(Sentences.cluster(refusal, attempted: "fence", subject: "node \(node)"), request)
        } else {
          .reply(.done, request)
        }
      effects.append(.send(connection, told))
    }
  }
}
