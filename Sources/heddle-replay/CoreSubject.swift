internal import HeddleModel

/// The core, offered to the replayer: a kernel, its mailboxes, and the traces' agents as small interpreters beside it.
///
/// Bodies answer at once, so nobody is ever seen ending.
struct CoreSubject: Subject {
  /// What a snapshot of the core has to hold.
  struct World: Codable, Equatable {
    var kernel = Kernel()
    var mailboxes: [ThreadID: Mailbox<Int>] = [:]
  }

  var world = World()
  var agents: [CoreAgent] = []
  var threads = NameTable<ThreadName, ThreadID>()
  var custodians = NameTable<CustodianName, CustodianID>()
  var events = NameTable<EventName, StateEvent>()
  var semaphores = NameTable<SemaphoreName, SemaphoreID>()
  var channels = NameTable<ChannelName, ChannelID>()
  var nacks = NameTable<NackName, NackID>()
  /// The agent of each wait and the branches that it chooses from; kept for the partners that a channel brings together.
  var syncs: [WaitID: (agent: Int, branches: [Branch])] = [:]
  /// What was reported during this operation, by agent.
  var reports: [[Report]] = []
  private let betweenOperations: (World) throws -> World

  /// - Parameter betweenOperations: gives the world to go on with after each operation: the same, or one that went
  ///   through a snapshot.
  init(betweenOperations: @escaping (World) throws -> World = { $0 }) {
    self.betweenOperations = betweenOperations
    custodians.add(try? world.kernel.makeCustodian(below: world.kernel.root), as: .root)
  }

  mutating func perform(_ operation: Operation) throws -> Observation {
    reports = Array(repeating: [], count: agents.count)
    let result: Outcome
    do {
      result = try carryOut(operation)
    } catch is Refusal {
      result = .failure(.contract)
    }
    try runAgents()
    world = try betweenOperations(world)
    return try observation(result)
  }

  private func observation(_ result: Outcome) throws -> Observation {
    let events = zip(agents, reports).flatMap { agent, reports in reports.map { Observation.Event(agent.name, $0) } }
    let states = try agents.map { agent -> (ThreadName, ThreadState) in
      switch try world.kernel.phase(of: agent.thread) {
      case .running: (agent.name, .running)
      case .suspended: (agent.name, .suspended)
      case .ending, .dead: (agent.name, .dead)
      }
    }
    let down = try custodians.pairs.filter { try world.kernel.custodians.isShutDown($0.id) }.map(\.name)
    return Observation(
      result: result,
      events: events,
      states: Dictionary(uniqueKeysWithValues: states),
      down: down
    )
  }

  // MARK: - Operations

  private mutating func carryOut(_ operation: Operation) throws -> Outcome {
    var effects: [Effect] = []
    defer { perform(effects) }
    switch operation {
    case .newRoot(let name):
      try custodians.requireFree(name)
      custodians.add(try world.kernel.makeCustodian(below: world.kernel.root), as: name)
    case .makeCustodian(let name, let parent):
      try custodians.requireFree(name)
      custodians.add(try world.kernel.makeCustodian(below: custodians[parent]), as: name)
    case .thread(let name, let custodian, let suspendToKill):
      try threads.requireFree(name)
      let id = try custodians[custodian]
      let thread = try world.kernel.makeThread(under: id, suspendsOnKill: suspendToKill)
      addAgent(CoreAgent(name: name, thread: thread, custodian: id))
    case .suspend(let thread, let caller):
      try world.kernel.suspend(threads[thread], by: callerID(caller), effects: &effects)
    case .kill(let thread, let caller):
      try world.kernel.kill(threads[thread], by: callerID(caller), effects: &effects)
    case .resume(let thread, let benefactor):
      try world.kernel.resume(threads[thread], benefactor: benefactor.map(modelBenefactor), effects: &effects)
    case .shutdown(let custodian): try world.kernel.shutDown(custodians[custodian], effects: &effects)
    case .send(let thread, let value, let onFailure):
      return try send(value, to: threads[thread], onFailure, &effects)
    case .breakThread(let thread, let kind):
      try world.kernel.sendBreak(kind.model, to: threads[thread], effects: &effects)
    case .command(let thread, let command):
      let id = try threads[thread]
      if let agent = agents.firstIndex(where: { $0.thread == id }) { agents[agent].queue.append(command) }
      return .queued
    case .event(let name, let kind, let thread): return try keepEvent(name, kind, of: threads[thread])
    case .poll(.event(let name)):
      let event = try events[name]
      guard try isReady(.state(event)) else { return .notReady }
      return event.kind == .death ? .readyItself : .ready(try threads.name(of: event.thread))
    case .poll(.nack(let name)):
      guard let nack = nacks.id(of: name) else { return .notReady }
      return try isReady(.nack(nack)) ? .readyItself : .notReady
    case .semaphore(let name, let count):
      try semaphores.requireFree(name)
      semaphores.add(world.kernel.makeSemaphore(count: UInt64(count)), as: name)
    case .post(let semaphore): try world.kernel.post(semaphores[semaphore], effects: &effects)
    case .channel(let name):
      try channels.requireFree(name)
      channels.add(world.kernel.makeChannel(), as: name)
    case .tick(let milliseconds):
      let (now, isBeyond) = world.kernel.now.nanoseconds.addingReportingOverflow(UInt64(milliseconds) * 1_000_000)
      world.kernel.advance(to: Instant(nanoseconds: isBeyond ? .max : now), effects: &effects)
    case .managers(let thread):
      let managers = world.kernel.ties[try threads[thread]]?.managers ?? []
      return .managers(try managers.sorted().map(custodians.name))
    case .members(let custodian):
      let list = try world.kernel.managedList(of: custodians[custodian], by: world.kernel.root)
      return .members(
        threads: try list.threads.sorted().map(threads.name),
        custodians: try list.custodians.sorted().map(custodians.name)
      )
    }
    return .void
  }

  private mutating func send(
    _ value: Int,
    to thread: ThreadID,
    _ onFailure: SendFailure,
    _ effects: inout [Effect]
  ) throws -> Outcome {
    do {
      let size = MemoryLayout<Int>.size
      var mailbox = world.mailboxes[thread, default: Mailbox()]
      try world.kernel.send(to: thread, effects: &effects) { () throws(MailRefusal) in
        try mailbox.send(value, size: size)
      }
      world.mailboxes[thread] = mailbox
      return .void
    } catch {
      switch onFailure {
      case .raises: throw error
      case .givesFalse: return .sendGaveFalse
      case .callsThunk: return .sendCalledThunk
      }
    }
  }

  private mutating func keepEvent(_ name: EventName, _ kind: StateEventKind, of thread: ThreadID) throws -> Outcome {
    try events.requireFree(name)
    let event = try world.kernel.event(kind.model, of: thread)
    let oldest = try? events.name(of: event)
    events.add(event, as: name)
    return oldest.map(Outcome.same) ?? .fresh
  }

  /// A sync with a timeout of 0.
  private mutating func isReady(_ event: Event) throws -> Bool {
    var effects: [Effect] = []
    let wait = try world.kernel.sync(
      [HeddleModel.Branch(event), HeddleModel.Branch(.always)],
      in: nil,
      effects: &effects
    )
    return effects == [.chosen(wait, branch: 0, .ready)]
  }

  private func callerID(_ caller: CustodianName?) throws -> CustodianID {
    try caller.map { try custodians[$0] } ?? world.kernel.root
  }

  private func modelBenefactor(_ benefactor: Benefactor) throws -> HeddleModel.Benefactor {
    switch benefactor {
    case .thread(let thread): .thread(try threads[thread])
    case .custodian(let custodian): .custodian(try custodians[custodian])
    }
  }
}

extension BreakKind {
  var model: HeddleModel.BreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }

  init(_ kind: HeddleModel.BreakKind) {
    switch kind {
    case .interrupt: self = .interrupt
    case .hangUp: self = .hangUp
    case .terminate: self = .terminate
    }
  }
}

extension StateEventKind {
  var model: StateEvent.Kind {
    switch self {
    case .dead: .death
    case .suspend: .suspension
    case .resume: .resumption
    }
  }
}
