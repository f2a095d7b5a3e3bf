internal import HeddleModel
internal import HeddleWire

// What is told of threads and custodians.

extension Node {
  /// What is known of a thread now; nil when it never was or is forgotten.
  func info(_ thread: ThreadID) -> ThreadInfo? {
    guard let entity = entities[thread], let state = state(of: thread) else { return nil }
    var info = ThreadInfo(
      id: thread,
      name: entity.name,
      argv: entity.argv,
      custodians: (kernel.ties[thread]?.managers ?? []).compactMap(custodians.path),
      state: state,
      age: now - entity.createdAt,
      sinceChange: now - entity.changedAt,
      lastChange: entity.lastChange,
      pid: entity.pid,
      channel: entity.channel,
      mail: ThreadInfo.Mail(
        messages: entity.mailbox.count,
        bytes: entity.mailbox.bytes,
        bounds: entity.mailbox.bounds
      ),
      death: state == .dead ? entity.death : nil,
      group: entity.group,
      relay: entity.relay.map { relay in
        ThreadInfo.Relay(
          to: relay.target,
          name: entities[relay.target]?.name,
          passesEnd: relay.passesEnd,
          waitingLines: relay.count
        )
      }
    )
    info.onPartition = entity.onPartition
    info.server = serverInfo(thread)
    info.peer = visits[thread]?.visitor.text
    return info
  }

  func summary(_ thread: ThreadID) -> ThreadSummary? {
    guard let entity = entities[thread], let state = state(of: thread) else { return nil }
    return ThreadSummary(id: thread, name: entity.name, state: state)
  }

  func state(of thread: ThreadID) -> ThreadInfo.State? {
    switch kernel.threads[thread]?.life.phase {
    case .running: entities[thread]?.body == .starting ? .starting : .running
    case .suspended: .suspended
    case .ending: .ending
    case .dead: .dead
    case nil: nil
    }
  }

  /// A custodian and all that is below it. Paths are at most 64 deep, and so is the recursion.
  func listing(_ custodian: CustodianID) -> CustodianListing? {
    guard let record = kernel.custodians[custodian], let path = custodians.path(of: custodian) else { return nil }
    return CustodianListing(
      path: path,
      state: record.isShutDown ? .shuttingDown : .open,
      children: record.children.members.compactMap(listing),
      threads: (record.members.members + record.departing.members).sorted().compactMap(summary)
    )
  }

  var status: DaemonStatus {
    let living = kernel.threads.count - deadCount
    var status = DaemonStatus(
      pid: identity.pid,
      version: identity.version,
      socketPath: Array(identity.socketPath.utf8),
      node: identity.name,
      incarnation: identity.incarnation,
      uptime: now - startedAt,
      counts: DaemonStatus.Counts(
        livingThreads: living,
        deadThreads: deadCount,
        custodians: custodians.count,
        connections: connections.count
      ),
      containment: containment?.rung ?? ""
    )
    status.containmentPlace = containment?.place ?? ""
    status.containmentReasons = containment?.reasons ?? ""
    status.leavesAfter = idleness?.patience
    status.logPath = Array(identity.logPath.utf8)
    return status
  }
}
