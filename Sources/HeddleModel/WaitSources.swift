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
    guard let count = semaphores[semaphore]?.count else { throw .noSuchSemaphore(semaphore) }
    semaphores[semaphore]?.count = count == .max ? count : count + 1
    serveSemaphore(semaphore, effects: &effects)
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
    while let count = threads[thread]?.mailCount, count > 0, let wait = ties[thread]?.mailWatchers.first {
      agenda.append(wait)
      finishStep(&effects)
    }
  }

  private mutating func serveSemaphore(_ semaphore: SemaphoreID, effects: inout Effects) {
    while let record = semaphores[semaphore], record.count > 0, let wait = record.watchers.first {
      agenda.append(wait)
      finishStep(&effects)
    }
  }

  mutating func settle(_ nack: NackID, isReady: Bool) {
    guard nacks[nack]?.state == .pending else { return }
    nacks[nack]?.state = isReady ? .ready : .silent
    if isReady { agenda.append(contentsOf: nacks[nack]?.watchers.members ?? []) }
  }

  /// Throws unless what the branch names exists.
  func requireSource(of branch: Branch, in owner: ThreadID?) throws(Refusal) {
    switch branch.event {
    case .state(let event):
      if !threads.wasUsed(event.thread) { throw .noSuchThread(event.thread) }
    case .mail, .receive, .nestedEnd:
      if owner == nil { throw .notInThread(branch.event) }
    case .semaphore(let id), .peek(let id):
      if semaphores[id] == nil { throw .noSuchSemaphore(id) }
    case .put(let id), .get(let id):
      if channels[id] == nil { throw .noSuchChannel(id) }
    case .shutdown(let id): _ = try custodians.isShutDown(id)
    case .nack(let id):
      if nacks[id] == nil { throw .noSuchNack(id) }
    case .alarm, .always, .never: break
    }
    for nack in branch.nacks where nacks[nack] == nil { throw .noSuchNack(nack) }
  }

  func isReady(_ event: Event, for id: WaitID, _ wait: Wait) -> Bool {
    switch event {
    case .state(let event): hasHappened(event)
    case .mail, .receive: wait.owner.flatMap { threads[$0]?.mailCount } ?? 0 > 0
    case .semaphore(let id), .peek(let id): semaphores[id]?.count ?? 0 > 0
    case .put, .get: partner(of: event, for: id) != nil
    case .shutdown(let id): (try? custodians.isShutDown(id)) ?? false
    case .alarm(let instant): instant <= now
    case .nack(let id): nacks[id]?.state == .ready
    case .nestedEnd:
      if case .done = wait.owner.flatMap({ threads[$0]?.nesting }) { true } else { false }
    case .always: true
    case .never: false
    }
  }

  /// Whether the event has happened. Of a thread that is forgotten, its death has.
  package func hasHappened(_ event: StateEvent) -> Bool {
    guard let record = threads[event.thread] else { return event.kind == .death && threads.wasUsed(event.thread) }
    return record.life.hasHappened(event.kind, event.generation)
  }

  /// The wait that has waited longest at the other end of the channel, and its first branch there; never the same wait.
  func partner(of event: Event, for id: WaitID) -> (wait: WaitID, branch: Int)? {
    let candidates: Roster<WaitID>?
    let other: Event
    switch event {
    case .put(let channel): (candidates, other) = (channels[channel]?.getters, .get(channel))
    case .get(let channel): (candidates, other) = (channels[channel]?.putters, .put(channel))
    default: return nil
    }
    guard let wait = candidates?.first(where: { $0 != id }),
      let branch = waits[wait]?.branches.firstIndex(where: { $0.event == other })
    else { return nil }
    return (wait, branch)
  }

  /// Takes from the source what choosing `event` takes.
  mutating func take(_ event: Event, owner: ThreadID?) -> Choice {
    switch event {
    case .semaphore(let id): semaphores[id]?.count -= 1
    case .receive:
      guard let owner else { break }
      threads[owner]?.mailCount -= 1
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
    case .state(let event) where event.kind == .death: ties[event.thread]?.deathWatchers.set(id, isIn: isQueued)
    case .state(let event): ties[event.thread]?.changeWatchers.set(id, isIn: isQueued)
    case .mail, .receive:
      guard let owner else { break }
      ties[owner]?.mailWatchers.set(id, isIn: isQueued)
      threads[owner]?.isMailAwaited = ties[owner]?.mailWatchers.isEmpty == false
    case .semaphore(let source), .peek(let source): semaphores[source]?.watchers.set(id, isIn: isQueued)
    case .put(let source): channels[source]?.putters.set(id, isIn: isQueued)
    case .get(let source): channels[source]?.getters.set(id, isIn: isQueued)
    case .shutdown(let source): custodians[source]?.watchers.set(id, isIn: isQueued)
    case .nack(let source): nacks[source]?.watchers.set(id, isIn: isQueued)
    case .alarm(let instant):
      if isQueued {
        alarms.insert(AlarmQueue.Alarm(instant: instant, ticket: ticket, wait: id))
      } else {
        alarms.noteStale { waits[$0.wait]?.ticket != $0.ticket }
      }
    case .nestedEnd, .always, .never: break
    }
  }
}
