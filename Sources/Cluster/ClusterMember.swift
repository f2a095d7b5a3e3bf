package import HeddleModel

/// One node's part in the cluster, but its input and output: its lease, its copy of the coordinator's keys, the links to the
/// other nodes as far as they matter, its global names, its share in custodians, and whom it watches on other nodes.
///
/// One method an input; what is to be done goes to the end of `effects`, in order; time is an argument, and chance a seed.
/// After each input the shell asks for `nextDeadline`.
///
/// "Unreachable", "lost" and "dead" are three facts: a link's end makes a node unreachable, the coordinator's word that its
/// key is gone makes it lost, and only that, or the node's own word, makes its threads dead.
package struct ClusterMember: Equatable, Sendable {
  /// How the watch on the coordinator's keys stands.
  enum Following: Equatable, Codable, Sendable {
    case no
    case listing
    case asked(CoordinatorRequestID)
    case yes(CoordinatorRequestID)
  }

  package let identity: MemberIdentity
  package internal(set) var holder: LeaseHolder
  package internal(set) var view = ClusterView()
  var following = Following.no
  /// The latest that a coordinator said of itself.
  var standing: CoordinatorStanding?
  var isConnected = false
  var lastRequest: UInt64 = 0
  /// What was asked and not answered.
  var pending: [CoordinatorRequestID: Purpose] = [:]
  /// What is to be asked when the coordinator is found, or at `retryAt`; in order.
  var postponed: [Purpose] = []
  var retryAt: Instant?
  /// To be revoked when no thread depends on it.
  var parting: LeaseID?

  /// The threads of this node that others know of.
  var exposed: [ThreadID: PartitionPolicy] = [:]
  /// Those of an earlier stay that were told to end and have not yet.
  var dying: Set<ThreadID> = []
  var names = GlobalNames()
  var shared = SharedCustodians()
  var peers: [NodeName: Peer] = [:]
  var remotes = RemoteThreads()

  package init(_ identity: MemberIdentity, seed: UInt64) {
    self.identity = identity
    holder = LeaseHolder(terms: identity.terms, seed: seed)
  }

  /// The stay that this node is in; nil outside.
  package var epoch: Epoch? { holder.epoch }

  package var isFenced: Bool { if case .fenced = holder.phase { true } else { false } }

  // MARK: - Time

  /// When `timePassed` has something to do next; nil when nothing waits for time.
  package var nextDeadline: Instant? {
    [holder.nextDeadline, isConnected ? retryAt : nil, isConnected ? shared.nextForgetting : nil].compactMap(\.self)
      .min()
  }

  package mutating func timePassed(now: Instant, effects: inout [MemberEffect]) {
    step(&effects, now) { $0.timePassed(now: now, effects: &$1) }
    if let retryAt, retryAt <= now { askPostponed(now: now, effects: &effects) }
    forgetOld(now: now, effects: &effects)
  }

  /// Sees to the deadline before anything is promised: a supervisor that was stopped hears of its timer behind other inputs.
  mutating func catchUp(_ now: Instant, effects: inout [MemberEffect]) {
    step(&effects, now) { $0.timePassed(now: now, effects: &$1) }
  }

  // MARK: - The lease

  /// Lets the lease's holder decide, and does what it says.
  mutating func step(
    _ effects: inout [MemberEffect],
    _ now: Instant,
    _ decide: (inout LeaseHolder, inout [LeaseHolder.Effect]) -> Void
  ) {
    var orders: [LeaseHolder.Effect] = []
    decide(&holder, &orders)
    for order in orders {
      switch order {
      case .ask(let question): ask(.lease(question, sent: now), now: now, effects: &effects)
      case .joined(let epoch): stayBegan(epoch, effects: &effects)
      case .extend(let deadline): effects.append(.armFence(deadline))
      case .fence: fence(effects: &effects)
      case .unfence:
        unfence(effects: &effects)
        acknowledgeUnsaid(effects: &effects)
        askPostponed(now: now, effects: &effects)
      case .lose: stayEnded(effects: &effects)
      }
    }
  }

  private func stayBegan(_ epoch: Epoch, effects: inout [MemberEffect]) {
    effects.append(.introduce(epoch))
    guard let deadline = holder.deadline else { return }
    for (thread, policy) in exposed.sorted(by: { $0.key < $1.key }) where policy != .keep {
      effects.append(.guardThread(thread, until: deadline))
    }
  }

  private func fence(effects: inout [MemberEffect]) {
    for (thread, policy) in exposed.sorted(by: { $0.key < $1.key }) {
      switch policy {
      case .suspend: effects.append(.suspend(thread))
      case .kill: effects.append(.kill(thread))
      case .keep: break
      }
    }
  }

  private func unfence(effects: inout [MemberEffect]) {
    for (thread, policy) in exposed.sorted(by: { $0.key < $1.key }) where policy == .suspend {
      effects.append(.resume(thread))
    }
  }

  /// All that depended on the lease ends: others may take it for dead from now on.
  private mutating func stayEnded(effects: inout [MemberEffect]) {
    for (thread, policy) in exposed.sorted(by: { $0.key < $1.key }) where policy != .keep {
      effects.append(.kill(thread))
      exposed[thread] = nil
      dying.insert(thread)
    }
    effects.append(.armFence(nil))
    pending = pending.filter { !$0.value.dependsOnStay }
    postponed.removeAll(where: \.dependsOnStay)
    for token in names.forgetAll() { effects.append(.answer(token, .refused(.outside))) }
    abandonParts(effects: &effects)
    for peer in peers.keys.sorted() { peers[peer]?.admitted = nil }
    effects.append(.introduce(nil))
  }

  /// The keeper stopped the threads at a deadline that it had; a later one may have been on its way.
  package mutating func keeperFenced(now: Instant, effects: inout [MemberEffect]) {
    step(&effects, now) { $0.timePassed(now: now, effects: &$1) }
    guard case .holding = holder.phase, let deadline = holder.deadline else { return }
    effects.append(.armFence(deadline))
    // The keeper has stopped those, too, that a fence of ours would kill.
    for (thread, policy) in exposed.sorted(by: { $0.key < $1.key }) where policy != .keep {
      effects.append(.resume(thread))
    }
  }

  /// The supervisor ends, or was ordered out: all that depends on the lease ends, then the lease.
  package mutating func leave(now: Instant, effects: inout [MemberEffect]) {
    var lease: LeaseID?
    step(&effects, now) { lease = $0.leave(effects: &$1) }
    parting = lease ?? parting
    partIfEmpty(now: now, effects: &effects)
  }

  mutating func partIfEmpty(now: Instant, effects: inout [MemberEffect]) {
    guard let lease = parting, dying.isEmpty else { return }
    parting = nil
    ask(.lease(.revoke(lease), sent: now), now: now, effects: &effects)
  }

  // MARK: - This node's threads

  /// Another node is about to learn of this thread: from now on it depends on the lease, as `policy` says.
  package mutating func threadExposed(_ thread: ThreadID, _ policy: PartitionPolicy, effects: inout [MemberEffect]) {
    guard !dying.contains(thread) else { return effects.append(.kill(thread)) }
    guard exposed.updateValue(policy, forKey: thread) == nil, policy != .keep else { return }
    guard holder.epoch != nil, let deadline = holder.deadline else { return }
    effects.append(.guardThread(thread, until: deadline))
    if isFenced { effects.append(policy == .kill ? .kill(thread) : .suspend(thread)) }
  }

  /// Whether the thread stops when this node's lease can't be renewed.
  package func isGuarded(_ thread: ThreadID) -> Bool { exposed[thread].map { $0 != .keep } ?? false }

  /// Whether the thread ended for the others, with the stay that it depended on: none of them is to hear of it any more.
  package func isDying(_ thread: ThreadID) -> Bool { dying.contains(thread) }

  /// The thread is dead, all its tree.
  package mutating func threadEnded(_ thread: ThreadID, now: Instant, effects: inout [MemberEffect]) {
    exposed[thread] = nil
    dying.remove(thread)
    releaseNames(of: thread, now: now, effects: &effects)
    threadLeftCustodians(thread, now: now, effects: &effects)
    partIfEmpty(now: now, effects: &effects)
  }
}
