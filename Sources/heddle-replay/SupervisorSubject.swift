internal import HeddleClient
internal import HeddleThreads

/// A supervisor, offered to the replayer: the agents are workers, and the driver is a client. What the traces call R is a
/// custodian of its own for each trace.
///
/// Semaphores, channels, nacks, boxes and a clock that the driver moves are things of one process.
struct SupervisorSubject: Subject {
  let stage: SupervisorStage
  /// The driver's own custodian, R.
  let driver: RemoteCustodian
  /// Stands for any custodian that is shut down where somebody acts in its name: it has nothing in it either, and so the
  /// same authority.
  private let nobody: RemoteCustodian
  /// In the order of creation.
  var agents: [SupervisorAgent] = []
  private var threads = NameTable<ThreadName, RemoteThread>()
  private(set) var custodians = NameTable<CustodianName, RemoteCustodian>()
  private var events = NameTable<EventName, RemoteStateEvent>()

  /// - Parameter name: of this world's custodian, unique on the stage.
  init(on stage: SupervisorStage, named name: String) async throws {
    self.stage = stage
    guard let session = stage.supervisor.session else {
      throw DaemonError(description: "the connection has no session")
    }
    driver = try await session.makeCustodian(named: name)
    nobody = try await driver.makeCustodian(named: "nobody")
    custodians.add(try await driver.makeCustodian(named: "root"), as: .root)
  }

  mutating func perform(_ operation: Operation) async throws -> Observation {
    let result: Outcome
    do { result = try await carryOut(operation) } catch let error as ClientError {
      guard error.isContractFailure else { throw error }
      result = .failure(.contract)
    }
    let standings = try await settle()
    return try await observation(result, standings)
  }

  func end() async throws {
    try await driver.shutDown()
    // Those that suspend on kill are left.
    for agent in agents { try await agent.thread.kill(really: true) }
    await stage.door.forget(agents.map(\.thread))
  }

  // MARK: - Operations

  private mutating func carryOut(_ operation: Operation) async throws -> Outcome {
    switch operation {
    case .newRoot(let name): try await makeCustodian(name, below: driver)
    case .makeCustodian(let name, let parent): try await makeCustodian(name, below: custodians[parent])
    case .thread(let name, let custodian, let suspendToKill):
      try await startAgent(name, under: custodians[custodian], suspendsOnKill: suspendToKill)
    case .suspend(let name, let caller):
      let thread = try threads[name]
      try await asCaller(caller) { try await thread.suspend() }
    case .kill(let name, let caller):
      let thread = try threads[name]
      try await asCaller(caller) { try await thread.kill() }
    case .resume(let thread, let benefactor):
      try await threads[thread].resume(benefactor: remoteBenefactor(benefactor))
    case .shutdown(let custodian): try await shutDown(custodians[custodian])
    case .send(let thread, let value, let onFailure): return try await send(value, to: threads[thread], onFailure)
    case .breakThread(let thread, let kind): try await threads[thread].sendBreak(kind.local)
    case .command(let thread, let command):
      try await stage.door.command(command, meanings: meanings(of: command), to: threads[thread])
      return .queued
    case .event(let name, let kind, let thread): return try await keepEvent(name, kind, of: threads[thread])
    case .poll(.event(let name)): return try await poll(events[name])
    case .managers(let thread): return try await managers(of: threads[thread])
    case .members(let custodian): return try await members(of: custodians[custodian])
    case .poll(.nack), .semaphore, .post, .channel, .tick: throw MeaninglessError(word: operation.word)
    }
    return .void
  }

  private mutating func makeCustodian(_ name: CustodianName, below parent: RemoteCustodian) async throws {
    try custodians.requireFree(name)
    custodians.add(try await parent.makeCustodian(named: name.text), as: name)
  }

  private mutating func startAgent(
    _ name: ThreadName,
    under custodian: RemoteCustodian,
    suspendsOnKill: Bool
  ) async throws {
    try threads.requireFree(name)
    var program = AgentProgram.program(named: name, socketPath: stage.door.path)
    program.custodian = custodian
    program.suspendsOnKill = suspendsOnKill
    try addAgent(name, await stage.supervisor.spawn(program))
  }

  mutating func addAgent(_ name: ThreadName, _ thread: RemoteThread) throws {
    try threads.requireFree(name)
    threads.add(thread, as: name)
    agents.append(SupervisorAgent(name: name, thread: thread))
  }

  private func asCaller(_ name: CustodianName?, _ operation: () async throws -> Void) async throws {
    var caller = try name.map { try custodians[$0] } ?? driver
    if try await caller.isShutDown() { caller = nobody }
    try await RemoteCustodian.current.withValue(caller, operation: operation)
  }

  /// A custodian that is shut down has no path any more to be named by, and counts as none.
  private func remoteBenefactor(_ benefactor: Benefactor?) async throws -> RemoteThread.Benefactor? {
    switch benefactor {
    case .thread(let thread): return .thread(try threads[thread])
    case .custodian(let name):
      let custodian = try custodians[name]
      return try await custodian.isShutDown() ? nil : .custodian(custodian)
    case nil: return nil
    }
  }

  private func shutDown(_ custodian: RemoteCustodian) async throws {
    // One that is shut down has no path any more.
    if try await !custodian.isShutDown() { try await custodian.shutDown() }
  }

  private func send(_ value: Int, to thread: RemoteThread, _ onFailure: SendFailure) async throws -> Outcome {
    let message = Array("\(value)".utf8)
    switch onFailure {
    case .raises: try await thread.send(message)
    case .givesFalse: if try await !thread.trySend(message) { return .sendGaveFalse }
    case .callsThunk: return try await thread.send(message) { .sendCalledThunk } ?? .void
    }
    return .void
  }

  /// What the names in a command stand for.
  private func meanings(of command: AgentCommand) throws -> [String: String] {
    switch command {
    case .wait(let thread): return [thread.text: try threads[thread].reference]
    case .nest(_, let custodian): return [custodian.text: try custodians[custodian].path]
    case .sync(let branches, _):
      var meanings: [String: String] = [:]
      for branch in branches {
        if case .event(let name) = branch.source { meanings[name.text] = try events[name].text }
        if branch.needsOneProcess { throw MeaninglessError(word: branch.json) }
      }
      return meanings
    default: return [:]
    }
  }

  private mutating func keepEvent(
    _ name: EventName,
    _ kind: StateEventKind,
    of thread: RemoteThread
  ) async throws -> Outcome {
    try events.requireFree(name)
    let event = try await RemoteStateEvent(kind, of: thread)
    let oldest = try? events.name(of: event)
    events.add(event, as: name)
    return oldest.map(Outcome.same) ?? .fresh
  }

  private func poll(_ event: RemoteStateEvent) async throws -> Outcome {
    guard let thread = try await HeddleThreads.poll(event.event) else { return .notReady }
    return try thread.map { .ready(try threads.name(of: $0)) } ?? .readyItself
  }

  // In the order of creation, which is that of the tables.

  private func managers(of thread: RemoteThread) async throws -> Outcome {
    let paths = try await thread.status().custodians
    return .managers(custodians.pairs.filter { paths.contains($0.id.path) }.map(\.name))
  }

  private func members(of custodian: RemoteCustodian) async throws -> Outcome {
    guard try await !custodian.isShutDown() else { return .members(threads: [], custodians: []) }
    let members = try await custodian.members()
    return .members(
      threads: threads.pairs.filter { members.threads.contains($0.id) }.map(\.name),
      custodians: custodians.pairs.filter { members.custodians.contains($0.id) }.map(\.name)
    )
  }
}

extension ClientError {
  /// Whether it is what the model calls a contract failure: a lack of authority, a custodian that is shut down, or mail
  /// for the dead.
  var isContractFailure: Bool {
    switch code {
    case .permission, .custodianShutDown, .noSuchCustodian, .dead: true
    default: false
    }
  }
}

extension Branch {
  /// Whether it is of something that processes cannot share.
  fileprivate var needsOneProcess: Bool {
    switch source {
    case .mail, .receive, .always, .never, .event: nack != nil
    case .semaphore, .peek, .put, .get, .box, .alarm: true
    }
  }
}

/// An operation, or a branch, of something that cannot be shared by processes.
struct MeaninglessError: Error, CustomStringConvertible {
  let word: String
  var description: String { "\(word) has no meaning on a supervisor" }
}
