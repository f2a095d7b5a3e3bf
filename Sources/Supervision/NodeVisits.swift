internal import HeddleModel
internal import HeddleWire

// A server's connections: each a thread with a program, in a custodian of its own, which has its time.

extension Node {
  /// A connection was accepted for a server; the socket is to go to a program, or to be closed.
  package mutating func connected(
    _ socket: SocketID,
    from visitor: Visitor,
    at listener: ListenerID,
    effects: inout Effects
  ) {
    guard let (number, orders) = servers[listener]?.arrived(at: now), let server = servers[listener] else {
      return effects.append(.closeSocket(socket))
    }
    change(listener, effects: &effects) { _ in orders }
    do throws(WireRefusal) {
      try start(socket, number, from: visitor, of: server, listener, effects: &effects)
    } catch {
      // Its server is being shut down, or the custodian's name is somebody's.
      effects.append(.closeSocket(socket))
      servers[listener]?.noteTurnedAway()
      let line = Array("heddle: no program for \(visitor.text): \(error)\n".utf8)
      outputCame(line, from: server.thread, .standardError, effects: &effects)
      change(listener, effects: &effects) { $0.startEnded() }
      change(listener, effects: &effects) { $0.departed() }
    }
  }

  private mutating func start(
    _ socket: SocketID,
    _ number: UInt64,
    from visitor: Visitor,
    of server: Server,
    _ listener: ListenerID,
    effects: inout Effects
  ) throws(WireRefusal) {
    var program = server.plan.program
    // Nobody remembers it, and who holds the server holds it by that.
    (program.forget, program.held) = (true, false)
    program.name = freeName("\(program.name?.text ?? "").\(number)")
    let place = try EntityName(number)
    let custodian = try makeCustodian(place, below: server.custodian, to: "serve in")
    let thread: ThreadID
    do throws(Refusal) { thread = try kernel.makeThread(under: custodian) } catch {
      throw Sentences.refused(error, attempted: "serve", subject: visitor.text, in: self)
    }
    visited[custodian] = listener
    program.environment += visitor.environment
    visits[thread] = Visit(
      listener: listener,
      server: server.thread,
      custodian: custodian,
      visitor: visitor,
      timeout: server.plan.connectionTimeout
    )
    enter(Entity(of: program, in: custodian, program.group ?? .root, at: now, by: visitor.text), as: thread)
    if let name = program.name { names[name] = thread }
    if let timeout = server.plan.connectionTimeout { visitTimeouts.set(thread, at: now + timeout) }
    record(.spawned(in: custodians.path(of: custodian)), of: thread, by: visitor.text)
    var order = keeperProgram(program, for: thread, in: custodian)
    order.isGuarded = isGuarded(server.thread)
    order.connection = KeeperProgram.Connection(socket: socket, descriptor: server.plan.descriptor)
    effects.append(.order(.start(thread, order)))
  }

  /// A connection's name, unless it is none or somebody's.
  private func freeName(_ text: String) -> EntityName? {
    guard let name = try? EntityName(text), (try? requireFree(name)) != nil else { return nil }
    return name
  }

  /// A thread's program runs, or will not.
  mutating func endStart(of thread: ThreadID, effects: inout Effects) {
    guard let visit = visits[thread], !visit.isStartOver else { return }
    visits[thread]?.isStartOver = true
    change(visit.listener, effects: &effects) { $0.startEnded() }
  }

  // MARK: - Its time

  /// Breaks the connections whose time is up, and ends those that have had twice that.
  mutating func endOverdueVisits(effects: inout Effects) {
    while let thread = visitTimeouts.takeDue(at: now) {
      guard let visit = visits[thread], let timeout = visit.timeout,
        kernel.threads[thread]?.life.isAlive == true
      else { continue }
      let former = asker
      asker = "its timeout"
      defer { asker = former }
      if visit.isBroken {
        setEnder(.timeout(timeout * 2), of: thread)
        endSession(visit.custodian, effects: &effects)
      } else {
        breakOverdue(thread, visit, timeout, effects: &effects)
      }
    }
  }

  private mutating func breakOverdue(
    _ thread: ThreadID,
    _ visit: Visit,
    _ timeout: Duration,
    effects: inout Effects
  ) {
    visits[thread]?.isBroken = true
    servers[visit.listener]?.noteTimeout()
    visitTimeouts.set(thread, at: (entities[thread]?.createdAt ?? now) + timeout * 2)
    step(effects: &effects) {
      // It is alive, which is all that this asks for.
      try? $0.sendBreak(.interrupt, to: thread, effects: &$1)
    }
    record(.broken(.interrupt), of: thread)
  }

  // MARK: - Its end

  /// A thread is dead; if it served a connection, the rest of what is in the connection's custodian ends.
  mutating func endVisit(of thread: ThreadID, _ death: DeathRecord, effects: inout Effects) {
    guard let visit = visits[thread] else { return }
    servers[visit.listener]?.noteDeath(death.cause)
    endStart(of: thread, effects: &effects)
    if visit.timeout != nil {
      visitTimeouts.noteDeath { [kernel] in kernel.threads[$0]?.life.isAlive == true }
    }
    guard case .failedToStart(let errno, let stage) = death.cause else {
      return endSession(visit.custodian, effects: &effects)
    }
    // The server's own log tells why somebody was turned away.
    let reason = "\(stage) failed with errno \(errno)"
    let line = Array("heddle: no program for \(visit.visitor.text): \(reason)\n".utf8)
    outputCame(line, from: visit.server, .standardError, effects: &effects)
    endSession(visit.custodian, effects: &effects)
    // Behind its departure, which would be the end of a pause.
    if KeeperStage.isShortage(errno) { fellShort(visit.listener, reason, effects: &effects) }
  }

  /// Nothing is left in a custodian; if it was a connection's, there is room for another one.
  mutating func visitCompleted(in custodian: CustodianID, effects: inout Effects) {
    guard let listener = visited.removeValue(forKey: custodian) else { return }
    change(listener, effects: &effects) { $0.departed() }
  }
}

extension KeeperStage {
  /// Whether what could not be had may be there again: EAGAIN, ENOMEM, ENFILE, EMFILE.
  static func isShortage(_ errno: Int32) -> Bool { [11, 12, 23, 24].contains(errno) }
}

extension EntityName {
  /// The number in decimal.
  fileprivate init(_ number: UInt64) throws(WireRefusal) {
    do throws(EntityNameError) { try self.init(String(number)) } catch {
      preconditionFailure("a few digits are a name: \(error)")
    }
  }
}
