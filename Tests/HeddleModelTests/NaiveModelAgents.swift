import heddle_replay

/// What an agent is doing.
enum NaiveActivity {
  /// It waits for a command.
  case idle
  /// It is blocked.
  case waiting(NaiveWait)
  /// It is blocked in a nested call.
  case nesting
  /// Its wait ended, and this is still to be reported; a break comes after that, or what was taken would be lost.
  case answered(Report)
  /// It stopped itself; this is reported when it goes on, unless a break comes first.
  case stopped(Report)
}

extension NaiveModel {
  /// Puts the command in the private queue. A dead agent ignores its queue.
  func queue(_ command: AgentCommand, for thread: NaiveThread) throws(NameError) -> Outcome {
    try check(command)
    if case .nest(let name, _) = command { nestedNames.insert(name) }
    thread.commands.append(command)
    return .queued
  }

  /// - Throws: when the command names what does not exist.
  private func check(_ command: AgentCommand) throws(NameError) {
    switch command {
    case .wait(let name): _ = try thread(name)
    case .nest(let name, let custodian):
      try expectNew(name)
      _ = try self.custodian(custodian)
    case .sync(let branches, _):
      for branch in branches { try check(branch.source) }
    case .tryReceive, .receive, .rewind, .breaks, .selfSuspend, .selfKill, .raise, .exit, .breakState: break
    }
  }

  private func check(_ source: Branch.Source) throws(NameError) {
    switch source {
    case .semaphore(let name), .peek(let name): if semaphores[name] == nil { throw .unknown(name.text) }
    case .put(let name, _), .get(let name): if !channels.contains(name) { throw .unknown(name.text) }
    case .event(let name): _ = try event(name)
    case .box(let name): _ = try custodian(name)
    case .mail, .receive, .always, .never, .alarm: break
    }
  }

  /// Lets the agents run, in creation order, until none can.
  func settle() {
    var changed = true
    while changed {
      changed = false
      var index = 0
      while index < threads.count {
        while step(threads[index]) {
          conclude()
          changed = true
        }
        index += 1
      }
    }
  }

  func report(_ report: Report, by thread: NaiveThread) {
    reports.append(Observation.Event(thread.name, report))
  }

  /// One step of an agent; false when it can take none.
  private func step(_ thread: NaiveThread) -> Bool {
    guard thread.state == .running else { return false }
    switch thread.activity {
    case .waiting, .nesting: return false
    case .answered(let answer): goOn(thread, answer)
    case .stopped(let answer): if hasBreak(thread) { raiseBreak(in: thread) } else { goOn(thread, answer) }
    case .idle:
      if hasBreak(thread) {
        raiseBreak(in: thread)
      } else if !thread.commands.isEmpty {
        perform(thread.commands.removeFirst(), by: thread)
      } else {
        return false
      }
    }
    return true
  }

  private func hasBreak(_ thread: NaiveThread) -> Bool { thread.breaksEnabled && thread.pendingBreak != nil }

  private func goOn(_ thread: NaiveThread, _ answer: Report) {
    thread.activity = .idle
    report(answer, by: thread)
  }

  private func raiseBreak(in thread: NaiveThread) {
    thread.activity = .idle
    if let kind = thread.pendingBreak { report(.broken(kind), by: thread) }
    thread.pendingBreak = nil
  }

  private func perform(_ command: AgentCommand, by thread: NaiveThread) {
    switch command {
    case .tryReceive: report(.tryReceive(thread.mailbox.isEmpty ? nil : thread.mailbox.removeFirst()), by: thread)
    case .receive: wait(.receive, [Branch(.receive)], by: thread)
    case .rewind(let messages):
      for message in messages { thread.mailbox.insert(message, at: 0) }
      report(.rewind, by: thread)
    case .breaks(let enabled): thread.breaksEnabled = enabled
    case .wait(let name): if let target = try? self.thread(name) { wait(.death(target), [], by: thread) }
    case .selfSuspend: stop(thread, .selfSuspend) { suspend(thread) }
    case .selfKill:
      stop(thread, .selfKill) { kill(thread) }
    case .raise: end(thread, .raised)
    case .exit: end(thread, .returned)
    case .sync(let branches, let enabling): wait(.sync, branches, enablingBreaks: enabling, by: thread)
    case .nest(let name, let custodian):
      if let custodian = try? self.custodian(custodian) { nest(name, under: custodian, in: thread) }
    case .breakState: report(.breakState(enabled: thread.breaksEnabled), by: thread)
    }
  }

  /// A thread acts on itself, under its current custodian.
  private func stop(_ thread: NaiveThread, _ answer: Report, _ act: () -> Void) {
    guard isAllowed(thread.current, over: thread) else { return report(.error(.contract), by: thread) }
    thread.activity = .stopped(answer)
    act()
  }
}
