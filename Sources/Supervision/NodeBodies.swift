internal import Cluster
package import HeddleModel
internal import HeddleWire

// What the keeper and the programs' pipes tell, and what the model orders.

extension Node {
  // MARK: - Inputs

  /// The keeper has said something.
  package mutating func keeperReported(_ report: KeeperReport, effects: inout Effects) {
    switch report {
    case .hello(let version, let buildID, let containment):
      keeperGreeted(version, buildID, containment, effects: &effects)
    case .unusable(let reason):
      effects.append(.log("cannot hold processes together as asked: \(reason); choose another with --containment"))
      effects.append(.exit(1))
    case .started(let thread, let pid, let warden, _):
      bodyStarted(thread, pid: pid, warden: warden == 0 ? nil : warden, effects: &effects)
    case .startFailed(let thread, let errno, let stage): startFailed(thread, errno, stage, effects: &effects)
    case .suspended(let thread, let generation):
      step(effects: &effects) { $0.bodyStopped(thread, generation: generation, effects: &$1) }
    case .resumed(let thread, let generation):
      step(effects: &effects) { $0.bodyRunning(thread, generation: generation, effects: &$1) }
    case .exited(let thread, let end):
      let pid = entities[thread]?.pid
      if let pid, roots[pid] == thread { roots[pid] = nil }
      entities[thread]?.body = .exited(pid: pid, end)
      // Whoever lingers may still read; else the rest of the tree is being ended.
      if entities[thread]?.linger == false { closeInput(of: thread, effects: &effects) }
    case .empty(let thread, let stragglers): treeEmptied(thread, stragglers, effects: &effects)
    case .fenced: keeperFenced(effects: &effects)
    case .fault(let reason): keeperLost("it says that we broke its protocol: \(reason)", effects: &effects)
    }
    releaseBarriers(effects: &effects)
  }

  /// The keeper is gone: all trees end, by its wardens or by us, and no thread can be answered for any more.
  package mutating func keeperLost(_ reason: String, effects: inout Effects) {
    if let place = containment?.place, !place.isEmpty { effects.append(.endTrees(in: place)) }
    effects.append(.log("the keeper is lost, and every thread's processes end with it: \(reason)"))
    effects.append(.exit(1))
  }

  /// The program runs, and its pipes never reached us: it is ended, since nobody could hear it.
  package mutating func outputLost(_ thread: ThreadID, effects: inout Effects) {
    setEnder(.request(by: "want of descriptors in the supervisor"), of: thread)
    effects.append(
      .log("thread id:\(thread) is ended: there were no descriptors for its pipes; raise the limit (ulimit -n)")
    )
    step(effects: &effects) {
      // The root has authority over every thread.
      try? $0.kill(thread, by: $0.root, really: true, effects: &$1)
    }
    if let visit = visits[thread] {
      fellShort(visit.listener, "there are no descriptors for its pipes", effects: &effects)
    }
  }

  /// What the program's output pipes held was read, and they are closed: the thread is dead.
  package mutating func outputDrained(_ thread: ThreadID, effects: inout Effects) {
    guard case .draining(_, let end, _) = entities[thread]?.body else { return }
    step(effects: &effects) { $0.bodyEnded(thread, end.bodyEnd, effects: &$1) }
    endDepartures(afterDeathOf: thread, effects: &effects)
    releaseBarriers(effects: &effects)
  }

  // MARK: - The keeper's reports

  private mutating func keeperGreeted(
    _ version: UInt32,
    _ buildID: String,
    _ containment: Containment,
    effects: inout Effects
  ) {
    guard version == KeeperProtocol.version, buildID == KeeperProtocol.buildID else {
      effects.append(
        .log(
          "the keeper is of build \(buildID) (protocol \(version)), this supervisor of \(KeeperProtocol.buildID) "
            + "(protocol \(KeeperProtocol.version)): install both from one build"
        )
      )
      effects.append(.exit(1))
      return
    }
    self.containment = containment
    let reasons = containment.reasons.isEmpty ? "" : " (\(containment.reasons))"
    effects.append(.log("containment: \(containment.rung)\(reasons)"))
    record(.daemonStarted(containment: "\(containment.rung)\(reasons)"))
    effects.append(.listen)
  }

  private mutating func bodyStarted(_ thread: ThreadID, pid: Int32, warden: Int32?, effects: inout Effects) {
    guard let entity = entities[thread] else { return }
    entities[thread]?.body = .running(pid: pid)
    entities[thread]?.warden = warden
    learnRoots(of: thread)
    endStart(of: thread, effects: &effects)
    placeLater(effects: &effects)
    record(.started(pid: pid), of: thread, by: "")
    if entity.channel == .lines || entity.takesStream { entities[thread]?.input = .ready }
    if let permission = spawns[thread]?.delay?.permission {
      decide(effects: &effects) { $0.spawnStarted(permission, thread, now: $1, effects: &$2) }
    } else {
      tellStarted(thread, effects: &effects)
    }
    pump(thread, effects: &effects)
  }

  /// Whoever asked for the thread hears that its program runs.
  mutating func tellStarted(_ thread: ThreadID, effects: inout Effects) {
    guard let spawn = spawns.removeValue(forKey: thread), let client = spawn.connection, let info = info(thread) else {
      return
    }
    // The answer to the spawn of a nested thread is how that ends.
    let isNested = nestedCall(of: spawn.request, on: client) != nil
    let told = isNested ? Outgoing.notice(.started(info), spawn.request) : .reply(.spawned(info), spawn.request)
    effects.append(.send(client, told))
  }

  /// The program never ran. Who asked for it is told why, and the thread is forgotten: it never acted.
  private mutating func startFailed(_ thread: ThreadID, _ errno: Int32, _ stage: KeeperStage, effects: inout Effects) {
    guard let entity = entities[thread] else { return }
    // Ended on its way to the program, it fails there; but that is not why.
    let ending = entity.ender.map { _ in cause(entity) }
    let refusal =
      if let ending { Sentences.endedEarly(entity.programName, ending) } else {
        Sentences.cannotStart(entity.programName, errno: errno, stage: stage)
      }
    let failure = DeathCause.failedToStart(errorNumber: errno, stage: stage.text)
    neverStarted(thread, ending ?? failure, refusal, effects: &effects)
  }

  /// The thread never acted, and is forgotten.
  mutating func neverStarted(
    _ thread: ThreadID,
    _ cause: DeathCause,
    _ refusal: WireRefusal,
    effects: inout Effects
  ) {
    guard let entity = entities[thread] else { return }
    entities[thread]?.death = DeathRecord(cause: cause, unreadMail: entity.mailbox.count)
    entities[thread]?.relay = nil
    if let death = entities[thread]?.death { record(.failed(death), of: thread, by: "") }
    let spawn = spawns.removeValue(forKey: thread)
    if let permission = spawn?.delay?.permission {
      membership?.petitions[permission] = nil
      decide(effects: &effects) { $0.spawnFailed(permission, thread, now: $1, effects: &$2) }
    }
    if let spawn, let client = spawn.connection {
      effects.append(.send(client, .refusal(refusal, spawn.request)))
      // If it was to be nested: its creator is told by that, and goes on with the model's next step.
      if let call = nestedCall(of: spawn.request, on: client) { dropAnswer(toCall: call) }
    }
    step(effects: &effects) { $0.bodyEnded(thread, .raised, effects: &$1) }
    dead.removeAll { $0 == thread }
    transients.removeAll { $0 == thread }
    forget(thread)
    if let name = entity.name, let holder = spawn?.formerHolder, entities[holder] != nil { names[name] = holder }
    endDepartures(afterDeathOf: thread, effects: &effects)
  }

  private mutating func treeEmptied(_ thread: ThreadID, _ stragglers: Stragglers, effects: inout Effects) {
    guard let body = entities[thread]?.body else { return }
    if case .exited(let pid, let end) = body {
      entities[thread]?.body = .draining(pid: pid, end, stragglers)
    } else {
      entities[thread]?.body = .draining(pid: nil, .lost, stragglers)
    }
    closeInput(of: thread, effects: &effects)
    effects.append(.drainOutput(thread))
  }

  // MARK: - The model's orders

  /// Does what the model says, in order.
  mutating func obey(_ orders: [Effect], effects: inout Effects) {
    for order in orders {
      switch order {
      case .runBody(let thread, let generation):
        note(thread, "resumed")
        record(.resumed, of: thread)
        note(.change(thread, generation: generation))
        if resumeConnection(of: thread, generation, effects: &effects) { continue }
        if resumeServer(thread, generation, effects: &effects) { continue }
        orderBody(thread, .resume(thread, generation: generation), effects: &effects)
      case .stopBody(let thread, let generation):
        holdWorker(thread, effects: &effects)
        note(thread, "suspended")
        record(.suspended, of: thread)
        note(.change(thread, generation: generation))
        if holdConnection(of: thread, generation, effects: &effects) { continue }
        if holdServer(thread, generation, effects: &effects) { continue }
        orderBody(thread, .suspend(thread, generation: generation), effects: &effects)
      case .endBody(let thread, let reason): end(thread, reason, effects: &effects)
      case .chosen(let wait, _, let choice): answer(wait, choice, effects: &effects)
      case .breakReady(let thread): deliverBreak(to: thread, effects: &effects)
      case .happened(let event) where event.kind == .death: died(event.thread, effects: &effects)
      case .happened(let event): pump(event.thread, effects: &effects)
      case .shutdownComplete(let custodian): shutdownCompleted(custodian, effects: &effects)
      // Other waits than a thread's own are given up by their connections alone, which know it.
      case .withdrawn(let wait): if !dropAnswer(toCall: wait) { refuseMail(to: wait, effects: &effects) }
      case .shutDown(let custodian):
        if let path = custodians.path(of: custodian) { record(.shutdownBegun(path)) }
        endServer(of: custodian, effects: &effects)
        sharedShutDown(custodian, effects: &effects)
      // Of a thread's own waits a nested call is not broken, nor is one for mail.
      case .broken: break
      }
    }
  }

  private mutating func end(_ thread: ThreadID, _ reason: EndReason, effects: inout Effects) {
    switch reason {
    // Entities are held by their supervisor, so none is given up as unreachable.
    case .killed, .unreachable:
      note(thread, "killed")
      record(.ending(with: nil), of: thread)
    case .lostCustodian(let custodian):
      setEnder(.custodian(custodians.path(of: custodian) ?? .root), of: thread)
      note(thread, "ended with its custodian")
      record(.ending(with: custodians.path(of: custodian)), of: thread)
      joinShutdowns(thread, of: custodian)
    }
    note(.end(thread))
    if isConnection(thread) {
      setEnder(.request(by: asker), of: thread)
      endConnection(of: thread, .lost, effects: &effects)
    } else if listener(of: thread) != nil {
      setEnder(.request(by: asker), of: thread)
      endServer(thread, effects: &effects)
    } else if !endDelayed(thread, effects: &effects) {
      effects.append(.order(.kill(thread)))
    }
  }

  private mutating func died(_ thread: ThreadID, effects: inout Effects) {
    guard let entity = entities[thread] else { return }
    let death = entity.death ?? DeathRecord(cause: cause(entity), unreadMail: unreadMail(of: thread))
    entities[thread]?.death = death
    entities[thread]?.mailbox = Mailbox(bounds: entity.mailbox.bounds)
    entities[thread]?.awaitingRoom = []
    entities[thread]?.relaysAwaitingRoom = []
    if let end = entity.endOfMail { kernel.forget(end) }
    entities[thread]?.endOfMail = nil
    forgetRoots(of: thread)
    decide(effects: &effects) { $0.threadEnded(thread, now: $1, effects: &$2) }
    entities[thread]?.log.shrink(to: Limits.deadLogBytesMax)
    note(thread, "died", by: "")
    if case .failedToStart = death.cause {} else { record(.dead(death), of: thread, by: "") }
    // A sender that waits for room learns, by trying again, that there will be none.
    for connection in entity.awaitingRoom { effects.append(.send(connection, .room(thread))) }
    tellShutdowns(of: thread, entity, effects: &effects)
    entities[thread]?.body = .gone
    closeInput(of: thread, effects: &effects)
    endStreams(of: thread, effects: &effects)
    relaysDue.append(contentsOf: entity.relaysAwaitingRoom)
    endRelay(of: thread)
    workOffRelays(effects: &effects)
    endVisit(of: thread, death, effects: &effects)
    bury(thread)
    beginShutdownsWithoutThreads(effects: &effects)
    if case .grace = ending, kernel.threads.count == deadCount { shutDownRoot(effects: &effects) }
  }

  func cause(_ entity: Entity) -> DeathCause {
    switch entity.ender {
    case .request(let by): return .killed(by: by)
    case .custodian(let path): return .custodianShutDown(path)
    case .daemon: return .daemonEnded
    case .timeout(let time): return .timedOut(after: time)
    case nil: break
    }
    guard case .draining(_, let end, _) = entity.body else { return .killed(by: "") }
    switch end {
    case .exit(let code): return .exited(code: UInt8(truncatingIfNeeded: code))
    case .signal(let number, let coreDumped): return .signalled(number: number, coreDumped: coreDumped)
    case .lost: return .killed(by: "the end of its warden")
    }
  }

  // MARK: - Memory

  /// Who ended the thread, unless somebody did before, or its program has ended by itself.
  mutating func setEnder(_ ender: Entity.Ender, of thread: ThreadID) {
    guard entities[thread]?.ender == nil else { return }
    switch entities[thread]?.body {
    case .starting, .running, .connection, .server: entities[thread]?.ender = ender
    case .exited, .draining, .gone, nil: break
    }
  }

  /// The thread's latest change, now, by whoever is being served.
  mutating func note(_ thread: ThreadID, _ what: String, by: String? = nil) {
    entities[thread]?.changedAt = now
    entities[thread]?.lastChange = ThreadInfo.Change(what: what, by: by ?? asker)
  }
}

extension ProgramEnd {
  /// What the end of a program is to the model, unless the thread was told to end.
  fileprivate var bodyEnd: BodyEnd {
    switch self {
    case .exit: .returned
    case .signal: .raised
    case .lost: .killed
    }
  }
}
