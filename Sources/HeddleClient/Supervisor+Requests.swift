internal import HeddleLoop
package import HeddleModel
internal import HeddleThreads
package import HeddleWire

/// What can be asked of a supervisor. Requests are answered in any order; each call waits for its own answer.
///
/// A task that is cancelled withdraws its request. The answer is then `refused` with the code `cancelled`, or the
/// one that was on its way already.
extension Supervisor {
  /// Makes a thread. What it is told of is the thread as it was made.
  ///
  /// - Parameter node: where; nil is the supervisor itself.
  package func spawn(_ spawn: Spawn, on node: EntityName? = nil) async throws(ClientError) -> ThreadInfo {
    let reply = try await answer(to: .spawn(spawn), on: node)
    guard case .spawned(let thread) = reply else { throw unexpectedAnswer() }
    return thread
  }

  /// Makes a server. What it is told of is the server's thread, which listens by then.
  package func serve(_ serve: Serve) async throws(ClientError) -> ThreadInfo {
    let reply = try await answer(to: .serve(serve))
    guard case .spawned(let thread) = reply else { throw unexpectedAnswer() }
    return thread
  }

  package func find(_ thread: ThreadReference) async throws(ClientError) -> ThreadInfo {
    let reply = try await answer(to: .find(thread))
    guard case .thread(let info) = reply else { throw unexpectedAnswer() }
    return info
  }

  /// All threads by ascending id, page by page: those made or ended meanwhile may be missing or present.
  ///
  /// - Parameter node: whose; nil is the supervisor's own.
  package func list(includeDead: Bool, on node: EntityName? = nil) async throws(ClientError) -> [ThreadInfo] {
    var all: [ThreadInfo] = []
    while true {
      let reply = try await answer(to: .list(includeDead: includeDead, after: all.last?.id), on: node)
      guard case .threads(let page, let more) = reply else { throw unexpectedAnswer() }
      // Without progress the pages would never end.
      if more, !isProgress(from: all.last, to: page.last) { throw unexpectedAnswer() }
      all += page
      if !more { return all }
    }
  }

  /// Answered when nothing of the thread runs any more; carried out also for a task that is cancelled.
  package func suspend(_ thread: ThreadReference) async throws(ClientError) {
    try await done(.suspend(thread), withdrawnByCancellation: false)
  }

  /// - Parameter benefactor: who gives the thread its custodians, from now on as well.
  /// - Parameter node: that of a custodian that is the benefactor; nil is the supervisor itself.
  package func resume(
    _ thread: ThreadReference,
    benefactor: Request.Benefactor? = nil,
    on node: EntityName? = nil
  ) async throws(ClientError) {
    try await done(.resume(thread, benefactor: benefactor), on: node)
  }

  /// - Parameters:
  ///   - wait: answer when the thread is dead rather than when it is ending.
  ///   - really: end a suspend-to-kill thread too, instead of suspending it.
  package func kill(
    _ thread: ThreadReference,
    wait: Bool = true,
    really: Bool = false
  ) async throws(ClientError) -> KillOutcome {
    let reply = try await answer(to: .kill(thread, wait: wait, really: really))
    guard case .killed(let outcome) = reply else { throw unexpectedAnswer() }
    return outcome
  }

  package func sendBreak(_ kind: HeddleModel.BreakKind = .interrupt, to thread: ThreadReference)
    async throws(ClientError)
  {
    try await done(.sendBreak(thread, kind))
  }

  /// The thread's mailbox refuses mail from then on; what is queued is still delivered, and then the end.
  package func endMail(of thread: ThreadReference) async throws(ClientError) {
    try await done(.endMail(thread))
  }

  /// Answered when the thread is dead: which one it was, and how it died.
  package func wait(for thread: ThreadReference) async throws(ClientError) -> (thread: ThreadID, death: DeathRecord) {
    let reply = try await answer(to: .wait(thread))
    guard case .died(let id, let death) = reply else { throw unexpectedAnswer() }
    return (id, death)
  }

  /// - Parameters:
  ///   - tailLines: so many lines from the end; nil is all that is kept.
  ///   - since: only what came in the last so much time, or a little more; nil is all that is kept.
  package func logs(
    of thread: ThreadReference,
    tailLines: Int? = nil,
    since: Duration? = nil
  ) async throws(ClientError) -> LogText {
    let reply = try await answer(to: .logs(thread, tailLines: tailLines, since: since))
    guard case .log(let text) = reply else { throw unexpectedAnswer() }
    return text
  }

  /// Makes a custodian below an existing one.
  package func custodianNew(_ path: CustodianPath, on node: EntityName? = nil) async throws(ClientError) {
    try await done(.custodianNew(path), on: node)
  }

  /// Lets threads of all nodes of the cluster be in a custodian of the supervisor's.
  ///
  /// - Parameter adopt: when this node is lost the custodian goes on with another node; else it is shut down.
  /// - Returns: where it is on every node.
  package func shareCustodian(_ path: CustodianPath, adopt: Bool) async throws(ClientError) -> CustodianPath {
    let reply = try await answer(to: .shareCustodian(path, adopt: adopt))
    guard case .custodianShared(let path) = reply else { throw unexpectedAnswer() }
    return path
  }

  /// Has a node's stay in the cluster end; returns when that is written down.
  package func fence(_ node: EntityName) async throws(ClientError) { try await done(.fenceNode(node)) }

  /// Makes a custodian directly below the connection's session custodian.
  package func custodianNew(inSession name: EntityName) async throws(ClientError) {
    try await done(.sessionCustodianNew(name))
  }

  package func custodianTree(
    _ path: CustodianPath,
    on node: EntityName? = nil
  ) async throws(ClientError) -> CustodianListing {
    let reply = try await answer(to: .custodianTree(path), on: node)
    guard case .custodianTree(let listing) = reply else { throw unexpectedAnswer() }
    return listing
  }

  /// Ends all that is in a custodian and below it. Answered when every thread that it killed is dead.
  ///
  /// - Parameters:
  ///   - grace: how long its threads have to end by themselves when they are asked to; none ends them at once.
  ///   - follow: told how it goes on, on the loop, before the answer and in order.
  package func custodianShutdown(
    _ path: CustodianPath,
    on node: EntityName? = nil,
    grace: Duration = .zero,
    follow: (@Sendable (Notice) -> Void)? = nil
  ) async throws(ClientError) -> ShutdownReport {
    let command = Request.Command.custodianShutdown(path, follow: follow != nil, grace: grace)
    let reply = try await answer(to: command, on: node, onNotice: follow)
    guard case .shutDown(let report) = reply else { throw unexpectedAnswer() }
    return report
  }

  /// Answered when the effects of all earlier requests of the connection have been observed.
  package func barrier() async throws(ClientError) {
    try await done(.barrier)
  }

  package func daemonStatus() async throws(ClientError) -> DaemonStatus {
    let reply = try await answer(to: .daemonStatus)
    guard case .daemonStatus(let status) = reply else { throw unexpectedAnswer() }
    return status
  }

  /// Tells the supervisor to end: its threads are asked to, and what is left after the grace is ended. Answered when that
  /// has begun; the connection ends when the supervisor leaves.
  ///
  /// - Parameter grace: nil is the supervisor's usual one.
  package func stopDaemon(grace: Duration? = nil) async throws(ClientError) {
    try await done(.stopDaemon(grace: grace))
  }
}

// MARK: -

extension Supervisor {
  private func isProgress(from before: ThreadInfo?, to last: ThreadInfo?) -> Bool {
    guard let last else { return false }
    return before.map { $0.id < last.id } ?? true
  }

  private func done(
    _ command: Request.Command,
    on node: EntityName? = nil,
    withdrawnByCancellation isWithdrawn: Bool = true
  ) async throws(ClientError) {
    let reply = try await answer(to: command, on: node, withdrawnByCancellation: isWithdrawn)
    guard case .done = reply else { throw unexpectedAnswer() }
  }

  /// - Parameters:
  ///   - node: which is to carry it out; nil is that of the command's thread, or for lack of one the supervisor itself.
  ///   - isWithdrawn: whether the task's cancellation withdraws the request; else it is carried out and answered.
  ///   - onBegun: called when the request is written, and open, before anything else is.
  func answer(
    to command: Request.Command,
    on node: EntityName? = nil,
    withdrawnByCancellation isWithdrawn: Bool = true,
    onNotice: (@Sendable (Notice) -> Void)? = nil,
    onBegun: (RequestID) -> Void = { _ in }
  ) async throws(ClientError) -> Reply {
    let id = requests.nextID()
    let answer = await withTaskCancellationHandler {
      await withCheckedContinuation { (task: CheckedContinuation<OpenRequests.Answer, Never>) in
        if begin(command, on: node, id: id, onNotice: onNotice, onAnswer: { task.resume(returning: $0) }) {
          onBegun(id)
        }
        // A cancellation that came before could not withdraw what was not open.
        if isWithdrawn, Task.isCancelled { withdraw(id) }
      }
    } onCancel: {
      if isWithdrawn { loop.perform { self.assumeIsolated { $0.withdraw(id) } } }
    }
    return try answer.get()
  }

  /// Asks, and returns at once.
  ///
  /// - Parameter onAnswer: called with the answer, once and on the loop.
  /// - Returns: what withdraws the request.
  func ask(
    _ command: Request.Command,
    on node: EntityName? = nil,
    onNotice: (@Sendable (Notice) -> Void)? = nil,
    onAnswer: @escaping @Sendable (OpenRequests.Answer) -> Void
  ) -> RequestID {
    let id = requests.nextID()
    _ = begin(command, on: node, id: id, onNotice: onNotice, onAnswer: onAnswer)
    return id
  }

  /// - Returns: whether it is open; else its asker was told why not.
  private func begin(
    _ command: Request.Command,
    on node: EntityName?,
    id: RequestID,
    onNotice: (@Sendable (Notice) -> Void)?,
    onAnswer: @escaping @Sendable (OpenRequests.Answer) -> Void
  ) -> Bool {
    if let failure = failure ?? strangerFailure(node ?? command.thread?.node) {
      onAnswer(.failure(failure))
      return false
    }
    let authority: CustodianPath?
    do throws(ClientError) { authority = try custodianToName(for: command, on: node) } catch {
      onAnswer(.failure(error))
      return false
    }
    do throws(FrameError) {
      try write(Request(command, as: authority, on: node), id: id)
      requests.open(id, onNotice: onNotice, onAnswer: onAnswer)
      return true
    } catch {
      onAnswer(.failure(.refused(.tooLarge, "send", "a request", error.description)))
      return false
    }
  }

  /// Why a node can't be named: a supervisor that is in no cluster would take itself to be meant.
  func strangerFailure(_ node: EntityName?) -> ClientError? {
    guard let node, welcome?.cluster == nil else { return nil }
    return .refused(
      .unknownNode,
      "ask",
      "node \(node)",
      "the supervisor is in no cluster",
      advice: "start it with heddle daemon --cluster"
    )
  }

  /// In whose name a request is made; nil is what the connection was granted.
  ///
  /// A custodian has authority on its own node alone. Whoever acts for the root of this one is this node to the others.
  private func custodianToName(
    for command: Request.Command,
    on node: EntityName?
  ) throws(ClientError) -> CustodianPath? {
    guard command.takesAuthority else { return nil }
    let named = (node ?? command.thread?.node).flatMap { $0.text == self.node ? nil : $0 }
    let isHome = named == nil && command.thread?.slot ?? .home == .home
    let current = currentPlace ?? authority.map { RemoteCustodian(supervisor: self, location: $0) }
    guard let current, current.nodeName != nil || !isHome else { return current?.location }
    if let home = current.nodeName, home == named { return current.location }
    if current.nodeName == nil, current.location == .root { return nil }
    throw .refused(
      .notAcrossNodes,
      command.isKill ? "kill" : "suspend",
      command.thread.map { "\($0)" } ?? "a thread",
      "\(current) has authority on its own node alone",
      advice: "ask for the root of this node, or for a custodian of the other"
    )
  }

  /// The custodian that the calling task has said it acts for and makes threads in, if it is one of this supervisor's.
  var currentPlace: RemoteCustodian? {
    guard let current = RemoteCustodian.current.value, current.supervisor.isSameNode(as: self) else { return nil }
    return current
  }

  /// The same, if it is on this node.
  var currentCustodian: CustodianPath? { currentPlace.flatMap { $0.nodeName == nil ? $0.location : nil } }

  /// Takes a request back that waits; no effect on one that was answered.
  func withdraw(_ id: RequestID) {
    guard let withdrawal = requests.openWithdrawal(of: id) else { return }
    do throws(FrameError) {
      try write(Request(.cancel(id)), id: withdrawal)
    } catch {
      preconditionFailure("a withdrawal is a few bytes, which every supervisor takes: \(error)")
    }
  }

  private func write(_ request: Request, id: RequestID) throws(FrameError) {
    try write { writer throws(FrameError) in try writer.request(request, id: id) }
  }

  /// The answer has the kind of another request's; nothing that comes after it can be trusted.
  func unexpectedAnswer() -> ClientError {
    let error = ClientError.protocolBroken(reason: "a request was answered with what answers another kind of request")
    end(error)
    return error
  }
}

extension Request.Command {
  fileprivate var isKill: Bool { if case .kill = self { true } else { false } }

  /// Whether it is asked for in the name of a custodian. What needs no authority goes on when that custodian is gone.
  fileprivate var takesAuthority: Bool {
    switch self {
    case .suspend, .kill: true
    case .spawn(let spawn): spawn.nested
    case .find, .list, .resume, .sendBreak, .endMail, .wait, .cancel, .logs, .custodianNew, .sessionCustodianNew,
      .custodianTree, .custodianShutdown, .custodianWait, .barrier, .daemonStatus, .event, .receive, .confirmMail,
      .rewind, .mailWait, .becomeThread, .stopDaemon, .serve, .nodes, .names, .fenceNode, .shareCustodian:
      false
    case .history, .show, .shutdownPlan: false
    }
  }
}
