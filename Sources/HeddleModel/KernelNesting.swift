// Nested threads. Racket: `call-in-nested-thread`.

extension Kernel {
  /// Makes a thread that is managed by `custodian`, and blocks `creator` until it is done. A break that is pending on
  /// the creator moves to it (TH-23).
  ///
  /// - Returns: the nested thread, and the creator's wait, which ends with `Choice.nested`.
  package mutating func makeNestedThread(
    in creator: ThreadID,
    under custodian: CustodianID,
    effects: inout Effects
  ) throws(Refusal) -> (thread: ThreadID, wait: WaitID) {
    try requireActing(creator)
    guard case .idle = threads[creator]?.nesting else { throw .alreadyNesting(creator) }
    let nested = try makeThread(under: custodian, breaksEnabled: threads[creator]?.breaks.areEnabled ?? true)
    threads[nested]?.creator = creator
    threads[creator]?.nesting = .active(nested, isLost: false)
    let wait = Wait(owner: creator, branches: Branches(.nestedEnd), breaking: .asInOwner)
    let id = begin(wait, firstLookAt: 0, effects: &effects)
    if let kind = threads[creator]?.breaks.take() { register(kind, with: nested, effects: &effects) }
    finishStep(&effects)
    return (nested, id)
  }

  /// Whether the thread is in a nested call, and has not been told of its end.
  package func isNesting(_ thread: ThreadID) -> Bool {
    switch threads.look(thread, \.nesting) {
    case .active, .done: true
    case .idle, nil: false
    }
  }

  /// Gives up a nested call: its creator goes on without the outcome. The nested thread, if it is not done, gets a break
  /// and lives on, nested no more, as if its creator had been killed (TH-21). No effect on a call that has ended.
  ///
  /// - Parameter call: the creator's wait.
  package mutating func abandonNestedCall(_ call: WaitID, effects: inout Effects) {
    guard let wait = waits.look(call, \.self), wait.isNested, let creator = wait.owner else { return }
    withdraw(call, .withdrawn(call), effects: &effects)
    breakNested(of: creator, effects: &effects)
    if case .active(let nested, _) = threads.look(creator, \.nesting) {
      threads[nested]?.creator = nil
      giveUpUnlessReachable(nested, effects: &effects)
    }
    threads[creator]?.nesting = .idle
    deliverBreak(to: creator, effects: &effects)
    giveUpUnlessReachable(creator, effects: &effects)
    finishStep(&effects)
  }

  /// The creator ends or is dead before its nested thread is done, which gets a break and lives on (TH-21). No effect when
  /// nothing is nested in the creator, or what is ends as well.
  mutating func breakNested(of creator: ThreadID, effects: inout Effects) {
    guard case .active(let nested, _) = threads.look(creator, \.nesting) else { return }
    register(.interrupt, with: nested, effects: &effects)
  }

  /// A thread is dead. If it was nested, its creator goes on, or waits for what is nested in the dead one (TH-25); a
  /// break that is left over moves to the creator (TH-27).
  mutating func finishNesting(of thread: ThreadID, effects: inout Effects) {
    guard let record = threads.look(thread, \.self), record.isNestedOrNesting else { return }
    if case .active(let inner, _) = record.nesting {
      threads[inner]?.creator = record.creator
      giveUpUnlessReachable(inner, effects: &effects)
    }
    threads[thread]?.nesting = .idle
    threads[thread]?.creator = nil
    guard let creator = record.creator, case .active(_, let isLost) = threads[creator]?.nesting else { return }
    if let leftover = threads[thread]?.breaks.take() { threads[creator]?.breaks.register(leftover) }
    if case .active(let inner, _) = record.nesting {
      threads[creator]?.nesting = .active(inner, isLost: true)
    } else {
      let outcome = isLost ? .killed : end(of: thread)
      threads[creator]?.nesting = .done(outcome)
      lookAgain(at: ties[creator]?.waits)
      giveUpUnlessReachable(creator, effects: &effects)
    }
  }

  private func end(of thread: ThreadID) -> BodyEnd {
    if case .dead(let end) = threads[thread]?.life.phase { end } else { .killed }
  }
}
