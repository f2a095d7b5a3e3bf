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
    for branch in branches { try requireSource(of: branch, in: owner) }
    let wait = beginWait(branches, of: owner, enablesBreaks: enablesBreaks, firstLookAt: first, effects: &effects)
    finishStep(&effects)
    return wait
  }

  /// Gives up a wait: its nacks become ready. No effect on one that has ended.
  package mutating func withdraw(_ wait: WaitID, effects: inout Effects) {
    guard waits[wait] != nil else { return }
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
    try requireThread(thread)
    guard threads[thread]?.life.isAlive == true else { throw .threadDead(thread) }
  }

  mutating func beginWait(
    _ branches: [Branch],
    of owner: ThreadID?,
    enablesBreaks: Bool,
    firstLookAt first: Int,
    effects: inout Effects
  ) -> WaitID {
    let id = waits.insert(Wait(owner: owner, branches: branches, enablesBreaks: enablesBreaks))
    guard let owner else {
      lookOrPark(id, from: first, effects: &effects)
      return id
    }
    threads[owner]?.waits.append(id)
    guard threads[owner]?.life.phase == .running else { return id }
    if !raiseBreak(in: id, of: owner, effects: &effects) { lookOrPark(id, from: first, effects: &effects) }
    return id
  }

  /// A thread runs again: a pending break that is let in goes first, then what is ready; else it queues at the back.
  mutating func goOnWaiting(_ thread: ThreadID, effects: inout Effects) {
    deliverBreak(to: thread, effects: &effects)
    for wait in threads[thread]?.waits.members ?? [] where waits[wait]?.ticket == nil {
      lookOrPark(wait, from: 0, effects: &effects)
    }
  }

  /// Looks again at what has changed, in order, until nothing does. Ends every step.
  mutating func finishStep(_ effects: inout Effects) {
    while let wait = agenda.popFirst() {
      guard waits[wait]?.ticket != nil, let branch = readyBranch(of: wait, from: 0) else { continue }
      choose(branch, of: wait, effects: &effects)
    }
  }

  /// Ends a wait without a choice: all its nacks become ready.
  mutating func withdraw(_ id: WaitID, _ effect: Effect, effects: inout Effects) {
    guard let wait = waits[id] else { return }
    remove(id)
    effects.append(effect)
    for nack in wait.nacks { settle(nack, isReady: true) }
  }

  /// Takes a wait out of the queues of its sources; it is passed over from then on.
  mutating func unpark(_ id: WaitID) {
    guard let wait = waits[id], let ticket = wait.ticket else { return }
    waits[id]?.ticket = nil
    for branch in wait.branches { setQueued(false, id, ticket: ticket, at: branch.event, owner: wait.owner) }
  }

  private mutating func raiseBreak(in wait: WaitID, of owner: ThreadID, effects: inout Effects) -> Bool {
    guard let record = threads[owner], let kind = record.breaks.pending, letsBreakIn(wait, record) else { return false }
    _ = threads[owner]?.breaks.take()
    withdraw(wait, .broken(wait, kind), effects: &effects)
    return true
  }

  private mutating func lookOrPark(_ id: WaitID, from first: Int, effects: inout Effects) {
    if let branch = readyBranch(of: id, from: first) {
      choose(branch, of: id, effects: &effects)
    } else if let wait = waits[id] {
      lastTicket += 1
      waits[id]?.ticket = lastTicket
      for branch in wait.branches { setQueued(true, id, ticket: lastTicket, at: branch.event, owner: wait.owner) }
    }
  }

  private func readyBranch(of id: WaitID, from first: Int) -> Int? {
    guard let wait = waits[id], !wait.branches.isEmpty else { return nil }
    let count = wait.branches.count
    let start = first.magnitude % UInt(count)
    return (0..<count).lazy.map { (Int(start) + $0) % count }.first { isReady(wait.branches[$0].event, for: id, wait) }
  }

  /// Commits a wait to one of its branches: what the branch takes is taken, and the nacks of the others become ready.
  private mutating func choose(_ branch: Int, of id: WaitID, effects: inout Effects) {
    guard let wait = waits[id] else { return }
    let event = wait.branches[branch].event
    if let (partner, theirBranch) = partner(of: event, for: id) {
      end(partner, with: theirBranch, .met(id, branch: branch), effects: &effects)
      end(id, with: branch, .met(partner, branch: theirBranch), effects: &effects)
    } else {
      end(id, with: branch, take(event, owner: wait.owner), effects: &effects)
    }
    // The nested thread's outcome comes first, then a break that it left over (TH-29).
    if event == .nestedEnd, let owner = wait.owner { deliverBreak(to: owner, effects: &effects) }
  }

  private mutating func end(_ id: WaitID, with branch: Int, _ choice: Choice, effects: inout Effects) {
    guard let wait = waits[id] else { return }
    remove(id)
    effects.append(.chosen(id, branch: branch, choice))
    for nack in wait.nacks { settle(nack, isReady: !wait.branches[branch].nacks.contains(nack)) }
  }

  private mutating func remove(_ id: WaitID) {
    unpark(id)
    if let owner = waits[id]?.owner { threads[owner]?.waits.remove(id) }
    waits.remove(id)
  }
}
