internal import HeddleModel
internal import HeddleWire

// Threads whose body is a client's connection: a name, a mailbox, and nothing that runs here.

extension Node {
  /// The connection is a thread from now on, in its own session custodian.
  mutating func becomeThread(_ name: EntityName, for inquiry: Inquiry) throws(WireRefusal) -> ThreadInfo {
    guard ending == .no else { throw Sentences.ending }
    try requireFree(name)
    let id = inquiry.connection
    guard let connection = connections[id], connection.worker == nil, !isThread(id), connection.hand.received == 0,
      connection.waits.isEmpty
    else { throw Sentences.becomesTooLate(name) }
    let custodian = try sessionCustodian(of: id, to: "make a thread \(name.text) in")
    let thread: ThreadID
    do throws(Refusal) { thread = try kernel.makeThread(under: custodian) } catch {
      throw Sentences.refused(error, attempted: "make", subject: name.text, in: self)
    }
    var entity = Entity(
      name: name,
      argv: [],
      start: .ofConnection,
      channel: .none,
      currentCustodian: custodian,
      group: group(of: id),
      linger: false,
      breaksDisabled: false,
      takesStream: false,
      createdAt: now,
      isTransient: false,
      isHeld: false,
      timeout: nil,
      input: .closed,
      mailbox: Mailbox(bounds: Limits.mailbox(nil)),
      changedAt: now,
      lastChange: ThreadInfo.Change(what: "started", by: asker)
    )
    entity.body = .connection(id, pid: connection.peer.pid)
    enter(entity, as: thread)
    names[name] = thread
    // Whatever processes the client is of: from now on it is a thread itself.
    unplaced.remove(id)
    connections[id]?.own = thread
    record(.spawned(in: custodians.path(of: custodian)), of: thread)
    record(.started(pid: connection.peer.pid), of: thread, by: "")
    guard let info = info(thread) else { throw Sentences.noSuchThread(.id(thread), attempted: "make") }
    return info
  }

  /// Whether the thread's body is a connection.
  func isConnection(_ thread: ThreadID) -> Bool { connection(thatIs: thread) != nil }

  func connection(thatIs thread: ThreadID) -> ConnectionID? {
    guard case .connection(let id, _)? = entities.look(thread, { $0.body }) else { return nil }
    return id
  }

  private func isThread(_ id: ConnectionID) -> Bool {
    connections[id]?.own.flatMap { connection(thatIs: $0) } == id
  }

  // MARK: - The model's orders

  /// Nothing is written to the connection from now on.
  ///
  /// - Returns: whether the thread is a connection; else it is not concerned.
  mutating func holdConnection(of thread: ThreadID, _ generation: UInt64, effects: inout Effects) -> Bool {
    guard let id = connection(thatIs: thread) else { return false }
    effects.append(.holdFrames(id, true))
    step(effects: &effects) { $0.bodyStopped(thread, generation: generation, effects: &$1) }
    return true
  }

  /// What was kept back is written, and what comes now.
  ///
  /// - Returns: whether the thread is a connection; else it is not concerned.
  mutating func resumeConnection(of thread: ThreadID, _ generation: UInt64, effects: inout Effects) -> Bool {
    guard let id = connection(thatIs: thread) else { return false }
    effects.append(.holdFrames(id, false))
    step(effects: &effects) { $0.bodyRunning(thread, generation: generation, effects: &$1) }
    return true
  }

  /// Ends a thread that is a connection, and the connection, whose client is told why. No effect on other threads.
  ///
  /// - Parameter end: what it died of, unless somebody has ended it.
  mutating func endConnection(of thread: ThreadID, _ end: ProgramEnd, effects: inout Effects) {
    guard let id = connection(thatIs: thread) else { return }
    entities[thread]?.body = .draining(pid: nil, end, Stragglers(total: 0, named: []))
    if let entity = entities[thread] {
      refuseConnection(id, Sentences.threadEnded(entity, cause(entity), by: asker), effects: &effects)
    }
    outputDrained(thread, effects: &effects)
  }

  /// The client has gone, and with it the thread that it was, if it was one.
  mutating func endThread(of id: ConnectionID, _ own: ThreadID?, effects: inout Effects) {
    if let own, connection(thatIs: own) == id { endConnection(of: own, .exit(code: 0), effects: &effects) }
  }
}
