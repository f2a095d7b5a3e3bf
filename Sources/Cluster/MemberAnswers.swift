package import HeddleModel

// MARK: - The coordinator's word

extension ClusterMember {
  /// There is a connection to the coordinator, on which nothing was asked.
  package mutating func coordinatorFound(now: Instant, effects: inout [MemberEffect]) {
    isConnected = true
    step(&effects, now) { $0.coordinatorFound(now: now, effects: &$1) }
    follow(now: now, effects: &effects)
    askPostponed(now: now, effects: &effects)
  }

  /// The connection is gone, with the answers that were to come. What was asked may have been done.
  package mutating func coordinatorLost(now: Instant, effects: inout [MemberEffect]) {
    disconnect()
    step(&effects, now) { $0.timePassed(now: now, effects: &$1) }
  }

  private mutating func disconnect() {
    isConnected = false
    following = .no
    holder.coordinatorLost()
    let unanswered = pending.sorted { $0.key < $1.key }.map(\.value)
    pending = [:]
    for purpose in unanswered where purpose.isLasting && !postponed.contains(purpose) { postponed.append(purpose) }
  }

  /// Has the view follow the coordinator's changes from where it is.
  private mutating func follow(now: Instant, effects: inout [MemberEffect]) {
    if view.revision == .zero { list(now: now, effects: &effects) } else { ask(.watch, now: now, effects: &effects) }
  }

  private mutating func list(now: Instant, effects: inout [MemberEffect]) {
    following = .listing
    ask(.list, now: now, effects: &effects)
  }

  /// Whether the coordinator is the one that it was, and has forgotten nothing.
  private mutating func trusts(_ found: CoordinatorStanding, effects: inout [MemberEffect]) -> Bool {
    if let known = standing {
      let mistrust: RegistrarMistrust? =
        if found.cluster != known.cluster {
          .otherCluster(found.cluster, expected: known.cluster)
        } else if found.revision < known.revision {
          .wentBack(found.revision, known: known.revision)
        } else {
          nil
        }
      if let mistrust {
        disconnect()
        effects.append(.mistrust(mistrust))
        return false
      }
    }
    standing = found
    return true
  }

  /// News of the watch that request `id` began. Those of an earlier watch are not for us.
  package mutating func told(
    _ id: CoordinatorRequestID,
    _ standing: CoordinatorStanding,
    _ news: CoordinatorNews,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard following == .yes(id) || following == .asked(id), trusts(standing, effects: &effects) else { return }
    viewChanged(view.apply(news), now: now, effects: &effects)
  }

  /// The answer to a request. One that belongs to an earlier connection is not for us.
  package mutating func answered(
    _ id: CoordinatorRequestID,
    _ answer: CoordinatorAnswer,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard let purpose = pending[id], trusts(answer.standing, effects: &effects) else { return }
    pending[id] = nil
    if case .refused(.settling(let remaining)) = answer.response {
      if case .lease = purpose {
        step(&effects, now) { holder, _ in holder.postponed(by: remaining, now: now) }
      } else {
        postpone(purpose, by: remaining, now: now)
      }
      return
    }
    let response = answer.response
    switch purpose {
    case .lease(let question, let sent): leaseAnswered(question, sent: sent, response, now: now, effects: &effects)
    case .revokePredecessor: claimNodeAgain(now: now, effects: &effects)
    case .list, .watch: followingAnswered(id, answer, now: now, effects: &effects)
    case .claimName(let name): nameAnswered(name, response, now: now, effects: &effects)
    // The key is gone, or another's.
    case .releaseName, .adopt, .forget: break
    case .makeCustodian(let custodian): makingAnswered(custodian, response, effects: &effects)
    case .takePart(let custodian): partAnswered(custodian, response, now: now, effects: &effects)
    case .leavePart(let custodian, _): shared.partLeft(custodian)
    case .close(let custodian, _): closingAnswered(custodian, response, effects: &effects)
    case .orderFence(let node, _, let token):
      let reply: ClusterReply = if case .committed = response { .fenceOrdered } else { .refused(.noSuchNode(node)) }
      effects.append(.answer(token, reply))
    }
  }

  private mutating func followingAnswered(
    _ id: CoordinatorRequestID,
    _ answer: CoordinatorAnswer,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    switch answer.response {
    case .found(let entries):
      let changes = view.replace(with: entries, at: answer.standing.revision)
      ask(.watch, now: now, effects: &effects)
      viewChanged(changes, now: now, effects: &effects)
    case .watching: following = .yes(id)
    case .compacted: list(now: now, effects: &effects)
    case .refused, .granted, .kept, .lost, .revoked, .committed, .conflicted, .unwatched:
      // Too many watches, say.
      following = .no
      postpone(.list, by: identity.terms.renewal, now: now)
    }
  }

  // MARK: - The lease

  private mutating func leaseAnswered(
    _ question: LeaseHolder.Question,
    sent: Instant,
    _ response: CoordinatorResponse,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    switch (question, response) {
    case (.grant, .granted(let lease, _)):
      step(&effects, now) { $0.granted(lease, sent: sent, effects: &$1) }
    case (.keepAlive, .kept(let lease)):
      step(&effects, now) { $0.kept(lease, sent: sent, now: now, effects: &$1) }
    case (.keepAlive, .lost(let lease)), (.claimNode(let lease), .refused(.noLease)):
      step(&effects, now) { $0.lost(lease, now: now, effects: &$1) }
    case (.claimNode(let lease), .committed(let revision)):
      step(&effects, now) { $0.joined(lease, Epoch(revision), now: now, effects: &$1) }
    case (.claimNode(let lease), .conflicted(let found)):
      nodeKeyTaken(lease, found.first.flatMap(\.self), now: now, effects: &effects)
    default:
      // A refusal, which the next renewal asks about again; or the end of a lease that nobody wants.
      break
    }
  }

  /// The node key is there: it may be ours, of an attempt whose answer was lost; a predecessor's, who has ended; or that of
  /// a supervisor with our name somewhere else.
  private mutating func nodeKeyTaken(
    _ lease: LeaseID,
    _ entry: CoordinatorEntry?,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard let entry else { return claimNodeAgain(now: now, effects: &effects) }
    if entry.lease == lease {
      return step(&effects, now) { $0.joined(lease, Epoch(entry.created), now: now, effects: &$1) }
    }
    guard let record = try? NodeRecord(reading: entry.value) else { return }
    if record.seat == identity.seat, let former = entry.lease {
      ask(.revokePredecessor(former), now: now, effects: &effects)
    } else {
      effects.append(.nameTaken(by: record))
    }
  }

  private mutating func claimNodeAgain(now: Instant, effects: inout [MemberEffect]) {
    guard case .joining(let lease) = holder.phase else { return }
    ask(.lease(.claimNode(lease), sent: now), now: now, effects: &effects)
  }

  // MARK: - What changed

  /// The view took in changes, which are acted on in their order.
  private mutating func viewChanged(_ changes: [ClusterView.Change], now: Instant, effects: inout [MemberEffect]) {
    guard !changes.isEmpty else { return }
    for change in changes {
      switch change {
      case .nodeLeft(let name, let node): nodeLeft(name, node, now: now, effects: &effects)
      case .nodeJoined(let name, let node): nodeJoined(name, node, effects: &effects)
      case .custodianClosed(let id), .custodianForgotten(let id): endParts(below: id, now: now, effects: &effects)
      case .fenceOrdered(identity.name, let epoch) where epoch == holder.epoch: leave(now: now, effects: &effects)
      case .nameFreed, .nameTaken, .custodianMade, .partTaken, .partLeft, .fenceOrdered: break
      }
    }
    tendOrphans(now: now, effects: &effects)
    tellCompletions(now: now, effects: &effects)
    for peer in peers.keys.sorted() { tryAdmitting(peer, effects: &effects) }
    settleRemotes(effects: &effects)
  }

  /// Has a node's stay ended: it kills what depends on it, and does not come back before its supervisor is restarted. If it
  /// does not hear, its lease ends by itself.
  package mutating func orderFence(
    of node: NodeName,
    _ token: ClusterToken,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard let epoch = view.nodes[node]?.epoch else {
      return effects.append(.answer(token, .refused(.noSuchNode(node))))
    }
    ask(.orderFence(node, epoch, token), now: now, effects: &effects)
  }
}
