internal import HeddleModel
internal import HeddleWire

// All that is known of one thread.

extension Node {
  /// What is told of a thread to who wants to know everything.
  func detail(_ thread: ThreadID) -> ThreadDetail? {
    guard let entity = entities[thread], let info = info(thread) else { return nil }
    return ThreadDetail(
      thread: info,
      made: date.before(info.age),
      changed: date.before(info.sinceChange),
      start: start(of: entity, thread),
      ties: ThreadDetail.Ties(
        currentCustodian: custodians.path(of: entity.currentCustodian),
        benefactors: kernel.benefactors(of: thread).compactMap(summary),
        beneficiaries: kernel.beneficiaries(of: thread).compactMap(summary),
        creator: kernel.creator(of: thread).flatMap(summary)
      ),
      pendingBreak: kernel.threads[thread]?.breaks.pending,
      traffic: traffic(of: entity, thread),
      place: place(of: entity, thread)
    )
  }

  private func start(of entity: Entity, _ thread: ThreadID) -> ThreadDetail.Start {
    ThreadDetail.Start(
      cwd: entity.start.cwd,
      environmentCount: entity.start.environmentCount,
      heddleEnvironment: heddleEnvironment(entity.name, thread, in: entity.currentCustodian, entity.channel),
      umask: entity.start.umask,
      limits: entity.start.limits,
      suspendToKill: kernel.threads[thread]?.suspendsOnKill ?? false,
      linger: entity.linger,
      allowSetuid: entity.start.allowsSetuid,
      stdinPipe: entity.takesStream
    )
  }

  private func traffic(of entity: Entity, _ thread: ThreadID) -> ThreadDetail.Traffic {
    let flow = workers[thread].flatMap { connections[$0]?.worker?.mail }
    return ThreadDetail.Traffic(
      mailTaken: flow?.taken.messages ?? entity.handedOver,
      isMailEnded: entity.mailbox.isEnded,
      credit: flow?.credit,
      onTheirWay: flow.map { $0.onTheirWay },
      logWritten: entity.log.end,
      logKept: entity.log.count
    )
  }

  private func place(of entity: Entity, _ thread: ThreadID) -> ThreadDetail.Place {
    let rung = containment?.rung ?? ""
    let hasTree =
      switch entity.body {
      case .running, .exited: true
      case .starting, .draining, .gone, .connection, .server: false
      }
    guard let directory = containment?.place, !directory.isEmpty, hasTree else {
      return ThreadDetail.Place(containment: rung)
    }
    // The keeper names cgroups by the thread's number; cgroup.c.
    return ThreadDetail.Place(containment: rung, cgroup: "\(directory)/\(thread.rawValue)")
  }

  /// The variables that the supervisor sets in a program's environment.
  func heddleEnvironment(
    _ name: EntityName?,
    _ thread: ThreadID,
    in custodian: CustodianID,
    _ channel: ChannelMode
  ) -> [String] {
    var variables = [
      "HEDDLE_ID=\(thread)", "HEDDLE_CUSTODIAN=\(custodians.path(of: custodian) ?? .main)",
      "HEDDLE_NODE=\(identity.name)", "HEDDLE_SOCKET=\(identity.socketPath)",
    ]
    if let name { variables.insert("HEDDLE_NAME=\(name.text)", at: 0) }
    // So that a program does not take another descriptor 3 for its own.
    if channel == .frames { variables.append("HEDDLE_CHANNEL=3") }
    return variables
  }
}

extension MailFlow {
  /// What was written and not taken.
  fileprivate var onTheirWay: MailTotals {
    MailTotals(messages: written.messages - taken.messages, bytes: written.bytes - taken.bytes)
  }
}
