import DequeModule

// Reachability: a suspended thread that nobody can resume any more is given up. It has not terminated.
//
// The shell says who holds a thread; a shell that never says anything holds all of them for ever. A handle holds its
// thread. So does a state event that has happened, whose result is the thread, and one that will have happened as soon
// as the thread stands still; the resumption that a suspended thread waits for does not.

extension Kernel {
  /// One more handle holds the thread. A new thread has one.
  package mutating func hold(_ thread: ThreadID) { threads.modify(thread) { $0.holders += 1 } }

  /// A handle that held the thread is gone.
  package mutating func letGo(of thread: ThreadID, effects: inout Effects) {
    threads.modify(thread) { $0.holders -= 1 }
    giveUpUnlessReachable(thread, effects: &effects)
    finishStep(&effects)
  }

  /// The event of `kind` that the thread has now, for one that keeps it until it says so by `letGo(of:effects:)`.
  package mutating func claim(_ kind: StateEvent.Kind, of thread: ThreadID) throws(Refusal) -> StateEvent {
    let event = try event(kind, of: thread)
    threads.modify(thread) { $0.claim(event) }
    return event
  }

  /// Nobody keeps an event that was claimed once.
  package mutating func letGo(of event: StateEvent, effects: inout Effects) {
    threads.modify(event.thread) { $0.unclaim(event) }
    giveUpUnlessReachable(event.thread, effects: &effects)
    finishStep(&effects)
  }

  // MARK: - Shared with the other inputs

  /// Ends the body of a suspended thread that nobody can resume, and of those that depend on it alone. They never die by
  /// that (GC-01).
  mutating func giveUpUnlessReachable(_ thread: ThreadID, effects: inout Effects) {
    guard threads[thread]?.isFree == true, !isMovedByBenefactors(thread) else { return }
    var pending: Deque = [thread]
    while let next = pending.popFirst() {
      guard threads[next]?.isFree == true, !isMovedByBenefactors(next) else { continue }
      threads.modify(next) { $0.giveUp() }
      pending.append(contentsOf: leaveWorld(next, effects: &effects))
      effects.append(.endBody(next, .unreachable))
    }
  }

  /// Whether a benefactor of the thread, or one of that, runs or can be resumed by somebody who holds it.
  private func isMovedByBenefactors(_ thread: ThreadID) -> Bool {
    var seen: Set = [thread]
    var pending: Deque = [thread]
    while let next = pending.popFirst() {
      for benefactor in ties[next]?.benefactors.members ?? [] where seen.insert(benefactor).inserted {
        guard threads[benefactor]?.isFree == true else { return true }
        pending.append(benefactor)
      }
    }
    return false
  }
}

extension ThreadRecord {
  /// Whether it stands still, and neither a holder nor a thread that is nested with it has to do with it.
  fileprivate var isFree: Bool {
    guard life.phase == .suspended, holders == 0, creator == nil else { return false }
    if case .active = nesting { return false }
    return true
  }

  /// Whether the event is the resumption that the suspended thread waits for.
  private func isAwaited(_ event: StateEvent) -> Bool {
    event.kind == .resumption && life.phase == .suspended && event.generation == life.eventGeneration(.resumption)
  }

  fileprivate mutating func claim(_ event: StateEvent) {
    if isAwaited(event) { resumptionClaims += 1 } else { holders += 1 }
  }

  fileprivate mutating func unclaim(_ event: StateEvent) {
    if isAwaited(event) { resumptionClaims -= 1 } else { holders -= 1 }
  }

  fileprivate mutating func giveUp() { isGivenUp = life.end() }

  /// The thread was resumed: the resumption that it waited for has happened, so its claims hold the thread from now on.
  mutating func holdByResumption() {
    holders += resumptionClaims
    resumptionClaims = 0
  }
}
