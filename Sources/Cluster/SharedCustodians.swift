package import HeddleModel

/// This node's share in the custodians that several nodes take part in.
struct SharedCustodians: Equatable, Codable, Sendable {
  /// How this node takes part in one of them.
  struct Part: Equatable, Codable, Sendable {
    enum Phase: Equatable, Codable, Sendable {
      /// The key of the part is being claimed.
      case asked
      /// The key is there since this revision.
      case taken(Revision)
      /// The custodian is shut down; the key goes when nothing is left here.
      case ending(Revision)
      /// The key is going.
      case leaving
    }

    var phase = Phase.asked
    /// What waits to be permitted, in order.
    var waiting: [Spawn] = []
    /// What was permitted, and has not been heard of.
    var starting: [Spawn] = []
    /// What has started while the node was fenced: nobody hears of it before the lease is renewed.
    var unsaid: [Spawn] = []
    /// The living ones.
    var threads: Set<ThreadID> = []
  }

  /// A thread that is to start.
  struct Spawn: Equatable, Codable, Sendable {
    let thread: ThreadID
    let policy: PartitionPolicy
    let token: ClusterToken
  }

  struct Making: Equatable, Codable, Sendable {
    let record: SharedCustodianRecord
    let token: ClusterToken
  }

  var parts: [SharedCustodianID: Part] = [:]
  /// What this node has made and not heard of again: what is to be written, and who waits.
  var made: [SharedCustodianID: Making] = [:]
  var lastNumber: UInt64 = 0
  /// Who waits for `begun` and for `complete`.
  var toBegin: [SharedCustodianID: [ClusterToken]] = [:]
  var toComplete: [SharedCustodianID: [ClusterToken]] = [:]
  /// The custodians with a tombstone of which nothing is left, and when they are to be forgotten.
  var completed: [SharedCustodianID: Instant] = [:]

  /// How long a tombstone stays when its work is done, for those who ask late.
  static let memory = Duration.seconds(3_600)

  var nextForgetting: Instant? { completed.values.min() }

  mutating func partLeft(_ id: SharedCustodianID) {
    if parts[id]?.phase == .leaving { parts[id] = nil }
  }
}

// MARK: - Taking part

extension ClusterMember {
  /// A thread is to be started in a shared custodian, here; it has its number already.
  ///
  /// - Returns: nothing; the answer is `spawnPermitted` or `refused`. After the former, and after the thread has been put
  ///   under guard, the shell starts it, and tells `spawnStarted` or `spawnFailed`; only then does whoever asked hear of it.
  package mutating func beginSpawn(
    of thread: ThreadID,
    in id: SharedCustodianID,
    _ policy: PartitionPolicy,
    _ token: ClusterToken,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    catchUp(now, effects: &effects)
    func refuse(_ reason: ClusterRefusal) { effects.append(.answer(token, .refused(reason))) }
    if policy == .keep { return refuse(.keepsOnPartition) }
    if let refusal = refusalToChange { return refuse(refusal) }
    guard view.custodians[id] != nil else { return refuse(.unknownCustodian(id)) }
    guard !view.isClosed(id) else { return refuse(.custodianClosed(id)) }
    let spawn = SharedCustodians.Spawn(thread: thread, policy: policy, token: token)
    switch shared.parts[id]?.phase {
    case .taken: permit(spawn, in: id, effects: &effects)
    case .asked: shared.parts[id]?.waiting.append(spawn)
    case .ending, .leaving: refuse(.custodianClosed(id))
    case nil:
      shared.parts[id] = SharedCustodians.Part(waiting: [spawn])
      ask(.takePart(id), now: now, effects: &effects)
    }
  }

  private mutating func permit(
    _ spawn: SharedCustodians.Spawn,
    in id: SharedCustodianID,
    effects: inout [MemberEffect]
  ) {
    shared.parts[id]?.starting.append(spawn)
    // Before it can act: this supervisor may be stopped before it hears that the thread is there.
    threadExposed(spawn.thread, spawn.policy, effects: &effects)
    effects.append(.answer(spawn.token, .spawnPermitted))
  }

  /// The thread that was permitted is there; told before its end, if that came at once. If the custodian was shut down meanwhile it is killed, and nobody hears that it
  /// was started.
  ///
  /// On a fenced node nobody hears before the lease is renewed: others may take what is in it for dead already.
  package mutating func spawnStarted(
    _ token: ClusterToken,
    _ thread: ThreadID,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    catchUp(now, effects: &effects)
    guard let (id, spawn) = remove(token) else {
      // The stay ended meanwhile, and the part with it.
      effects += [.kill(thread), .answer(token, .refused(.outside))]
      return
    }
    shared.parts[id]?.threads.insert(thread)
    switch shared.parts[id]?.phase {
    case .taken where isFenced: shared.parts[id]?.unsaid.append(spawn)
    case .taken: effects.append(.answer(token, .spawnAcknowledged(thread)))
    case .asked, .ending, .leaving, nil:
      effects += [.kill(thread), .answer(token, .refused(.custodianClosed(id)))]
    }
  }

  /// The thread that was permitted did not start, and won't. Whoever asked hears why from the shell.
  package mutating func spawnFailed(
    _ token: ClusterToken,
    _ thread: ThreadID,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    let id = remove(token)?.0
    threadEnded(thread, now: now, effects: &effects)
    if let id { leaveIfEmpty(id, now: now, effects: &effects) }
  }

  /// - Returns: the custodian that the spawn was permitted in; nil if that is over here.
  private mutating func remove(_ token: ClusterToken) -> (SharedCustodianID, SharedCustodians.Spawn)? {
    for id in shared.parts.keys.sorted() {
      guard let place = shared.parts[id]?.starting.firstIndex(where: { $0.token == token }),
        let spawn = shared.parts[id]?.starting.remove(at: place)
      else { continue }
      return (id, spawn)
    }
    return nil
  }

  /// The lease was renewed: who asked for what started meanwhile hears of it.
  mutating func acknowledgeUnsaid(effects: inout [MemberEffect]) {
    for id in shared.parts.keys.sorted() {
      let spawns = shared.parts[id]?.unsaid ?? []
      shared.parts[id]?.unsaid = []
      for spawn in spawns { effects.append(.answer(spawn.token, .spawnAcknowledged(spawn.thread))) }
    }
  }

  mutating func threadLeftCustodians(_ thread: ThreadID, now: Instant, effects: inout [MemberEffect]) {
    for id in shared.parts.keys.sorted() where shared.parts[id]?.threads.remove(thread) != nil {
      leaveIfEmpty(id, now: now, effects: &effects)
    }
  }

  func requestToTakePart(in id: SharedCustodianID) -> CoordinatorRequest? {
    guard let staysCondition, let lease = holder.lease, shared.parts[id]?.phase == .asked else { return nil }
    let key = ClusterKey.part(id, identity.name).key
    return .claim(
      CoordinatorTransaction(
        if: [.isAbsent(key), staysCondition] + conditionsOpen(id),
        then: [.put(key, "", lease: lease)]
      )
    )
  }

  mutating func partAnswered(
    _ id: SharedCustodianID,
    _ response: CoordinatorResponse,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard shared.parts[id]?.phase == .asked else { return }
    switch response {
    case .committed(let revision): partTaken(id, revision, now: now, effects: &effects)
    case .conflicted(let found):
      if let entry = found.first.flatMap(\.self) {
        // Ours of an attempt whose answer was lost, or of an earlier stay, which the coordinator is about to end.
        if entry.lease == holder.lease { return partTaken(id, entry.created, now: now, effects: &effects) }
        return postpone(.takePart(id), by: identity.terms.renewal, now: now)
      }
      let stays = found.count > 1 && found[1] != nil
      partRefused(id, stays ? .custodianClosed(id) : .outside, effects: &effects)
    case .refused(let refusal): partRefused(id, .coordinator(refusal), effects: &effects)
    case .granted, .kept, .lost, .revoked, .found, .watching, .compacted, .unwatched: break
    }
  }

  private mutating func partTaken(
    _ id: SharedCustodianID,
    _ created: Revision,
    now: Instant,
    effects: inout [MemberEffect]
  ) {
    guard !view.isClosed(id) else {
      // The tombstone came in between, by a faster way.
      refuseWaiting(id, .custodianClosed(id), effects: &effects)
      shared.parts[id]?.phase = .ending(created)
      return leaveIfEmpty(id, now: now, effects: &effects)
    }
    let spawns = shared.parts[id]?.waiting ?? []
    shared.parts[id]?.waiting = []
    shared.parts[id]?.phase = .taken(created)
    for spawn in spawns { permit(spawn, in: id, effects: &effects) }
  }

  private mutating func partRefused(
    _ id: SharedCustodianID,
    _ refusal: ClusterRefusal,
    effects: inout [MemberEffect]
  ) {
    refuseWaiting(id, refusal, effects: &effects)
    shared.parts[id] = nil
  }

  private mutating func refuseWaiting(
    _ id: SharedCustodianID,
    _ refusal: ClusterRefusal,
    effects: inout [MemberEffect]
  ) {
    let spawns = (shared.parts[id]?.unsaid ?? []) + (shared.parts[id]?.waiting ?? [])
    shared.parts[id]?.unsaid = []
    shared.parts[id]?.waiting = []
    for spawn in spawns { effects.append(.answer(spawn.token, .refused(refusal))) }
  }

  // MARK: - The end of parts

  /// A custodian was shut down, and all below it: nothing new begins here, and what is here ends.
  mutating func endParts(below id: SharedCustodianID, now: Instant, effects: inout [MemberEffect]) {
    for part in shared.parts.keys.sorted() where part == id || view.lineage(of: part).contains(id) {
      refuseWaiting(part, .custodianClosed(part), effects: &effects)
      guard case .taken(let created) = shared.parts[part]?.phase else { continue }
      shared.parts[part]?.phase = .ending(created)
      effects.append(.shutDown(part))
      leaveIfEmpty(part, now: now, effects: &effects)
    }
  }

  /// Gives the part's key up once the custodian is shut down and nothing is left here, nor on its way.
  private mutating func leaveIfEmpty(_ id: SharedCustodianID, now: Instant, effects: inout [MemberEffect]) {
    guard let part = shared.parts[id], case .ending(let created) = part.phase, part.threads.isEmpty,
      part.starting.isEmpty
    else { return }
    shared.parts[id]?.phase = .leaving
    ask(.leavePart(id, created), now: now, effects: &effects)
  }

  /// The stay ended, and the keys of all parts with it.
  mutating func abandonParts(effects: inout [MemberEffect]) {
    for id in shared.parts.keys.sorted() {
      refuseWaiting(id, .outside, effects: &effects)
      effects.append(.shutDown(id))
    }
    shared.parts = [:]
    for making in shared.made.values.sorted(by: { $0.token < $1.token }) {
      effects.append(.answer(making.token, .refused(.outside)))
    }
    shared.made = [:]
  }
}
