internal import HeddleThreads

/// Threads inside one process, offered to the replayer: the agents are local threads, and the driver is the code outside
/// of them, in a world with a clock of its own.
struct LocalSubject: Subject {
  private let board = LocalBoard()
  private let clock = Clock.manual
  private let world: World

  init() {
    // A trace's choices look at their events in order, and what its agents raise is no news.
    world = World(clock: clock, carriers: .single, firstLook: { _ in 0 }, report: { _, _ in })
  }

  mutating func perform(_ operation: Operation) async throws -> Observation {
    try await World.$outside.withValue(world) {
      board.change { $0.reports = [:] }
      if board.change({ $0.custodians.pairs.isEmpty }) {
        let root = try await Custodian(below: world.root)
        board.change { $0.custodians.add(root, as: .root) }
      }
      let result: Outcome
      do { result = try await carryOut(operation) } catch is ThreadError { result = .failure(.contract) }
      try await settle()
      if let failure = board.change({ $0.failure }) { throw failure }
      return observation(result)
    }
  }

  private func settle() async throws {
    try await sync(systemIdle)
    // A break that came to an idle agent is noticed when it looks around.
    for agent in board.change({ $0.agents }) { agent.nudge() }
    try await sync(systemIdle)
  }

  private func observation(_ result: Outcome) -> Observation {
    board.change { tables in
      let events = tables.agents.flatMap { agent in
        (tables.reports[agent.name] ?? []).map { Observation.Event(agent.name, $0) }
      }
      let states = tables.threads.pairs.map { ($0.name, ThreadState($0.id)) }
      return Observation(
        result: result,
        events: events,
        states: Dictionary(uniqueKeysWithValues: states),
        down: tables.custodians.pairs.filter(\.id.isShutDown).map(\.name)
      )
    }
  }

  // MARK: - Operations

  private func carryOut(_ operation: Operation) async throws -> Outcome {
    switch operation {
    case .newRoot(let name): try await makeCustodian(name, below: world.root)
    case .makeCustodian(let name, let parent): try await makeCustodian(name, below: board.custodian(parent))
    case .thread(let name, let custodian, let suspendToKill):
      try await startAgent(name, under: board.custodian(custodian), suspendsOnKill: suspendToKill)
    case .suspend(let name, let caller):
      let thread = try board.thread(name)
      try await asCaller(caller) { try await thread.suspend() }
    case .kill(let name, let caller):
      let thread = try board.thread(name)
      try await asCaller(caller) { try await thread.kill() }
    case .resume(let thread, let benefactor):
      try await board.thread(thread).resume(benefactor: benefactor.map(localBenefactor))
    case .shutdown(let custodian): try await board.custodian(custodian).shutDown()
    case .send(let thread, let value, let onFailure):
      return try await send(value, to: board.thread(thread), onFailure)
    case .breakThread(let thread, let kind): try await board.thread(thread).sendBreak(kind.local)
    case .command(let thread, let command):
      _ = try board.thread(thread)
      let agent = board.change { tables in tables.agents.first { $0.name == thread } }
      agent?.take(command)
      return .queued
    case .event(let name, let kind, let thread):
      return try keep(LocalStateEvent(kind, of: board.thread(thread)), as: name)
    case .poll(let pollable): return try await poll(pollable)
    case .semaphore(let name, let count):
      try board.change { tables in
        try tables.semaphores.requireFree(name)
        tables.semaphores[name] = Semaphore(UInt64(count))
      }
    case .post(let semaphore): try await board.semaphore(semaphore).post()
    case .channel(let name):
      try board.change { tables in
        try tables.channels.requireFree(name)
        tables.channels[name] = Channel()
      }
    case .tick(let milliseconds): clock.advance(by: .milliseconds(milliseconds), in: world)
    case .managers(let thread): return try managers(of: board.thread(thread))
    case .members(let custodian): return try await members(of: board.custodian(custodian))
    }
    return .void
  }

  private func makeCustodian(_ name: CustodianName, below parent: Custodian) async throws {
    try board.change { try $0.custodians.requireFree(name) }
    let custodian = try await Custodian(below: parent)
    board.change { $0.custodians.add(custodian, as: name) }
  }

  private func startAgent(_ name: ThreadName, under custodian: Custodian, suspendsOnKill: Bool) async throws {
    try board.change { try $0.threads.requireFree(name) }
    let agent = LocalAgent(name: name, board: board)
    let thread = try await Custodian.current.withValue(custodian) {
      try await LocalThread(suspendsOnKill: suspendsOnKill) { try await agent.run() }
    }
    agent.enter(as: thread)
  }

  private func asCaller(_ name: CustodianName?, _ operation: () async throws -> Void) async throws {
    let custodian = try name.map { try board.custodian($0) } ?? world.root
    try await Custodian.current.withValue(custodian, operation: operation)
  }

  private func localBenefactor(_ benefactor: Benefactor) throws -> HeddleThreads.Benefactor {
    switch benefactor {
    case .thread(let thread): .thread(try board.thread(thread))
    case .custodian(let custodian): .custodian(try board.custodian(custodian))
    }
  }

  private func send(_ value: Int, to thread: LocalThread, _ onFailure: SendFailure) async throws -> Outcome {
    switch onFailure {
    case .raises: try await thread.send(value)
    case .givesFalse: if try await !thread.trySend(value) { return .sendGaveFalse }
    case .callsThunk: if try await !thread.trySend(value) { return .sendCalledThunk }
    }
    return .void
  }

  private func keep(_ event: LocalStateEvent, as name: EventName) throws -> Outcome {
    try board.change { tables in
      try tables.events.requireFree(name)
      let oldest = try? tables.events.name(of: event)
      tables.events.add(event, as: name)
      return oldest.map(Outcome.same) ?? .fresh
    }
  }

  private func poll(_ pollable: Pollable) async throws -> Outcome {
    switch pollable {
    case .event(let name):
      guard let thread = try await HeddleThreads.poll(board.event(name).event) else { return .notReady }
      guard let thread else { return .readyItself }
      return .ready(try board.change { try $0.threads.name(of: thread) })
    case .nack(let name):
      guard let nack = board.change({ $0.nacks[name] }) else { return .notReady }
      return try await HeddleThreads.poll(nack) == nil ? .notReady : .readyItself
    }
  }

  // In the order of creation, which is that of the tables.

  private func managers(of thread: LocalThread) throws -> Outcome {
    let managers = thread.managers
    return .managers(board.change { $0.custodians.pairs.filter { managers.contains($0.id) }.map(\.name) })
  }

  private func members(of custodian: Custodian) async throws -> Outcome {
    let (threads, custodians, _) = try await custodian.managed()
    return board.change { tables in
      .members(
        threads: tables.threads.pairs.filter { threads.contains($0.id) }.map(\.name),
        custodians: tables.custodians.pairs.filter { custodians.contains($0.id) }.map(\.name)
      )
    }
  }
}

extension ThreadState {
  init(_ thread: LocalThread) { self = thread.isDead ? .dead : thread.isRunning ? .running : .suspended }
}

extension BreakKind {
  var local: HeddleThreads.BreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }

  init(_ kind: HeddleThreads.BreakKind) {
    switch kind {
    case .interrupt: self = .interrupt
    case .hangUp: self = .hangUp
    case .terminate: self = .terminate
    }
  }
}
