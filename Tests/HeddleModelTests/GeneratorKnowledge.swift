import heddle_replay

/// What the generator knows of its world: what anybody could who saw the operations and the observations.
struct GeneratorKnowledge {
  /// Every custodian that was made, in creation order.
  private(set) var custodians: [CustodianName] = [.root]
  private(set) var down: Set<CustodianName> = []
  private(set) var root = CustodianName.root
  /// Every thread that was made, in the order in which it was first seen.
  private(set) var threads: [ThreadName] = []
  private(set) var states: [ThreadName: ThreadState] = [:]
  /// Threads that were made by a nested call.
  private(set) var nested: [ThreadName] = []
  private(set) var events: [EventName] = []
  private(set) var semaphores: [SemaphoreName] = []
  private(set) var channels: [ChannelName] = []
  private(set) var nacks: [NackName] = []
  /// Threads that were given a command and have not reported since.
  private(set) var busy: Set<ThreadName> = []
  /// Threads whose breaks were last told to be disabled.
  private(set) var disabled: Set<ThreadName> = []
  /// The clock, in milliseconds.
  private(set) var now = 0

  var upCustodians: [CustodianName] { custodians.filter { !down.contains($0) } }

  func threads(_ state: ThreadState) -> [ThreadName] { threads.filter { states[$0] == state } }

  var living: [ThreadName] { threads.filter { states[$0] != .dead } }

  mutating func learn(_ operation: Operation, _ observation: Observation) {
    if observation.result != .failure(.contract) { note(operation) }
    for event in observation.events { busy.remove(event.thread) }
    down.formUnion(observation.down)
    states = observation.states
    for name in nested where states[name] != nil && !threads.contains(name) { threads.append(name) }
  }

  private mutating func note(_ operation: Operation) {
    switch operation {
    case .newRoot(let name):
      custodians.append(name)
      root = name
    case .makeCustodian(let name, _): custodians.append(name)
    case .thread(let name, _, _): threads.append(name)
    case .event(let name, _, _): events.append(name)
    case .semaphore(let name, _): semaphores.append(name)
    case .channel(let name): channels.append(name)
    case .tick(let milliseconds): now += milliseconds
    case .command(let name, let command): note(command, to: name)
    case .suspend, .kill, .resume, .shutdown, .send, .breakThread, .poll, .post, .managers, .members: break
    }
  }

  private mutating func note(_ command: AgentCommand, to thread: ThreadName) {
    busy.insert(thread)
    switch command {
    case .nest(let name, _): nested.append(name)
    case .breaks(enabled: true): disabled.remove(thread)
    case .breaks(enabled: false): disabled.insert(thread)
    case .sync(let branches, _): nacks += branches.compactMap(\.nack)
    case .tryReceive, .receive, .rewind, .wait, .selfSuspend, .selfKill, .raise, .exit, .breakState: break
    }
    if case .breaks = command { busy.remove(thread) }
  }

  /// Whether what a planned operation acts on has come to be.
  func allows(_ operation: Operation) -> Bool {
    switch operation {
    case .makeCustodian(_, let parent): custodians.contains(parent)
    case .thread(_, let custodian, _), .shutdown(let custodian), .members(let custodian):
      custodians.contains(custodian)
    case .suspend(let thread, _), .kill(let thread, _), .send(let thread, _, _), .breakThread(let thread, _),
      .managers(let thread), .event(_, _, let thread):
      states[thread] != nil
    case .command(let thread, let command): states[thread] != nil && allows(command)
    case .resume(let thread, let benefactor): states[thread] != nil && (benefactor.map(allows) ?? true)
    case .poll(.event(let event)): events.contains(event)
    case .post(let semaphore): semaphores.contains(semaphore)
    case .newRoot, .semaphore, .channel, .tick, .poll(.nack): true
    }
  }

  private func allows(_ benefactor: Benefactor) -> Bool {
    switch benefactor {
    case .thread(let thread): states[thread] != nil
    case .custodian(let custodian): custodians.contains(custodian)
    }
  }

  private func allows(_ command: AgentCommand) -> Bool {
    switch command {
    case .wait(let thread): states[thread] != nil
    case .nest(_, let custodian): custodians.contains(custodian)
    case .sync(let branches, _): branches.allSatisfy { allows($0.source) }
    case .tryReceive, .receive, .rewind, .breaks, .selfSuspend, .selfKill, .raise, .exit, .breakState: true
    }
  }

  private func allows(_ source: Branch.Source) -> Bool {
    switch source {
    case .semaphore(let semaphore), .peek(let semaphore): semaphores.contains(semaphore)
    case .put(let channel, _), .get(let channel): channels.contains(channel)
    case .event(let event): events.contains(event)
    case .box(let custodian): custodians.contains(custodian)
    case .mail, .receive, .always, .never, .alarm: true
    }
  }
}
