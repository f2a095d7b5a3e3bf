// Suspending, resuming and ending threads, and what their bodies answer.

extension Kernel {
  /// Stops a running thread. No effect on one that is suspended, ending or dead. Racket: `thread-suspend`.
  ///
  /// - Parameter caller: the custodian in whose name it is done; it needs authority over the thread.
  package mutating func suspend(
    _ thread: ThreadID,
    by caller: CustodianID,
    effects: inout Effects
  ) throws(Refusal) {
    try requireThread(thread)
    try requireAuthority(caller, over: thread)
    stop(thread, effects: &effects)
    finishStep(&effects)
  }

  /// Ends a thread, or suspends it if it was made so. No effect on one that is ending or dead, or suspended instead
  /// already (TH-12). Racket: `kill-thread`.
  ///
  /// - Parameters:
  ///   - caller: the custodian in whose name it is done; it needs authority over the thread.
  ///   - really: whether a suspend-to-kill thread ends, too.
  package mutating func kill(
    _ thread: ThreadID,
    by caller: CustodianID,
    really: Bool = false,
    effects: inout Effects
  ) throws(Refusal) {
    try requireThread(thread)
    try requireAuthority(caller, over: thread)
    // A thread that lost all its custodians is anybody's to kill in vain (SR-44), but to end it takes the root.
    if really, ties.look(thread, \.custodians.isEmpty) == true, threads[thread]?.life.isAlive == true, caller != root {
      throw .notAuthorised(thread: thread, manager: root, caller: caller)
    }
    if threads[thread]?.suspendsOnKill == true, !really {
      stop(thread, effects: &effects)
    } else {
      end(thread, .killed, effects: &effects)
      breakNested(of: thread, effects: &effects)
    }
    finishStep(&effects)
  }

  /// The body stands still, by the order of `generation`. Ignored when a later order was given since.
  package mutating func bodyStopped(_ thread: ThreadID, generation: UInt64, effects: inout Effects) {
    bodyFollowed(thread, generation, effects: &effects)
  }

  /// The body goes on, by the order of `generation`. Ignored when a later order was given since.
  package mutating func bodyRunning(_ thread: ThreadID, generation: UInt64, effects: inout Effects) {
    bodyFollowed(thread, generation, effects: &effects)
  }

  /// The body is gone, by itself or by order: the thread is dead, and its death event fires, once.
  package mutating func bodyEnded(_ thread: ThreadID, _ end: BodyEnd, effects: inout Effects) {
    // One that was given up has not terminated by that.
    guard let record = threads.look(thread, \.self), !record.isGivenUp,
      threads.modify(thread, { $0?.life.bodyEnded(end) }) == true
    else { return }
    effects.append(.happened(StateEvent(thread: thread, kind: .death, generation: 0)))
    if record.life.isAlive {
      for dependent in leaveWorld(thread, effects: &effects) { giveUpUnlessReachable(dependent, effects: &effects) }
      breakNested(of: thread, effects: &effects)
    }
    lookAgain(at: ties.look(thread, \.deathWatchers))
    finishNesting(of: thread, effects: &effects)
    release(thread, effects: &effects)
    finishStep(&effects)
  }

  // MARK: - Shared with the other inputs

  mutating func stop(_ thread: ThreadID, effects: inout Effects) {
    guard let generation = threads.modify(thread, { $0?.life.suspend() }) else { return }
    for wait in ties.look(thread, \.waits) ?? [] { unpark(wait) }
    effects.append(.stopBody(thread, generation: generation))
    giveUpUnlessReachable(thread, effects: &effects)
  }

  /// Decides that a thread ends; its death comes with `bodyEnded`. What is nested in it is the caller's to break, once all
  /// that ends in this step is decided.
  mutating func end(_ thread: ThreadID, _ reason: EndReason, effects: inout Effects) {
    guard threads.modify(thread, { $0?.life.end() }) == true else { return }
    awaitEnd(of: thread)
    // First: whoever is woken by the withdrawal of its waits knows why.
    effects.append(.endBody(thread, reason))
    let dependents = leaveWorld(thread, effects: &effects)
    for dependent in dependents { giveUpUnlessReachable(dependent, effects: &effects) }
  }

  /// Takes a thread that will not act again out of all that might still move it.
  ///
  /// - Returns: the threads that it cannot resume any more.
  mutating func leaveWorld(_ thread: ThreadID, effects: inout Effects) -> Roster<ThreadID> {
    for wait in ties.look(thread, \.waits) ?? [] { withdraw(wait, .withdrawn(wait), effects: &effects) }
    for manager in ties.look(thread, \.custodians) ?? [] { custodians.modify(manager) { $0?.members.remove(thread) } }
    ties.modify(thread) { $0?.custodians = [] }
    threads.modify(thread) { $0?.mailCount = 0 }
    return detach(thread)
  }

  /// Ends the thread's attachments, in both directions.
  ///
  /// - Returns: those that were attached to it.
  private mutating func detach(_ thread: ThreadID) -> Roster<ThreadID> {
    guard ties.look(thread, \.isAttached) == true else { return [] }
    for benefactor in ties[thread]?.benefactors ?? [] { ties[benefactor]?.dependents.remove(thread) }
    let dependents = ties[thread]?.dependents ?? []
    for dependent in dependents { ties[dependent]?.benefactors.remove(thread) }
    ties[thread]?.benefactors = []
    ties[thread]?.dependents = []
    return dependents
  }

  /// From here on the shutdown of the thread's custodians waits for its body.
  private mutating func awaitEnd(of thread: ThreadID) {
    let managers = ties.look(thread, \.custodians) ?? []
    ties.modify(thread) { $0?.awaitedBy = managers }
    for manager in managers { custodians.modify(manager) { $0?.departing.append(thread) } }
  }

  /// Tells the custodians that waited for the thread's body that it is gone.
  private mutating func release(_ thread: ThreadID, effects: inout Effects) {
    guard let awaitedBy = ties.look(thread, \.awaitedBy), !awaitedBy.isEmpty else { return }
    ties.modify(thread) { $0?.awaitedBy = [] }
    for custodian in awaitedBy {
      custodians.modify(custodian) { $0?.departing.remove(thread) }
      for completed in custodians.removeCompleted(from: custodian) { effects.append(.shutdownComplete(completed)) }
    }
  }

  private mutating func bodyFollowed(_ thread: ThreadID, _ generation: UInt64, effects: inout Effects) {
    guard let happened = threads.modify(thread, { $0?.life.bodyFollowed(generation) }) else { return }
    for generation in happened {
      let event = StateEvent(
        thread: thread,
        kind: generation % 2 == 1 ? .suspension : .resumption,
        generation: (generation + 1) / 2
      )
      effects.append(.happened(event))
    }
    lookAgain(at: ties.look(thread, \.changeWatchers))
    finishStep(&effects)
  }
}
