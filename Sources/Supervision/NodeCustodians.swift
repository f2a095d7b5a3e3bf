internal import HeddleModel
internal import HeddleWire

// Custodians by their paths, and their shutdowns.

/// One shutdown that somebody waits for, or that the supervisor's own end waits for.
struct ShutdownJob: Sendable {
  struct Client: Sendable {
    let connection: ConnectionID
    let request: RequestID
    let follow: Bool
  }

  /// Who is told, in the order in which they asked.
  var clients: [Client] = []
  let custodian: CustodianID
  let startedAt: Instant
  /// The threads that were told to end by it.
  var threads: Set<ThreadID> = []
  var processes = 0
  var leftSuspended = 0
  /// While its threads are asked to end; nil once the shutdown has begun.
  var grace: Grace?

  /// Tells those who follow it.
  func tell(_ notice: Notice, effects: inout [NodeEffect]) {
    for client in clients where client.follow {
      effects.append(.send(client.connection, .notice(notice, client.request)))
    }
  }
}

extension Node {
  /// The custodian at `path`; nil when there is none. `/main` and those of sessions are made when they are needed and
  /// missing.
  mutating func custodian(_ path: CustodianPath) throws(WireRefusal) -> CustodianID? {
    if let id = custodians[path] { return id }
    if let id = try sharedCustodian(at: path) { return id }
    if let connection = sessions[path] { return try sessionCustodian(of: connection, to: "find") }
    if path == .main { try makeCustodian(.main) }
    return custodians[path]
  }

  mutating func makeCustodian(_ path: CustodianPath) throws(WireRefusal) {
    if let holder = custodians[path] {
      throw Sentences.pathTaken(path, isShutDown: kernel.custodians[holder]?.isShutDown ?? true)
    }
    guard let parentPath = path.parent else { throw Sentences.pathTaken(path, isShutDown: false) }
    guard let parent = try custodian(parentPath) else {
      throw Sentences.noSuchCustodian(parentPath, attempted: "make \(path) in")
    }
    do throws(Refusal) {
      custodians.add(try kernel.makeCustodian(below: parent), at: path)
      record(.custodianMade(path))
    } catch {
      throw Sentences.refused(error, attempted: "make custodian", subject: "\(path)", in: self)
    }
  }

  // MARK: - Shutdown

  /// Shuts a custodian down; the request is answered when that is complete. One whose shutdown has begun is waited for.
  mutating func shutDown(
    _ path: CustodianPath,
    follow: Bool,
    grace: Duration,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    // Holding it is all the authority it needs (CU-18), whatever the current custodian is.
    let id = try place(path, for: inquiry, to: "shut down")
    if try shutDownShared(id, isPlain: grace == .zero, for: inquiry, effects: &effects) { return }
    let client = ShutdownJob.Client(connection: inquiry.connection, request: inquiry.request, follow: follow)
    if grace > .zero {
      beginGrace(of: id, for: grace, client, effects: &effects)
    } else {
      beginShutdown(of: id, client, effects: &effects)
    }
  }

  /// Begins what one client waits for, or nobody.
  mutating func beginShutdown(of id: CustodianID, _ client: ShutdownJob.Client?, effects: inout Effects) {
    if id == kernel.root { ending = .shuttingDown }
    let subtree = kernel.custodians.subtree(of: id)
    if !shutdowns.contains(where: { $0.custodian == id }) {
      shutdowns.append(ShutdownJob(custodian: id, startedAt: now))
    }
    endGraces(of: Set(subtree), effects: &effects)
    let departing = subtree.flatMap { kernel.custodians[$0]?.departing.members ?? [] }
    for index in shutdowns.indices where shutdowns[index].custodian == id {
      shutdowns[index].threads.formUnion(departing)
      if let client { shutdowns[index].clients.append(client) }
    }
    var candidates = Set(subtree.flatMap { kernel.custodians[$0]?.members.members ?? [] })
    candidates = candidates.filter { kernel.threads[$0]?.suspendsOnKill == true }
    var orders: [Effect] = []
    // It exists: that is how it was found.
    try? kernel.shutDown(id, effects: &orders)
    let left = candidates.filter { kernel.ties[$0]?.managers.isEmpty == true }.sorted()
    if !left.isEmpty { tellLeftSuspended(left, by: id, effects: &effects) }
    obey(orders, effects: &effects)
  }

  private mutating func tellLeftSuspended(_ left: [ThreadID], by id: CustodianID, effects: inout Effects) {
    let notice = Notice.leftSuspended(left.compactMap(summary))
    for index in shutdowns.indices where shutdowns[index].custodian == id {
      shutdowns[index].leftSuspended += left.count
      shutdowns[index].tell(notice, effects: &effects)
    }
  }

  /// A thread is to end by the shutdown of `custodian`: whoever follows that one, or one above it, hears of its death.
  mutating func joinShutdowns(_ thread: ThreadID, of custodian: CustodianID) {
    for index in shutdowns.indices where kernel.custodians.isAtOrBelow(custodian, shutdowns[index].custodian) {
      shutdowns[index].threads.insert(thread)
    }
  }

  /// A thread is dead; those who follow a shutdown that it was part of are told.
  mutating func tellShutdowns(of thread: ThreadID, _ entity: Entity, effects: inout Effects) {
    guard let summary = summary(thread) else { return }
    for index in shutdowns.indices where shutdowns[index].threads.contains(thread) {
      if shutdowns[index].grace != nil {
        tellEndInGrace(summary, entity, of: &shutdowns[index], effects: &effects)
        continue
      }
      shutdowns[index].processes += entity.ended.total
      let notice = Notice.threadDead(summary, after: now - shutdowns[index].startedAt, ended: entity.ended)
      shutdowns[index].tell(notice, effects: &effects)
    }
  }

  /// Every thread of a custodian that was shut down is dead or left suspended: its path is free.
  mutating func shutdownCompleted(_ custodian: CustodianID, effects: inout Effects) {
    var completed: ShutdownReport?
    for job in shutdowns where job.custodian == custodian {
      let report = ShutdownReport(
        threads: job.threads.count,
        processes: job.processes,
        leftSuspended: job.leftSuspended,
        duration: now - job.startedAt
      )
      completed = report
      for client in job.clients {
        effects.append(.send(client.connection, .reply(.shutDown(report), client.request)))
      }
    }
    shutdowns.removeAll { $0.custodian == custodian }
    if let path = custodians.path(of: custodian) { record(.shutdownComplete(path, completed), by: "") }
    custodians.remove(custodian)
    partEnded(custodian, completed)
    visitCompleted(in: custodian, effects: &effects)
    if custodian == kernel.root { effects.append(.exit(0)) }
  }
}
