internal import Cluster
internal import HeddleModel
internal import HeddleWire

// Custodians that threads of several nodes are in. Each node has one of its own for its part: at the home where it was made,
// on all nodes at `/shared/ID`.

/// Which custodian here stands for which of the cluster's.
struct SharedPlaces: Sendable {
  private(set) var locals: [SharedCustodianID: CustodianID] = [:]
  private(set) var ids: [CustodianID: SharedCustodianID] = [:]
  /// Those whose end here is the cluster's will already.
  var ending: Set<SharedCustodianID> = []
  /// Those of this node that are becoming shared.
  var pending: Set<CustodianID> = []
  /// What the end of this node's part came to.
  var reports: [SharedCustodianID: ShutdownReport] = [:]

  mutating func add(_ id: SharedCustodianID, _ local: CustodianID) {
    locals[id] = local
    ids[local] = id
  }

  mutating func remove(_ local: CustodianID) -> SharedCustodianID? {
    guard let id = ids.removeValue(forKey: local) else { return nil }
    locals[id] = nil
    ending.remove(id)
    return id
  }
}

extension SharedCustodianID {
  /// Where it is on every node.
  var path: CustodianPath? { try? CustodianPath(parsing: "/shared/\(self)") }

  init?(_ path: CustodianPath) {
    guard path.components.count == 2, path.components[0].text == "shared" else { return nil }
    self.init(path.components[1].text)
  }
}

extension Node {
  // MARK: - Places

  /// The custodian here that stands for a shared one; made when the cluster has that and this node takes no part yet.
  ///
  /// - Returns: nil for a path that is none of a shared custodian, and for one that the cluster does not have.
  mutating func sharedCustodian(at path: CustodianPath) throws(WireRefusal) -> CustodianID? {
    guard let membership, let id = SharedCustodianID(path) else { return nil }
    if let local = membership.places.locals[id] { return local }
    guard membership.member.view.custodians[id] != nil else { return nil }
    guard !membership.member.view.isClosed(id) else {
      throw Sentences.cluster(.custodianClosed(id), attempted: "find", subject: "\(path)")
    }
    if let parent = path.parent, custodians[parent] == nil { try makeCustodian(parent) }
    try makeCustodian(path)
    if let local = custodians[path] { self.membership?.places.add(id, local) }
    return custodians[path]
  }

  /// The innermost shared custodian that is this one or above it.
  func sharedCustodian(above custodian: CustodianID) -> SharedCustodianID? {
    guard let places = membership?.places, !places.ids.isEmpty else { return nil }
    let above = places.ids.filter { kernel.custodians.isAtOrBelow(custodian, $0.key) }
    return above.min { kernel.custodians.isAtOrBelow($0.key, $1.key) }?.value
  }

  /// Why a thread can't be in the shared custodian that it is to be made in; nil if it can, or if that is none.
  func refusalToShare(_ spawn: Spawn, for inquiry: Inquiry) -> WireRefusal? {
    guard let path = spawn.custodian, let membership else { return nil }
    let id = SharedCustodianID(path)
    let custodian = id.flatMap { membership.places.locals[$0] } ?? custodians[path]
    if let custodian, membership.places.pending.contains(custodian) { return Sentences.beingShared(path) }
    let isShared = id != nil || custodian.flatMap { sharedCustodian(above: $0) } != nil
    guard isShared, spawn.nested || spawn.suspendToKill else { return nil }
    return Sentences.notShared(spawn.nested ? "nest a thread in" : "make a suspend-to-kill thread in", "\(path)")
  }

  // MARK: - Sharing

  /// Lets other nodes take part in a custodian of this one.
  mutating func share(
    _ path: CustodianPath,
    adopt: Bool,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Reply? {
    guard let places = membership?.places else { throw Sentences.noCluster("share", "\(path)") }
    let local = try place(path, for: inquiry, to: "share")
    if let id = places.ids[local], let path = id.path { return .custodianShared(path) }
    guard kernel.custodians.subtree(of: local).allSatisfy({ kernel.custodians[$0]?.members.isEmpty == true }) else {
      throw Sentences.notEmpty(path)
    }
    guard membership?.places.pending.insert(local).inserted == true else { throw Sentences.beingShared(path) }
    let parent = sharedCustodian(above: local)
    guard let token = membership?.token(for: .custodian(local, inquiry.connection, inquiry.request)) else { return nil }
    decide(effects: &effects) {
      $0.makeCustodian(below: parent, adopt ? .adopt : .shutDown, token, now: $1, effects: &$2)
    }
    return nil
  }

  mutating func custodianAnswered(
    _ reply: ClusterReply,
    _ local: CustodianID,
    _ connection: ConnectionID,
    _ request: RequestID,
    effects: inout Effects
  ) {
    membership?.places.pending.remove(local)
    switch reply {
    case .custodianMade(let id):
      if kernel.custodians[local]?.isShutDown == false {
        membership?.places.add(id, local)
      } else {
        closeShared(id, effects: &effects)
      }
      if let path = id.path { effects.append(.send(connection, .reply(.custodianShared(path), request))) }
    case .refused(let refusal):
      let refusal = Sentences.cluster(refusal, attempted: "share", subject: "a custodian")
      effects.append(.send(connection, .refusal(refusal, request)))
    case .claimed, .nameHeld, .spawnPermitted, .spawnAcknowledged, .begun, .complete, .fenceOrdered: break
    }
  }

  // MARK: - Shutting down

  /// Shuts a shared custodian down on all nodes.
  ///
  /// - Returns: whether it is a shared one; the request is answered when nothing is left of it.
  mutating func shutDownShared(
    _ local: CustodianID,
    isPlain: Bool,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Bool {
    guard let id = membership?.places.ids[local],
      let token = membership?.token(for: .shutdown(id, inquiry.connection, inquiry.request))
    else { return false }
    guard isPlain else {
      membership?.petitions[token] = nil
      throw Sentences.sharedAtOnce(id)
    }
    decide(effects: &effects) { $0.shutDownCustodian(id, token, now: $1, effects: &$2) }
    return true
  }

  mutating func shutdownAnswered(
    _ reply: ClusterReply,
    _ id: SharedCustodianID,
    _ connection: ConnectionID,
    _ request: RequestID,
    effects: inout Effects
  ) {
    switch reply {
    case .complete:
      let nothing = ShutdownReport(threads: 0, processes: 0, leftSuspended: 0, duration: .zero)
      let report = membership?.places.reports.removeValue(forKey: id) ?? nothing
      effects.append(.send(connection, .reply(.shutDown(report), request)))
    case .refused(let refusal):
      let refusal = Sentences.cluster(refusal, attempted: "shut down", subject: "/shared/\(id)")
      effects.append(.send(connection, .refusal(refusal, request)))
    case .begun: effects.append(.log("custodian /shared/\(id) is shut down: nothing new starts in it on any node"))
    case .claimed, .nameHeld, .custodianMade, .spawnPermitted, .spawnAcknowledged, .fenceOrdered: break
    }
  }

  /// The cluster has it that a shared custodian is over: so is this node's part.
  mutating func endPart(_ id: SharedCustodianID, effects: inout Effects) {
    guard let local = membership?.places.locals[id], membership?.places.ending.insert(id).inserted == true else {
      return
    }
    guard kernel.custodians[local]?.isShutDown == false else { return }
    beginShutdown(of: local, nil, effects: &effects)
  }

  /// A custodian of this node is shut down; if it stands for a shared one, that is, on all nodes.
  mutating func sharedShutDown(_ local: CustodianID, effects: inout Effects) {
    guard let places = membership?.places, let id = places.ids[local], !places.ending.contains(id),
      ending != .shuttingDown
    else { return }
    membership?.places.ending.insert(id)
    closeShared(id, effects: &effects)
  }

  private mutating func closeShared(_ id: SharedCustodianID, effects: inout Effects) {
    guard let token = membership?.token(for: .nobody) else { return }
    decide(effects: &effects) { $0.shutDownCustodian(id, token, now: $1, effects: &$2) }
  }

  /// Nothing is left of this node's part.
  mutating func partEnded(_ local: CustodianID, _ report: ShutdownReport?) {
    guard let id = membership?.places.remove(local) else { return }
    let isAwaited = membership?.petitions.values.contains { if case .shutdown(id, _, _) = $0 { true } else { false } }
    if isAwaited == true { membership?.places.reports[id] = report }
  }
}

extension Sentences {
  static func notShared(_ attempted: String, _ subject: String) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: attempted,
      subject: subject,
      reason:
        "it is in a custodian that nodes share, where each thread is agreed on before it starts, and ends when that does",
      advice: "use a custodian of this node alone"
    )
  }

  static func beingShared(_ path: CustodianPath) -> WireRefusal {
    WireRefusal(
      .nodeUnreachable,
      attempted: "use",
      subject: "\(path)",
      reason: "it is just becoming a custodian that nodes share",
      advice: "try again when heddle custodian new --shared has answered"
    )
  }

  static func sharedAtOnce(_ id: SharedCustodianID) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "shut down",
      subject: "/shared/\(id)",
      reason:
        "a custodian that nodes share is shut down at once on all of them, without a grace",
      advice: "leave --grace out; break its threads before, if they are to end by themselves"
    )
  }

  static func notEmpty(_ path: CustodianPath) -> WireRefusal {
    WireRefusal(
      .badRequest,
      attempted: "share",
      subject: "\(path)",
      reason: "there are threads in it, which other nodes were not asked about",
      advice: "share a custodian when it is new"
    )
  }
}
