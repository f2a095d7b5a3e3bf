internal import Cluster
internal import HeddleModel
internal import HeddleWire

// Programs that the cluster has a word in: one whose thread is to have a global name, and one in a shared custodian.

/// What has to be agreed on before a program may start, and before anybody hears that it has.
struct StartDelay: Sendable {
  var program: KeeperProgram
  /// To be claimed for the thread.
  var globalName: EntityName?
  /// The shared custodian that it starts in, to be asked next.
  var custodian: SharedCustodianID?
  /// What that was permitted with: who asked hears of the thread when the cluster has heard that it started.
  var permission: ClusterToken?
  /// The keeper was asked for it.
  var hasBegun = false
  /// What the model wants of it meanwhile, for when it has.
  var orders: [KeeperRequest] = []
}

extension Node {
  /// What the program's start waits for; nil if it can start at once.
  func startDelay(of spawn: Spawn, _ program: KeeperProgram, in custodian: CustodianID) -> StartDelay? {
    let shared = spawn.nested ? nil : sharedCustodian(above: custodian)
    guard spawn.globalName != nil || shared != nil else { return nil }
    return StartDelay(program: program, globalName: spawn.globalName, custodian: shared)
  }

  /// Asks for the next thing that the thread's start waits for, or starts it.
  mutating func goOnStarting(_ thread: ThreadID, effects: inout Effects) {
    guard let delay = spawns[thread]?.delay, !delay.hasBegun, let policy = entities[thread]?.onPartition else { return }
    if let name = delay.globalName {
      spawns[thread]?.delay?.globalName = nil
      guard let token = membership?.token(for: .name(thread)) else { return }
      decide(effects: &effects) { $0.claimName(name, for: thread, policy, token, now: $1, effects: &$2) }
    } else if let custodian = delay.custodian {
      spawns[thread]?.delay?.custodian = nil
      guard let token = membership?.token(for: .start(thread)) else { return }
      spawns[thread]?.delay?.permission = token
      decide(effects: &effects) { $0.beginSpawn(of: thread, in: custodian, policy, token, now: $1, effects: &$2) }
    } else {
      spawns[thread]?.delay?.hasBegun = true
      var program = delay.program
      program.isGuarded = isGuarded(thread)
      effects.append(.order(.start(thread, program)))
      for order in delay.orders { effects.append(.order(order)) }
      spawns[thread]?.delay?.orders = []
      deliverBreak(to: thread, effects: &effects)
    }
  }

  /// Orders something of the thread's processes, when it has any.
  mutating func orderBody(_ thread: ThreadID, _ order: KeeperRequest, effects: inout Effects) {
    if spawns[thread]?.delay?.hasBegun == false {
      spawns[thread]?.delay?.orders.append(order)
    } else {
      effects.append(.order(order))
    }
  }

  // MARK: - The cluster's word

  mutating func nameAnswered(_ reply: ClusterReply, to thread: ThreadID, effects: inout Effects) {
    switch reply {
    case .claimed(let fence):
      spawns[thread]?.delay?.program.environment.append(Array("HEDDLE_FENCE=\(fence)".utf8))
      goOnStarting(thread, effects: &effects)
    case .nameHeld(let record, let fence):
      notStarted(thread, Sentences.globalNameTaken(by: record, fence), effects: &effects)
    case .refused(let refusal):
      notStarted(
        thread,
        Sentences.cluster(refusal, attempted: "claim a name for", subject: "a thread"),
        effects: &effects
      )
    case .custodianMade, .spawnPermitted, .spawnAcknowledged, .begun, .complete, .fenceOrdered: break
    }
  }

  mutating func startAnswered(
    _ reply: ClusterReply,
    _ token: ClusterToken,
    to thread: ThreadID,
    effects: inout Effects
  ) {
    switch reply {
    case .spawnPermitted where spawns[thread] == nil:
      // It was ended meanwhile.
      membership?.petitions[token] = nil
      decide(effects: &effects) { $0.spawnFailed(token, thread, now: $1, effects: &$2) }
    case .spawnPermitted: goOnStarting(thread, effects: &effects)
    case .spawnAcknowledged: tellStarted(thread, effects: &effects)
    case .refused(let refusal):
      let refusal = Sentences.cluster(refusal, attempted: "start", subject: "a thread")
      guard case .starting = entities[thread]?.body, spawns[thread]?.delay?.hasBegun == false else {
        // It has, and is being ended: nobody hears that it was there.
        guard let spawn = spawns.removeValue(forKey: thread), let client = spawn.connection else { return }
        return effects.append(.send(client, .refusal(refusal, spawn.request)))
      }
      notStarted(thread, refusal, effects: &effects)
    case .claimed, .nameHeld, .custodianMade, .begun, .complete, .fenceOrdered: break
    }
  }

  private mutating func notStarted(_ thread: ThreadID, _ refusal: WireRefusal, effects: inout Effects) {
    neverStarted(thread, .killed(by: "the cluster"), refusal, effects: &effects)
  }

  /// The thread is to end before the keeper was asked for its program.
  ///
  /// - Returns: whether that is so; it is dead then.
  mutating func endDelayed(_ thread: ThreadID, effects: inout Effects) -> Bool {
    guard let delay = spawns[thread]?.delay, !delay.hasBegun, let entity = entities[thread] else { return false }
    setEnder(.request(by: asker), of: thread)
    let death = entities[thread].map(cause) ?? .killed(by: asker)
    neverStarted(thread, death, Sentences.endedEarly(entity.programName, death), effects: &effects)
    return true
  }
}

extension Sentences {
  static func globalNameTaken(by record: NameRecord, _ fence: Fence) -> WireRefusal {
    WireRefusal(
      .nameTaken,
      attempted: "claim a name for",
      subject: "a thread",
      reason: "thread id:\(record.thread) of node \(record.node) has it, by claim \(fence)",
      advice: "it is free when that thread is dead, or its node is lost; heddle cluster names lists who has which"
    )
  }
}
