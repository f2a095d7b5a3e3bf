internal import HeddleModel
package import HeddleWire

// Servers: threads that are a listener, and a program for each connection. `Server` decides when to accept.

/// A server that is made as soon as it listens.
struct Opening: Sendable {
  let connection: ConnectionID
  let request: RequestID
  let serve: Serve
  /// Where its own custodian goes.
  let parent: CustodianID
  /// Who asked, in words.
  let asker: String
}

/// Who wants to know how many wait to be accepted.
package struct WaitingCount: Equatable, Sendable {
  let connection: ConnectionID
  let request: RequestID
  let thread: ThreadID
}

extension Node {
  // MARK: - Requests

  /// Begins to make a server; the request is answered when it listens, or can't.
  mutating func serve(_ serve: Serve, for inquiry: Inquiry, effects: inout Effects) throws(WireRefusal) {
    guard ending == .no else { throw Sentences.ending }
    if let name = serve.program.name { try requireFree(name) }
    let parent = try place(serve.program.custodian, for: inquiry, to: "serve in")
    guard sharedCustodian(above: parent) == nil else { throw Sentences.notShared("serve in", "a custodian") }
    lastListener += 1
    let listener = ListenerID(rawValue: lastListener)
    openings[listener] = Opening(
      connection: inquiry.connection,
      request: inquiry.request,
      serve: serve,
      parent: parent,
      asker: asker
    )
    effects.append(.openListener(listener, serve.address, backlog: serve.backlog))
  }

  /// Asks how many wait, if the thread is a server; then it is shown with that.
  ///
  /// - Returns: whether the answer comes later.
  mutating func showLater(_ thread: ThreadID, for inquiry: Inquiry, effects: inout Effects) -> Bool {
    guard let listener = listener(of: thread) else { return false }
    let count = WaitingCount(connection: inquiry.connection, request: inquiry.request, thread: thread)
    effects.append(.countWaiting(listener, count))
    return true
  }

  // MARK: - Inputs

  /// The listener is there, at an address of which the port is known.
  package mutating func listenerOpened(_ listener: ListenerID, at address: ServerAddress, effects: inout Effects) {
    guard let opening = openings.removeValue(forKey: listener) else { return effects.append(.closeListener(listener)) }
    let former = asker
    asker = opening.asker
    defer { asker = former }
    do throws(WireRefusal) {
      guard connections[opening.connection] != nil else { throw Sentences.cancelled("serve at", "\(address)") }
      let thread = try makeServer(opening, listener, at: address)
      guard let info = info(thread) else { throw Sentences.noSuchThread(.id(thread), attempted: "serve with") }
      effects.append(.send(opening.connection, .reply(.spawned(info), opening.request)))
      change(listener, effects: &effects) { $0.opened() }
    } catch {
      effects.append(.closeListener(listener))
      effects.append(.send(opening.connection, .refusal(error, opening.request)))
    }
  }

  /// It can't listen there.
  ///
  /// - Parameter reason: a clause, if there is more to say than the number does.
  package mutating func listenerFailed(_ listener: ListenerID, errno: Int32, _ reason: String, effects: inout Effects) {
    guard let opening = openings.removeValue(forKey: listener) else { return }
    let refusal = Sentences.cannotListen(opening.serve.address, errno: errno, reason)
    effects.append(.send(opening.connection, .refusal(refusal, opening.request)))
  }

  /// Nothing can be accepted for now.
  package mutating func acceptFailed(_ listener: ListenerID, _ reason: String, effects: inout Effects) {
    fellShort(listener, reason, effects: &effects)
  }

  /// So many wait to be accepted; nil where the system does not say.
  package mutating func waitingCounted(_ waiting: Int?, for count: WaitingCount, effects: inout Effects) {
    guard var detail = detail(count.thread) else {
      let refusal = Sentences.noSuchThread(.id(count.thread), attempted: "show")
      return effects.append(.send(count.connection, .refusal(refusal, count.request)))
    }
    detail.thread.server?.waiting = waiting
    effects.append(.send(count.connection, .reply(.threadDetail(detail), count.request)))
  }

  // MARK: - The model's orders

  /// Nothing is accepted from now on.
  ///
  /// - Returns: whether the thread is a server; else it is not concerned.
  mutating func holdServer(_ thread: ThreadID, _ generation: UInt64, effects: inout Effects) -> Bool {
    guard let listener = listener(of: thread) else { return false }
    change(listener, effects: &effects) { $0.suspended() }
    step(effects: &effects) { $0.bodyStopped(thread, generation: generation, effects: &$1) }
    return true
  }

  /// - Returns: whether the thread is a server; else it is not concerned.
  mutating func resumeServer(_ thread: ThreadID, _ generation: UInt64, effects: inout Effects) -> Bool {
    guard let listener = listener(of: thread) else { return false }
    change(listener, effects: &effects) { $0.resumed() }
    step(effects: &effects) { $0.bodyRunning(thread, generation: generation, effects: &$1) }
    return true
  }

  /// Closes the listener; the thread ends when the last connection is gone.
  mutating func breakServer(_ thread: ThreadID, _ kind: BreakKind, effects: inout Effects) {
    guard let listener = listener(of: thread) else { return }
    change(listener, effects: &effects) { $0.broken(kind) }
  }

  /// Ends all of a server that is to end: the listener first, then what is in its custodian.
  mutating func endServer(_ thread: ThreadID, effects: inout Effects) {
    guard let listener = listener(of: thread), let custodian = entities.look(thread, { $0.currentCustodian }) else {
      return
    }
    // A snapshot has the thread alone.
    guard servers[listener] != nil else { return finishServer(thread, .lost, effects: &effects) }
    change(listener, effects: &effects) { $0.ended() }
    endSession(custodian, effects: &effects)
  }

  // MARK: - What follows

  /// The thread's listener, if it is a server that is not over.
  func listener(of thread: ThreadID) -> ListenerID? {
    guard case .server(let listener)? = entities.look(thread, { $0.body }) else { return nil }
    return listener
  }

  mutating func change(
    _ listener: ListenerID,
    effects: inout Effects,
    _ input: (inout Server) -> [Server.Effect]
  ) {
    guard var server = servers[listener] else { return }
    let orders = input(&server)
    servers[listener] = server
    for order in orders {
      switch order {
      case .accept(let isWanted): effects.append(.accept(listener, isWanted))
      case .close: effects.append(.closeListener(listener))
      case .over(let end): finishServer(server.thread, end, effects: &effects)
      }
    }
  }

  /// Neither a listener nor a connection is left: the thread is dead, and its custodian goes.
  private mutating func finishServer(_ thread: ThreadID, _ end: ProgramEnd, effects: inout Effects) {
    guard let listener = listener(of: thread), let custodian = entities.look(thread, { $0.currentCustodian }) else {
      return
    }
    endedServers[thread] = servers.removeValue(forKey: listener)?.info
    entities[thread]?.body = .draining(pid: nil, end, Stragglers(total: 0, named: []))
    outputDrained(thread, effects: &effects)
    endSession(custodian, effects: &effects)
  }

  /// A custodian is shut down: a server that it is the place of ends with it, whoever else manages the server by now.
  mutating func endServer(of custodian: CustodianID, effects: inout Effects) {
    guard let server = servers.values.first(where: { $0.custodian == custodian }),
      kernel.threads[server.thread]?.life.isAlive == true
    else { return }
    setEnder(.custodian(custodians.path(of: custodian) ?? .root), of: server.thread)
    step(effects: &effects) {
      // The root has authority over every thread.
      try? $0.kill(server.thread, by: $0.root, really: true, effects: &$1)
    }
  }

  mutating func fellShort(_ listener: ListenerID, _ reason: String, effects: inout Effects) {
    let (now, thread) = (now, servers[listener]?.thread)
    var isNews = false
    change(listener, effects: &effects) { server in
      let (new, effects) = server.fellShort(at: now)
      isNews = new
      return effects
    }
    if isNews, let thread { effects.append(.log(Sentences.fellShort(label(thread), reason))) }
  }

  /// Servers that had a pause accept again.
  mutating func endPauses(effects: inout Effects) {
    // Mostly there are none, and this is looked at in each step.
    guard servers.values.contains(where: { isDue($0) }) else { return }
    for listener in servers.keys.sorted() where servers[listener].map(isDue) == true {
      change(listener, effects: &effects) { [now] in $0.timePassed(to: now) }
    }
  }

  private func isDue(_ server: Server) -> Bool { server.nextDeadline.map { $0 <= now } ?? false }

  /// What is told of a server; nil for other threads.
  func serverInfo(_ thread: ThreadID) -> ServerInfo? {
    guard let listener = listener(of: thread) else { return endedServers[thread] }
    return servers[listener]?.info
  }

  // MARK: - Making

  private mutating func makeServer(
    _ opening: Opening,
    _ listener: ListenerID,
    at address: ServerAddress
  ) throws(WireRefusal) -> ThreadID {
    guard ending == .no else { throw Sentences.ending }
    var plan = opening.serve
    let name = plan.program.name ?? EntityName(ofServerAt: address)
    try requireFree(name)
    let custodian = try makeCustodian(name, below: opening.parent, to: "serve in")
    let thread: ThreadID
    do throws(Refusal) { thread = try kernel.makeThread(under: custodian) } catch {
      throw Sentences.refused(error, attempted: "serve with", subject: name.text, in: self)
    }
    plan.program.name = name
    plan.program.group = plan.program.group ?? group(of: opening.connection)
    plan.program.environment.removeAll { Visitor.isAbout($0) || $0.starts(with: "HEDDLE_".utf8) }
    var entity = Entity(of: plan.program, in: custodian, plan.program.group ?? .root, at: now, by: asker)
    entity.body = .server(listener)
    enter(entity, as: thread)
    names[name] = thread
    servers[listener] = Server(thread: thread, custodian: custodian, plan: plan, address: address)
    if plan.program.held { hold(thread, by: opening.connection) }
    record(.spawned(in: custodians.path(of: custodian)), of: thread)
    return thread
  }

  /// Makes a custodian for one thing alone.
  mutating func makeCustodian(
    _ name: EntityName,
    below parent: CustodianID,
    to attempted: String
  ) throws(WireRefusal) -> CustodianID {
    guard let path = try? custodians.path(of: parent)?.appending(name) else {
      throw Sentences.refused(.custodianShutDown(parent), attempted: attempted, subject: name.text, in: self)
    }
    if let holder = custodians[path] {
      throw Sentences.pathTaken(path, isShutDown: kernel.custodians[holder]?.isShutDown ?? true)
    }
    do throws(Refusal) {
      let custodian = try kernel.makeCustodian(below: parent)
      custodians.add(custodian, at: path)
      record(.custodianMade(path))
      return custodian
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: "\(path)", in: self)
    }
  }
}

extension EntityName {
  /// "serve-7000", or of a path's last part, "serve-echo.sock".
  init(ofServerAt address: ServerAddress) {
    var text = "serve-"
    switch address {
    case .internet(_, let port): text += String(port)
    case .unix(let path):
      let last = path.split(separator: UInt8(ascii: "/")).last ?? []
      for character in String(decoding: last, as: UTF8.self) {
        text += (try? EntityName("x\(character)")) == nil ? "-" : String(character)
      }
    }
    do { try self.init(text.prefix(Self.countMax)) } catch {
      preconditionFailure("each character was tried, and cut it is not too long: \(error)")
    }
  }
}
