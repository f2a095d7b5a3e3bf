import heddle_replay

/// A thread of the naive model, with the agent that is its body.
final class NaiveThread {
  let name: ThreadName
  let suspendToKill: Bool
  /// The current custodian of the thread's own calls.
  let current: NaiveCustodian
  /// Whose nested thread this is.
  let creator: NaiveThread?
  /// The nested thread that this one waits for, until that and all nested in it are done; it may be dead by then.
  var nested: NaiveThread?

  var state = ThreadState.running
  /// Whether the body of a dead thread has said so; the death event fires then.
  var hasEnded = false
  /// How often the thread went from running to suspended.
  var suspensions = 0
  /// How often the thread went from suspended to running.
  var resumptions = 0

  var breaksEnabled: Bool
  var pendingBreak: BreakKind?
  /// Oldest first.
  var mailbox: [Int] = []
  /// The private queue, oldest first.
  var commands: [AgentCommand] = []
  var activity = NaiveActivity.idle

  init(
    _ name: ThreadName,
    current: NaiveCustodian,
    suspendToKill: Bool = false,
    breaksEnabled: Bool = true,
    creator: NaiveThread? = nil
  ) {
    self.name = name
    self.current = current
    self.suspendToKill = suspendToKill
    self.breaksEnabled = breaksEnabled
    self.creator = creator
  }
}

/// What a body is told to do. It answers when all has been decided.
enum NaiveOrder {
  case stop(NaiveThread)
  case run(NaiveThread)
  case end(NaiveThread, NestedOutcome)
}

extension NaiveModel {
  /// Lets waits end and bodies answer, after something was decided.
  func conclude() {
    serve()
    while !orders.isEmpty {
      answer(orders.removeFirst())
      serve()
    }
  }

  private func answer(_ order: NaiveOrder) {
    switch order {
    case .stop(let thread): thread.suspensions += 1
    case .run(let thread): thread.resumptions += 1
    case .end(let thread, let outcome):
      thread.hasEnded = true
      if thread.nested == nil { finishNesting(of: thread, outcome) }
    }
  }

  func makeThread(
    _ name: ThreadName,
    under custodian: NaiveCustodian,
    suspendToKill: Bool
  ) throws(NameError) -> Outcome {
    try expectNew(name)
    guard !custodian.isDown else { return .failure(.contract) }
    let thread = NaiveThread(name, current: custodian, suspendToKill: suspendToKill)
    add(thread)
    add(custodian, toManagersOf: thread)
    return .void
  }

  func suspend(_ thread: NaiveThread) {
    guard thread.state == .running else { return }
    thread.state = .suspended
    orders.append(.stop(thread))
  }

  /// Kills, or suspends a thread that is to be suspended instead; what is nested in a killed one is broken.
  func kill(_ thread: NaiveThread) {
    guard thread.state != .dead else { return }
    condemn(thread)
    breakNested(of: thread)
  }

  /// The same, with what is nested left to the caller.
  func condemn(_ thread: NaiveThread) {
    if thread.suspendToKill { suspend(thread) } else { end(thread, .failed) }
  }

  /// What is nested in a dead thread gets a break, and lives on (TH-21).
  func breakNested(of thread: NaiveThread) {
    if thread.state == .dead, let nested = thread.nested { deliver(.interrupt, to: nested) }
  }

  /// The thread is dead from here on; `outcome` is for the creator, if it is a nested one.
  func end(_ thread: NaiveThread, _ outcome: NestedOutcome) {
    guard thread.state != .dead else { return }
    thread.state = .dead
    memberships.removeAll { $0.thread === thread }
    withdrawWait(of: thread)
    thread.activity = .idle
    orders.append(.end(thread, outcome))
  }

  func dependents(of thread: NaiveThread) -> [NaiveThread] {
    attachments.filter { $0.benefactor === thread }.map(\.dependent)
  }

  func resume(_ thread: NaiveThread, _ benefactor: Benefactor?) throws(NameError) -> Outcome {
    switch benefactor {
    case nil: break
    case .custodian(let name): add(try custodian(name), toManagersOf: thread)
    case .thread(let name): attach(thread, to: try self.thread(name))
    }
    resumeWithDependents(thread)
    return .void
  }

  private func attach(_ thread: NaiveThread, to benefactor: NaiveThread) {
    guard thread !== benefactor, thread.state != .dead, benefactor.state != .dead else { return }
    if !dependents(of: benefactor).contains(where: { $0 === thread }) { attachments.append((benefactor, thread)) }
    for custodian in managingCustodians(of: benefactor) { add(custodian, toManagersOf: thread) }
  }

  /// Resumes the target and then, breadth first, what is attached; each looks at its wait before the next does.
  private func resumeWithDependents(_ target: NaiveThread) {
    var reached = [target]
    while !reached.isEmpty {
      let thread = reached.removeFirst()
      guard thread.state == .suspended, isManaged(thread) else { continue }
      thread.state = .running
      orders.append(.run(thread))
      lookAgain(at: thread)
      reached += dependents(of: thread)
    }
  }
}
