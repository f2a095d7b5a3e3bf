package import HeddleModel
public import HeddleThreads
internal import HeddleWire

/// A thread that is a process somewhere: what its supervisor knows by one id. It has the operations and events of a
/// `LocalThread`.
///
/// A handle is a value, and keeps nothing alive but the connection that it goes through. Two are equal if they are of the
/// same thread. That of a dead thread stays valid.
///
/// Requests of one connection take effect in the order in which they were made. An operation that is refused throws
/// `ClientError` and has changed nothing; after `connectionLost` nobody knows. Those that wait do so as `sync` does: a
/// break of the calling thread, its kill, or the task's cancellation ends the waiting, and takes the request back.
public struct RemoteThread: Sendable {
  /// The connection that the operations go through.
  public let supervisor: Supervisor
  package let id: ThreadID

  package init(_ id: ThreadID, at supervisor: Supervisor) {
    self.id = id
    self.supervisor = supervisor
  }

  private var wire: ThreadReference { .id(id) }

  // MARK: - State

  /// Where in its life a thread is.
  public enum State: String, Hashable, Sendable {
    /// Made, and its program is being started.
    case starting
    /// Also when it waits for something.
    case running
    case suspended
    /// Not running and not yet dead: its processes are being ended.
    case ending
    /// It can never act again.
    case dead
  }

  /// What is known of a thread at one moment.
  public struct Status: Hashable, Sendable {
    public let name: String?
    public let command: [String]
    public let state: State
    /// The paths of the custodians that manage it, in the order in which it got them; empty when it is dead.
    public let custodians: [String]
    /// The path of the group of threads that it belongs to.
    public let group: String
    /// The program's process; nil before it is started and when it has ended.
    public let processID: Int32?
    /// Unread messages.
    public let mail: Int
    /// nil unless it is dead.
    public let death: DeathReport?
  }

  /// What the supervisor knows of it now.
  ///
  /// - Throws: `gone` when it is dead for so long that nothing is known.
  public func status() async throws(ClientError) -> Status { Status(try await supervisor.find(wire)) }

  /// Whether it is neither suspended nor dead; one that waits is running. Racket: `thread-running?`.
  public func isRunning() async throws(ClientError) -> Bool {
    switch try await supervisor.find(wire).state {
    case .starting, .running: true
    case .suspended, .ending, .dead: false
    }
  }

  /// Whether it can never act again. Racket: `thread-dead?`.
  public func isDead() async throws(ClientError) -> Bool {
    do throws(ClientError) { return try await supervisor.find(wire).state == .dead } catch {
      if error.code == .gone { return true }
      throw error
    }
  }

  // MARK: - Control

  /// Stops all of its processes until it is resumed; returns when each of them stands still. No effect on one that is
  /// suspended or dead. Carried out also for a cancelled task. Racket: `thread-suspend`.
  ///
  /// - Throws: `permission` unless all its custodians are the one that the connection acts for, or below it.
  public func suspend() async throws(ClientError) {
    try await unlessGone { () throws(ClientError) in try await supervisor.suspend(wire) }
  }

  /// Who may vouch for a resumed thread. Racket: the `benefactor` of `thread-resume`.
  public enum Benefactor: Hashable, Sendable {
    /// It becomes one of the thread's custodians.
    case custodian(RemoteCustodian)
    /// It gives all its custodians now, and from now on each one that it gets and each of its resumptions.
    case thread(RemoteThread)
  }

  /// Lets a suspended thread go on if it has a custodian, after `benefactor` has given what it has; a custodian that is
  /// shut down has nothing to give. No effect on one that is dead. Needs no authority. May return before the processes go
  /// on; `resumption()` tells. Racket: `thread-resume`.
  public func resume(benefactor: Benefactor?) async throws(ClientError) {
    switch benefactor {
    case .custodian(let custodian):
      try supervisor.requireOwn(custodian.supervisor, custodian)
      try await resume(adoptedBy: custodian)
    case .thread(let thread):
      try supervisor.requireOwn(thread.supervisor, thread)
      try await resume(from: .thread(.id(thread.id)))
    case nil: try await resume(from: nil)
    }
  }

  private func resume(adoptedBy custodian: RemoteCustodian) async throws(ClientError) {
    do throws(ClientError) {
      try await resume(from: .custodian(custodian.location), on: custodian.nodeName ?? supervisor.homeName(id))
    } catch {
      // The supervisor forgets a path when all below it has ended.
      guard error.code == .noSuchCustodian else { throw error }
      try await resume(from: nil)
    }
  }

  private func resume(from source: Request.Benefactor?, on node: EntityName? = nil) async throws(ClientError) {
    try await unlessGone { () throws(ClientError) in try await supervisor.resume(wire, benefactor: source, on: node) }
  }

  /// Ends it with all its processes, running or suspended, and returns when it is dead: nothing of it is left. No effect on
  /// a dead one. One that suspends on kill is suspended, and then this returns when it stands still. Racket:
  /// `kill-thread`.
  ///
  /// - Parameter really: ends one that suspends on kill, too.
  /// - Throws: `permission`, as `suspend()`. What ends the waiting (a break, a cancellation) leaves it killed.
  public func kill(really: Bool) async throws {
    let answer = await supervisor.pendingAnswer(to: .kill(wire, wait: true, really: really))
    do {
      guard case .killed = try await answer.get() else { throw await supervisor.unexpectedAnswer() }
    } catch let error as ClientError where error.code == .gone {}
  }

  /// What has no effect on a dead thread has none on one that is forgotten.
  private func unlessGone(_ operation: () async throws(ClientError) -> Void) async throws(ClientError) {
    do throws(ClientError) { try await operation() } catch {
      if error.code != .gone { throw error }
    }
  }

  /// Sends it a break: a frame to a worker, to other programs SIGINT, SIGHUP or SIGTERM by kind. Returns without waiting
  /// for what it does. A suspended one gets the strongest at its resumption. No effect on a dead one. Racket:
  /// `break-thread`.
  public func sendBreak(_ kind: HeddleThreads.BreakKind = .interrupt) async throws(ClientError) {
    try await unlessGone { () throws(ClientError) in
      try await supervisor.sendBreak(HeddleModel.BreakKind(kind), to: wire)
    }
  }

  /// Returns when it is dead, however it ended: how. Racket: `thread-wait`.
  ///
  /// - Throws: `gone` when it is dead for so long that nothing is known. `BreakError`, `CancellationError`, `Killed`.
  @discardableResult
  public func wait() async throws -> DeathReport {
    let answer = await supervisor.pendingAnswer(to: .wait(wire))
    guard case .died(_, let record) = try await answer.get() else { throw await supervisor.unexpectedAnswer() }
    return DeathReport(record)
  }

  // MARK: - Output

  /// The last lines of what it wrote to standard output and standard error, as far as that is kept; nil is all of it.
  public func log(lines: Int? = nil) async throws(ClientError) -> [UInt8] {
    try await supervisor.logs(of: wire, tailLines: lines).text
  }
}

extension RemoteThread: Hashable, CustomStringConvertible {
  public static func == (left: RemoteThread, right: RemoteThread) -> Bool {
    left.id == right.id && left.supervisor.isSameNode(as: right.supervisor)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  public var description: String { "thread id:\(id)" }
}

extension RemoteThread.Status {
  init(_ info: ThreadInfo) {
    name = info.name?.text
    command = info.argv.map { String(decoding: $0, as: UTF8.self) }
    state =
      switch info.state {
      case .starting: .starting
      case .running: .running
      case .suspended: .suspended
      case .ending: .ending
      case .dead: .dead
      }
    custodians = info.custodians.map(\.description)
    group = info.group.description
    processID = info.pid
    mail = info.mail.messages
    death = info.death.map { DeathReport($0) }
  }
}

extension HeddleModel.BreakKind {
  init(_ kind: HeddleThreads.BreakKind) {
    self =
      switch kind {
      case .interrupt: .interrupt
      case .hangUp: .hangUp
      case .terminate: .terminate
      }
  }

  /// The same, for threads of this process.
  var local: HeddleThreads.BreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }
}
