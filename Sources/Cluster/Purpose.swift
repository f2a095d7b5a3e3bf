internal import HeddleModel

/// What a request to the coordinator is for. The request itself is made when it is asked, since what it depends on may have
/// changed by then.
enum Purpose: Hashable, Codable, Sendable {
  case lease(LeaseHolder.Question, sent: Instant)
  /// The lease of an earlier supervisor on this seat, which holds our node key.
  case revokePredecessor(LeaseID)
  case list
  case watch
  case claimName(EntityName)
  case releaseName(EntityName, Fence)
  case makeCustodian(SharedCustodianID)
  case takePart(SharedCustodianID)
  case leavePart(SharedCustodianID, Revision)
  case close(SharedCustodianID, TombstoneRecord.Reason)
  case adopt(SharedCustodianID)
  case forget(SharedCustodianID)
  case orderFence(NodeName, Epoch, ClusterToken)

  /// Whether it is asked again when the answer was lost with the connection. The others are begun anew by whoever owns them.
  var isLasting: Bool {
    switch self {
    case .lease(.revoke, _): true
    case .lease, .revokePredecessor, .list, .watch: false
    case .claimName, .releaseName, .makeCustodian, .takePart, .leavePart, .close, .adopt, .forget, .orderFence: true
    }
  }

  /// Whether it is nothing to a later stay of this node.
  var dependsOnStay: Bool {
    switch self {
    case .claimName, .releaseName, .makeCustodian, .takePart, .leavePart: true
    case .lease, .revokePredecessor, .list, .watch, .close, .adopt, .forget, .orderFence: false
    }
  }
}

extension ClusterMember {
  /// Asks now, or when the coordinator is found. What is on its way already is not asked twice.
  mutating func ask(_ purpose: Purpose, now: Instant, effects: inout [MemberEffect]) {
    guard isConnected else {
      if purpose.isLasting, !postponed.contains(purpose) { postponed.append(purpose) }
      return
    }
    guard let request = request(for: purpose) else {
      // A fenced node may change nothing until its lease is renewed.
      if isFenced, purpose.dependsOnStay, !postponed.contains(purpose) { postponed.append(purpose) }
      return
    }
    lastRequest += 1
    let id = CoordinatorRequestID(rawValue: lastRequest)
    pending[id] = purpose
    if purpose == .watch { following = .asked(id) }
    effects.append(.ask(id, request))
  }

  /// Asks once more, after so long.
  mutating func postpone(_ purpose: Purpose, by span: Duration, now: Instant) {
    if !postponed.contains(purpose) { postponed.append(purpose) }
    let again = now.advanced(by: span)
    retryAt = min(retryAt ?? again, again)
  }

  mutating func askPostponed(now: Instant, effects: inout [MemberEffect]) {
    retryAt = nil
    let purposes = postponed
    postponed = []
    for purpose in purposes { ask(purpose, now: now, effects: &effects) }
  }

  /// Whether this was asked, or will be.
  func isUnderWay(_ purpose: Purpose) -> Bool {
    postponed.contains(purpose) || pending.values.contains(purpose)
  }

  /// nil when it is of no use any more.
  private func request(for purpose: Purpose) -> CoordinatorRequest? {
    switch purpose {
    case .lease(let question, _): request(for: question)
    case .revokePredecessor(let lease): .revoke(lease)
    case .list: .get(prefix: "")
    case .watch: .watch(prefix: "", from: view.revision.next)
    case .claimName(let name): requestToClaim(name)
    case .releaseName(let name, let fence): .release(ClusterKey.name(name).key, created: fence.created)
    case .makeCustodian(let id): requestToMake(id)
    case .takePart(let id): requestToTakePart(in: id)
    case .leavePart(let id, let created): .release(ClusterKey.part(id, identity.name).key, created: created)
    case .close(let id, let reason): requestToClose(id, reason)
    case .adopt(let id): requestToAdopt(id)
    case .forget(let id): requestToForget(id)
    case .orderFence(let node, let epoch, _):
      .claim(
        CoordinatorTransaction(
          if: [CoordinatorTransaction.Condition(ClusterKey.node(node).key, created: epoch.created)],
          then: [.put(ClusterKey.fence(node).key, FenceRecord(epoch: epoch).text, lease: nil)]
        )
      )
    }
  }

  private func request(for question: LeaseHolder.Question) -> CoordinatorRequest {
    switch question {
    case .grant: .grant(ttl: identity.terms.ttl)
    case .keepAlive(let lease): .keepAlive(lease)
    case .revoke(let lease): .revoke(lease)
    case .claimNode(let lease):
      .claim(
        CoordinatorTransaction(
          if: [.isAbsent(ClusterKey.node(identity.name).key)],
          then: [.put(ClusterKey.node(identity.name).key, identity.record.text, lease: lease)]
        )
      )
    }
  }

  /// That this node's stay goes on: what every claim of it depends on.
  var staysCondition: CoordinatorTransaction.Condition? {
    guard case .holding(_, let epoch) = holder.phase else { return nil }
    return CoordinatorTransaction.Condition(ClusterKey.node(identity.name).key, created: epoch.created)
  }
}
