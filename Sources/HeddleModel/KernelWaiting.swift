import DequeModule

// Waiting: any number of events, one winner.

extension Kernel {
  /// Starts to wait for the first of several events. Exactly one effect ends the wait: `chosen`, `broken` or
  /// `withdrawn`; it may be among the effects of this very step. Nothing is taken from the events that lose. Racket:
  /// `sync`, `sync/enable-break`, `thread-wait`, `thread-receive`, `semaphore-wait`.
  ///
  /// A wait of a suspended thread takes nothing until the thread is resumed, and then queues at the back (SR-37).
  ///
  /// - Parameters:
  ///   - owner: the thread that waits; nil outside of any thread.
  ///   - enablesBreaks: whether a break is let in while waiting, whatever the thread's own setting.
  ///   - first: the branch to look at first; from there they are gone round in order. A fair shell draws it by lot.
  package mutating func sync(
    _ branches: [Branch],
    in owner: ThreadID?,
    enablesBreaks: Bool = false,
    firstLookAt first: Int = 0,
    effects: inout Effects
  ) throws(Refusal) -> WaitID {
    if let owner { try requireActing(owner) }
    for index in branches.indices { try requireSources(of: branches, at: index, in: owner) }
    let wait = Wait(owner: owner, branches: Branches(branches), breaking: enablesBreaks ? .always : .asInOwner)
    return begin(wait, firstLookAt: first, effects: &effects)
  }

  /// Starts to wait for one event: `sync` with a single branch that has no nacks.
  package mutating func sync(
    _ event: Event,
    in owner: ThreadID?,
    enablesBreaks: Bool = false,
    effects: inout Effects
  ) throws(Refusal) -> WaitID {
    if let owner { try requireActing(owner) }
    try requireSource(event, in: owner)
    let wait = Wait(owner: owner, branches: Branches(event), breaking: enablesBreaks ? .always : .asInOwner)
    return begin(wait, firstLookAt: 0, effects: &effects)
  }

  /// Starts to wait in the name of a thread for a part of it that gets breaks in a way of its own, as a process does by
  /// signals: none ends the wait. All else is as for `sync`, and the first branch that is ready is chosen.
  package mutating func syncUnbroken(
    _ branches: [Branch],
    in owner: ThreadID,
    effects: inout Effects
  ) throws(Refusal) -> WaitID {
    try requireActing(owner)
    for index in branches.indices { try requireSources(of: branches, at: index, in: owner) }
    let wait = Wait(owner: owner, branches: Branches(branches), breaking: .never)
    return begin(wait, firstLookAt: 0, effects: &effects)
  }

  /// Gives up a wait: its nacks become ready. No effect on one that has ended.
  package mutating func withdraw(_ wait: WaitID, effects: inout Effects) {
    withdraw(wait, .withdrawn(wait), effects: &effects)
    finishStep(&effects)
  }

  /// The clock stands at `instant`. No effect if it stood there or past it before.
  package mutating func advance(to instant: Instant, effects: inout Effects) {
    guard instant > now else { return }
    now = instant
    while let alarm = alarms.first, alarm.instant <= now {
      alarms.removeFirst()
      if waits[alarm.wait]?.ticket == alarm.ticket { agenda.append(alarm.wait) }
      finishStep(&effects)
    }
  }

  /// When `advance` has something to do next; nil when nothing waits for time. May be early.
  package var nextAlarm: Instant? { alarms.first?.instant }

  // MARK: - Shared with the other inputs

  /// Throws unless the thread exists and may still act.
  func requireActing(_ thread: ThreadID) throws(Refusal) {
    guard let isAlive = threads.look(thread, \.life.isAlive) else { throw missing(thread) }
    guard isAlive else { throw .threadDead(thread) }
  }

  /// Begins a wait, and ends the step. What can be chosen at once, or is broken, is never put down; what has to wait
  /// queues at its sources, and what its suspended owner begins does neither.
  mutating func begin(_ wait: Wait, firstLookAt first: Int, effects: inout Effects) -> WaitID {
    let id = waits.reserve()
    if let owner = wait.owner, threads.look(owner, \.life.isRunning) != true {
      putDown(wait, under: id)
    } else if let kind = takeBreak(into: wait) {
      effects.append(.broken(id, kind))
      settleNacks(of: wait, except: nil)
    } else if let branch = readyBranch(of: wait, id, from: first) {
      commit(wait, id, to: branch, effects: &effects)
    } else {
      putDown(wait, under: id)
      park(wait, id)
    }
    finishStep(&effects)
    return id
  }

  /// A thread runs again: a pending break that is let in goes first, then what is ready; else it queues at the back.
  mutating func goOnWaiting(_ thread: ThreadID, effects: inout Effects) {
    deliverBreak(to: thread, effects: &effects)
    for id in ties.look(thread, \.waits) ?? [] {
      guard let wait = waits.look(id, \.self), wait.ticket == nil else { continue }
      if let branch = readyBranch(of: wait, id, from: 0) {
        choose(branch, of: id, effects: &effects)
      } else {
        park(wait, id)
      }
    }
  }

  /// These waits are looked at again before the step ends.
  mutating func lookAgain(at watchers: Roster<WaitID>?) {
    for wait in watchers ?? [] { agenda.append(wait) }
  }

  /// Looks again at what has changed, in order, until nothing does. Ends every step.
  @inline(__always)
  mutating func finishStep(_ effects: inout Effects) {
    if !agenda.isEmpty { workOff(&effects) }
  }

  private mutating func workOff(_ effects: inout Effects) {
    while let id = agenda.popFirst() {
      guard let wait = waits.look(id, \.self), wait.ticket != nil, let branch = readyBranch(of: wait, id, from: 0)
      else { continue }
      choose(branch, of: id, effects: &effects)
    }
  }

  /// Ends a wait without a choice, if it has not ended: all its nacks become ready.
  mutating func withdraw(_ id: WaitID, _ effect: Effect, effects: inout Effects) {
    guard let wait = remove(id) else { return }
    effects.append(effect)
    settleNacks(of: wait, except: nil)
  }

  /// Takes a wait out of the queues of its sources; it is passed over from then on.
  mutating func unpark(_ id: WaitID) {
    guard let wait = waits.look(id, \.self), let ticket = wait.ticket else { return }
    waits.modify(id) { $0?.ticket = nil }
    leaveSources(wait, id, ticket: ticket)
  }

  private mutating func putDown(_ wait: Wait, under id: WaitID) {
    waits.insert(wait, under: id)
    if let owner = wait.owner { ties.modify(owner) { $0?.waits.append(id) } }
  }

  /// Queues a wait at its sources.
  private mutating func park(_ wait: Wait, _ id: WaitID) {
    lastTicket += 1
    waits.modify(id) { $0?.ticket = lastTicket }
    for index in 0..<wait.branches.count {
      setQueued(true, id, ticket: lastTicket, at: wait.branches[index], owner: wait.owner)
    }
  }

  private mutating func leaveSources(_ wait: Wait, _ id: WaitID, ticket: UInt64) {
    for index in 0..<wait.branches.count {
      setQueued(false, id, ticket: ticket, at: wait.branches[index], owner: wait.owner)
    }
  }

  /// Forgets a wait.
  private mutating func remove(_ id: WaitID) -> Wait? {
    guard let wait = waits.remove(id) else { return nil }
    if let owner = wait.owner { ties.modify(owner) { $0?.waits.remove(id) } }
    if let ticket = wait.ticket { leaveSources(wait, id, ticket: ticket) }
    return wait
  }

  private func readyBranch(of wait: Wait, _ id: WaitID, from first: Int) -> Int? {
    let count = wait.branches.count
    guard count > 0 else { return nil }
    let start = Int(first.magnitude % UInt(count))
    for index in start..<count where isReady(wait.branches[index], for: id, wait.owner) { return index }
    for index in 0..<start where isReady(wait.branches[index], for: id, wait.owner) { return index }
    return nil
  }

  private mutating func choose(_ branch: Int, of id: WaitID, effects: inout Effects) {
    if let wait = remove(id) { commit(wait, id, to: branch, effects: &effects) }
  }

  /// Commits a wait that is not put down to one of its branches: what the branch takes is taken, and the nacks of the
  /// others become ready.
  private mutating func commit(_ wait: Wait, _ id: WaitID, to branch: Int, effects: inout Effects) {
    let event = wait.branches[branch]
    if let (partner, theirBranch) = partner(of: event, for: id), let theirs = remove(partner) {
      end(theirs, partner, with: theirBranch, .met(id, branch: branch), effects: &effects)
      end(wait, id, with: branch, .met(partner, branch: theirBranch), effects: &effects)
    } else {
      end(wait, id, with: branch, take(event, owner: wait.owner), effects: &effects)
    }
    // The nested thread's outcome comes first, then a break that it left over (TH-29).
    if case .nestedEnd = event, let owner = wait.owner { deliverBreak(to: owner, effects: &effects) }
  }

  private mutating func end(_ wait: Wait, _ id: WaitID, with branch: Int, _ choice: Choice, effects: inout Effects) {
    effects.append(.chosen(id, branch: branch, choice))
    settleNacks(of: wait, except: branch)
  }

  /// The nacks of an ended wait become ready, but those of the branch that was chosen.
  private mutating func settleNacks(of wait: Wait, except chosen: Int?) {
    guard wait.branches.haveNacks else { return }
    for index in 0..<wait.branches.count {
      for nack in wait.branches.nacks(of: index) {
        settle(nack, isReady: chosen.map { !wait.branches.nacks(of: $0).contains(nack) } ?? true)
      }
    }
  }
}
