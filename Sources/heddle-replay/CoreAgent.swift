internal import DequeModule
internal import HeddleModel

/// One thread of a trace: it performs the commands of its private queue, one after the other.
struct CoreAgent {
  /// Where it stands between two turns.
  enum Activity {
    /// It would take the next command, if there is one.
    case idle
    /// Blocked in this command until the wait ends.
    case blocked(AgentCommand)
    /// The wait of this command has ended.
    case woken(AgentCommand, Ending)
    /// The command stopped the agent; it reports when it goes on.
    case stopped(Report)
  }

  /// How a wait ended.
  enum Ending {
    case chosen(branch: Int, value: Int?)
    case nested(BodyEnd)
    case broken(HeddleModel.BreakKind)
  }

  let name: ThreadName
  let thread: ThreadID
  /// Its current custodian: the one that it was created under, or for a nested agent its creator's.
  let custodian: CustodianID
  var queue: Deque<AgentCommand> = []
  var activity = Activity.idle
}

// The agents' turns.

extension CoreSubject {
  mutating func addAgent(_ agent: CoreAgent) {
    threads.add(agent.thread, as: agent.name)
    agents.append(agent)
    reports.append([])
  }

  /// Lets every agent go on, in the order of creation, until none can.
  mutating func runAgents() throws {
    var goesOn = true
    while goesOn {
      goesOn = false
      for index in agents.indices {
        while try takeTurn(index) { goesOn = true }
      }
    }
  }

  /// One step of one agent.
  ///
  /// - Returns: whether it did anything: false when it is blocked, suspended, dead, or has no command.
  private mutating func takeTurn(_ index: Int) throws -> Bool {
    let agent = agents[index]
    guard try world.kernel.isRunning(agent.thread) else { return false }
    switch agent.activity {
    case .blocked: return false
    case .woken(let command, let ending):
      agents[index].activity = .idle
      reports[index].append(try report(command, ending))
    case .idle, .stopped:
      if let kind = world.kernel.takeBreak(of: agent.thread) {
        agents[index].activity = .idle
        reports[index].append(.broken(BreakKind(kind)))
      } else if case .stopped(let report) = agent.activity {
        agents[index].activity = .idle
        reports[index].append(report)
      } else if let command = agents[index].queue.popFirst() {
        try begin(command, by: index)
      } else {
        return false
      }
    }
    return true
  }

  private func report(_ command: AgentCommand, _ ending: CoreAgent.Ending) throws -> Report {
    switch (ending, command) {
    case (.broken(let kind), _): .broken(BreakKind(kind))
    case (.nested(.returned), _): .nested(.returned)
    case (.nested(.raised), _): .nested(.raised)
    case (.nested(.killed), _): .nested(.failed)
    case (.chosen(_, let value), .receive): .receive(value ?? 0)
    case (.chosen, .wait(let thread)): .waited(thread)
    case (.chosen(let branch, let value), _): .sync(index: branch, value: value)
    }
  }

  private mutating func begin(_ command: AgentCommand, by index: Int) throws {
    do {
      try carryOut(command, by: index)
    } catch is Refusal {
      reports[index].append(.error(.contract))
    }
  }

  private mutating func carryOut(_ command: AgentCommand, by index: Int) throws {
    let (thread, custodian) = (agents[index].thread, agents[index].custodian)
    var effects: [Effect] = []
    defer { perform(effects) }
    switch command {
    case .tryReceive:
      let message = try world.kernel.tryReceive(in: thread, from: &world.mailboxes[thread, default: Mailbox()])
      reports[index].append(.tryReceive(message))
    case .rewind(let values):
      let messages = values.map { (message: $0, size: MemoryLayout<Int>.size) }
      try world.kernel.rewind(
        messages, in: thread, to: &world.mailboxes[thread, default: Mailbox()], effects: &effects)
      reports[index].append(.rewind)
    case .breaks(let enabled):
      if let kind = try world.kernel.setBreaksEnabled(enabled, in: thread) {
        reports[index].append(.broken(BreakKind(kind)))
      }
    case .breakState:
      reports[index].append(.breakState(enabled: world.kernel.threads[thread]?.breaks.areEnabled ?? false))
    case .selfSuspend:
      try world.kernel.suspend(thread, by: custodian, effects: &effects)
      agents[index].activity = .stopped(.selfSuspend)
    case .selfKill:
      try world.kernel.kill(thread, by: custodian, effects: &effects)
      agents[index].activity = .stopped(.selfKill)
    case .raise: world.kernel.bodyEnded(thread, .raised, effects: &effects)
    case .exit: world.kernel.bodyEnded(thread, .returned, effects: &effects)
    case .receive: try block(command, by: index, on: [Branch(.receive)], &effects)
    case .wait(let other):
      let death = try world.kernel.event(.death, of: threads[other])
      let wait = try world.kernel.sync([HeddleModel.Branch(.state(death))], in: thread, effects: &effects)
      block(command, by: index, on: wait, [])
    case .sync(let branches, let enablingBreaks):
      try block(command, by: index, on: branches, enablingBreaks: enablingBreaks, &effects)
    case .nest(let name, let custodianName):
      try threads.requireFree(name)
      let nested = try world.kernel.makeNestedThread(
        in: thread, under: custodians[custodianName], effects: &effects)
      block(command, by: index, on: nested.wait, [])
      addAgent(CoreAgent(name: name, thread: nested.thread, custodian: custodian))
    }
  }

  private mutating func block(
    _ command: AgentCommand, by index: Int, on branches: [Branch], enablingBreaks: Bool = false,
    _ effects: inout [Effect]
  ) throws {
    let wait = try world.kernel.sync(
      branches.map { try modelBranch($0) }, in: agents[index].thread, enablesBreaks: enablingBreaks, effects: &effects)
    block(command, by: index, on: wait, branches)
  }

  private mutating func block(_ command: AgentCommand, by index: Int, on wait: WaitID, _ branches: [Branch]) {
    syncs[wait] = (index, branches)
    agents[index].activity = .blocked(command)
  }

  private mutating func modelBranch(_ branch: Branch) throws -> HeddleModel.Branch {
    let nack = branch.nack.map { name in
      let nack = nacks.id(of: name) ?? world.kernel.makeNack()
      if nacks.id(of: name) == nil { nacks.add(nack, as: name) }
      return nack
    }
    let event: Event =
      switch branch.source {
      case .mail: .mail
      case .receive: .receive
      case .always: .always
      case .never: .never
      case .semaphore(let name): .semaphore(try semaphores[name])
      case .peek(let name): .peek(try semaphores[name])
      case .put(let name, _): .put(try channels[name])
      case .get(let name): .get(try channels[name])
      case .event(let name): .state(try events[name])
      case .box(let name): .shutdown(try custodians[name])
      case .alarm(let milliseconds): .alarm(Instant(nanoseconds: UInt64(milliseconds) * 1_000_000))
      }
    return HeddleModel.Branch(event, nacks: nack.map { [$0] } ?? [])
  }

  // MARK: - Effects

  /// Does what the kernel says; bodies answer at once.
  mutating func perform(_ effects: [Effect]) {
    for effect in effects {
      var answers: [Effect] = []
      switch effect {
      case .runBody(let thread, let generation):
        world.kernel.bodyRunning(thread, generation: generation, effects: &answers)
      case .stopBody(let thread, let generation):
        world.kernel.bodyStopped(thread, generation: generation, effects: &answers)
      case .endBody(let thread, _): world.kernel.bodyEnded(thread, .killed, effects: &answers)
      case .chosen(let wait, let branch, let choice): end(wait, ending(branch, choice))
      case .broken(let wait, let kind): end(wait, .broken(kind))
      // An agent looks for breaks itself, and a thread that is ending reports nothing.
      case .breakReady, .withdrawn, .happened, .shutDown, .shutdownComplete: break
      }
      perform(answers)
    }
  }

  private mutating func end(_ wait: WaitID, _ ending: CoreAgent.Ending) {
    guard let index = syncs[wait]?.agent, case .blocked(let command) = agents[index].activity else { return }
    agents[index].activity = .woken(command, ending)
  }

  private mutating func ending(_ branch: Int, _ choice: Choice) -> CoreAgent.Ending {
    switch choice {
    case .ready: return .chosen(branch: branch, value: nil)
    case .message(let owner): return .chosen(branch: branch, value: world.mailboxes[owner]?.receive())
    case .nested(let end): return .nested(end)
    case .met(let partner, let theirBranch):
      guard case .put(_, let value) = syncs[partner]?.branches[theirBranch].source else {
        return .chosen(branch: branch, value: nil)
      }
      return .chosen(branch: branch, value: value)
    }
  }
}
