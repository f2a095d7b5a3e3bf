// Breaks.

extension Kernel {
  /// Registers a break with a thread, or with the innermost thread nested in it. It is raised when the thread runs with
  /// breaks enabled; it never resumes one (SR-47). No effect on one that is ending or dead. Racket: `break-thread`.
  package mutating func sendBreak(_ kind: BreakKind, to thread: ThreadID, effects: inout Effects) throws(Refusal) {
    try requireThread(thread)
    guard threads[thread]?.life.isAlive == true else { return }
    register(kind, with: thread, effects: &effects)
    finishStep(&effects)
  }

  /// The thread lets breaks in, or keeps them out, from now on. Racket: `break-enabled`.
  ///
  /// - Returns: the break to raise at once: one was pending and is let in now (BR-05).
  package mutating func setBreaksEnabled(_ enabled: Bool, in thread: ThreadID) throws(Refusal) -> BreakKind? {
    try requireThread(thread)
    threads[thread]?.breaks.areEnabled = enabled
    return takeBreak(of: thread)
  }

  /// The break to raise in a thread that stands at a safe point, which is not pending any more then. nil when there is
  /// none, or breaks are disabled, or the thread is not running.
  package mutating func takeBreak(of thread: ThreadID) -> BreakKind? {
    guard let record = threads[thread], record.life.phase == .running, record.breaks.areEnabled else { return nil }
    return threads[thread]?.breaks.take()
  }

  /// Registers a break with the innermost living thread of `thread` and those nested in it: one that is ending takes
  /// none, and the break is not to be lost with it.
  mutating func register(_ kind: BreakKind, with thread: ThreadID, effects: inout Effects) {
    var target: ThreadID?
    var next: ThreadID? = thread
    while let current = next, let record = threads[current] {
      if record.life.isAlive { target = current }
      if case .active(let nested, _) = record.nesting { next = nested } else { next = nil }
    }
    guard let target else { return }
    threads[target]?.breaks.register(kind)
    deliverBreak(to: target, effects: &effects)
  }

  /// Raises a pending break in the oldest wait that lets it in, or says that one is ready for the next safe point.
  mutating func deliverBreak(to thread: ThreadID, effects: inout Effects) {
    guard let record = threads.look(thread, \.self), let kind = record.breaks.pending, record.life.isRunning else {
      return
    }
    let broken = ties[thread]?.waits.first { id in waits[id].map { letsBreakIn($0, record) } ?? false }
    if let broken {
      _ = threads[thread]?.breaks.take()
      withdraw(broken, .broken(broken, kind), effects: &effects)
    } else if record.breaks.areEnabled, record.nesting == .idle {
      effects.append(.breakReady(thread))
    }
  }

  /// The pending break of the owner, which is running, if the wait lets it in; it is not pending any more then.
  mutating func takeBreak(into wait: Wait) -> BreakKind? {
    guard let owner = wait.owner, let record = threads.look(owner, \.self), record.breaks.pending != nil,
      letsBreakIn(wait, record)
    else { return nil }
    return threads[owner]?.breaks.take()
  }

  /// A nested call is never broken: the break goes to the nested thread, or waits for the call's outcome.
  private func letsBreakIn(_ wait: Wait, _ owner: ThreadRecord) -> Bool {
    guard !wait.isNested else { return false }
    return switch wait.breaking {
    case .asInOwner: owner.breaks.areEnabled
    case .always: true
    case .never: false
    }
  }
}
