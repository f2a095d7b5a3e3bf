/// A counting semaphore. Racket: `make-semaphore`.
struct Semaphore: Equatable, Codable, Sendable {
  var count: UInt64
  var watchers = Roster<WaitID>()
}

/// A rendezvous: a put and a get happen together or not at all. Racket: `make-channel`.
struct Channel: Equatable, Codable, Sendable {
  var putters = Roster<WaitID>()
  var getters = Roster<WaitID>()
}

/// A negative acknowledgement, until it is forgotten.
struct Nack: Equatable, Codable, Sendable {
  enum State: Equatable, Codable, Sendable {
    /// The wait that it was made for has not ended.
    case pending
    case ready
    /// Its event was chosen: it never becomes ready.
    case silent
  }

  var state = State.pending
  var watchers = Roster<WaitID>()
}

// What the waits wait for: whether it is ready, who queues for it, and what a choice takes from it.

extension Kernel {
  /// Racket: `make-semaphore`.
  package mutating func makeSemaphore(count: UInt64) -> SemaphoreID { semaphores.insert(Semaphore(count: count)) }

  /// Raises the count by one; the longest waiting gets it (EV-12). Racket: `semaphore-post`.
  package mutating func post(_ semaphore: SemaphoreID, effects: inout Effects) throws(Refusal) {
    let count = try count(of: semaphore)
    semaphores.modify(semaphore) { $0?.count = count == .max ? count : count + 1 }
    serveSemaphore(semaphore, effects: &effects)
  }

  package func count(of semaphore: SemaphoreID) throws(Refusal) -> UInt64 {
    guard let count = semaphores.look(semaphore, \.count) else { throw .noSuchSemaphore(semaphore) }
    return count
  }

  /// Drops a semaphore that nobody can reach; a wait that names it never gets it.
  package mutating func forget(_ semaphore: SemaphoreID) { semaphores.remove(semaphore) }

  /// Racket: `make-channel`.
  package mutating func makeChannel() -> ChannelID { channels.insert(Channel()) }

  package mutating func forget(_ channel: ChannelID) { channels.remove(channel) }

  /// A nack to name in one branch or several of the next wait. Racket: what `nack-guard-evt` hands out.
  package mutating func makeNack() -> NackID { nacks.insert(Nack()) }

  package mutating func forget(_ nack: NackID) { nacks.remove(nack) }

  /// Serves those that wait for the thread's mail, longest waiting first, while there is any.
  mutating func serveMail(of thread: ThreadID, effects: inout Effects) {
    while threads.look(thread, \.mailCount) ?? 0 > 0, let wait = ties.look(thread, \.mailWatchers.first) ?? nil {
      agenda.append(wait)
      finishStep(&effects)
    }
  }

  private mutating func serveSemaphore(_ semaphore: SemaphoreID, effects: inout Effects) {
    while let wait = semaphores.look(semaphore, { $0.count > 0 ? $0.watchers.first : nil }) ?? nil {
      agenda.append(wait)
      finishStep(&effects)
    }
  }

  mutating func settle(_ nack: NackID, isReady: Bool) {
    guard nacks.look(nack, \.state) == .pending else { return }
    nacks.modify(nack) { $0?.state = isReady ? .ready : .silent }
    if isReady { lookAgain(at: nacks.look(nack, \.watchers)) }
  }

  /// Throws unless what the branch at `index` names exists.
  func requireSources(of branches: [Branch], at index: Int, in owner: ThreadID?) throws(Refusal) {
    try requireSource(branches[index].event, in: owner)
    guard !branches[index].nacks.isEmpty else { return }
    for nack in branches[index].nacks where !nacks.contains(nack) { throw .noSuchNack(nack) }
  }

  /// Throws unless what the event names exists.
  func requireSource(_ event: Event, in owner: ThreadID?) throws(Refusal) {
    switch event {
    case .state(let event):
      if !threads.wasUsed(event.thread) { throw .noSuchThread(event.thread) }
    case .mail, .receive, .nestedEnd:
      if owner == nil { throw .notInThread(event) }
    case .semaphore(let id), .peek(let id):
      if !semaphores.contains(id) { throw .noSuchSemaphore(id) }
    case .put(let id), .get(let id):
      if !channels.contains(id) { throw .noSuchChannel(id) }
    case .shutdown(let id): _ = try custodians.isShutDown(id)
    case .nack(let id):
      if !nacks.contains(id) { throw .noSuchNack(id) }
    case .alarm, .always, .never: break
    }
  }

  func isReady(_ event: Event, for id: WaitID, _ owner: ThreadID?) -> Bool {
    switch event {
    case .state(let event): hasHappened(event)
    case .mail, .receive: owner.flatMap { threads.look($0, \.mailCount) } ?? 0 > 0
    case .semaphore(let id), .peek(let id): semaphores.look(id, \.count) ?? 0 > 0
    case .put, .get: partner(of: event, for: id) != nil
    case .shutdown(let id): (try? custodians.isShutDown(id)) ?? false
    case .alarm(let instant): instant <= now
    case .nack(let id): nacks.look(id, \.state) == .ready
    case .nestedEnd:
      if case .done = owner.flatMap({ threads[$0]?.nesting }) { true } else { false }
    case .always: true
    case .never: false
    }
  }

  /// Whether the event has happened. Of a thread that is forgotten, its death has.
  package func hasHappened(_ event: StateEvent) -> Bool {
    threads.look(event.thread) { $0.life.hasHappened(event.kind, event.generation) }
      ?? (event.kind == .death && threads.wasUsed(event.thread))
  }

  /// The wait that has waited longest at the other end of the channel, and its first branch there; never the same wait.
  func partner(of event: Event, for id: WaitID) -> (wait: WaitID, branch: Int)? {
    let (candidate, other): (WaitID?, Event)
    switch event {
    case .put(let channel):
      (candidate, other) = (channels.look(channel) { $0.getters.first { $0 != id } } ?? nil, .get(channel))
    case .get(let channel):
      (candidate, other) = (channels.look(channel) { $0.putters.first { $0 != id } } ?? nil, .put(channel))
    default: return nil
    }
    guard let candidate, let branch = waits.look(candidate, { $0.branches.firstIndex(of: other) }) ?? nil else {
      return nil
    }
    return (candidate, branch)
  }

  /// Takes from the source what choosing `event` takes.
  mutating func take(_ event: Event, owner: ThreadID?) -> Choice {
    switch event {
    case .semaphore(let id): semaphores.modify(id) { $0?.count -= 1 }
    case .receive:
      guard let owner else { break }
      threads.modify(owner) { $0?.mailCount -= 1 }
      return .message(from: owner)
    case .nestedEnd:
      guard let owner, case .done(let end) = threads[owner]?.nesting else { break }
      threads[owner]?.nesting = .idle
      return .nested(end)
    case .state, .mail, .peek, .put, .get, .shutdown, .alarm, .nack, .always, .never: break
    }
    return .ready
  }

  /// Puts a wait into the queue of one of its sources, or takes it out.
  mutating func setQueued(_ isQueued: Bool, _ id: WaitID, ticket: UInt64, at event: Event, owner: ThreadID?) {
    switch event {
    case .state(let event) where event.kind == .death:
      ties.modify(event.thread) { $0?.deathWatchers.set(id, isIn: isQueued) }
    case .state(let event): ties.modify(event.thread) { $0?.changeWatchers.set(id, isIn: isQueued) }
    case .mail, .receive: if let owner { setAwaitingMail(isQueued, id, in: owner) }
    case .semaphore(let source), .peek(let source): semaphores.modify(source) { $0?.watchers.set(id, isIn: isQueued) }
    case .put(let source): channels.modify(source) { $0?.putters.set(id, isIn: isQueued) }
    case .get(let source): channels.modify(source) { $0?.getters.set(id, isIn: isQueued) }
    case .shutdown(let source): custodians[source]?.watchers.set(id, isIn: isQueued)
    case .nack(let source): nacks.modify(source) { $0?.watchers.set(id, isIn: isQueued) }
    case .alarm(let instant):
      if isQueued {
        alarms.insert(AlarmQueue.Alarm(instant: instant, ticket: ticket, wait: id))
      } else {
        alarms.noteStale { waits[$0.wait]?.ticket != $0.ticket }
      }
    case .nestedEnd, .always, .never: break
    }
  }

  private mutating func setAwaitingMail(_ isQueued: Bool, _ id: WaitID, in thread: ThreadID) {
    ties.modify(thread) { $0?.mailWatchers.set(id, isIn: isQueued) }
    let isAwaited = ties.look(thread, \.mailWatchers.isEmpty) == false
    threads.modify(thread) { $0?.isMailAwaited = isAwaited }
  }
}
