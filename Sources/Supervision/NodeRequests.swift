internal import HeddleModel
internal import HeddleWire

// The requests of clients.

extension Node {
  /// One request, with who asks and in whose name.
  struct Inquiry {
    let connection: ConnectionID
    let request: RequestID
    /// The current custodian, for authority.
    let caller: CustodianID
  }

  mutating func handleRequest(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    let id = RequestID(rawValue: frame.header.id)
    do throws(WireRefusal) {
      guard !isOpen(id, on: connection) else { throw Sentences.requestIsOpen(id) }
      let request = try decode(frame)
      asker = connections[connection]?.peer.text ?? ""
      defer { asker = "" }
      let caller = try authority(request.authority)
      let inquiry = Inquiry(connection: connection, request: id, caller: caller)
      if let reply = try carryOut(request.command, for: inquiry, effects: &effects) {
        effects.append(.send(connection, .reply(reply, id)))
      }
    } catch {
      effects.append(.send(connection, .refusal(error, id)))
    }
  }

  private func decode(_ frame: Frame) throws(WireRefusal) -> Request {
    do throws(WireDecodingError) {
      return try Request(decoding: frame.body)
    } catch {
      throw WireRefusal(error)
    }
  }

  private func isOpen(_ request: RequestID, on connection: ConnectionID) -> Bool {
    connections[connection]?.waits[request] != nil
      || shutdowns.contains { $0.clients.contains { $0.connection == connection && $0.request == request } }
      || spawns.values.contains { $0.connection == connection && $0.request == request }
  }

  private mutating func authority(_ path: CustodianPath?) throws(WireRefusal) -> CustodianID {
    guard let path else { return kernel.root }
    guard let id = try custodian(path) else { throw Sentences.noSuchCustodian(path, attempted: "act as") }
    return id
  }

  /// - Returns: the answer; nil when it comes later.
  private mutating func carryOut(
    _ command: Request.Command,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Reply? {
    switch command {
    case .spawn(let spawn): try start(spawn, for: inquiry, effects: &effects)
    case .find(let thread): return .thread(try report(find(thread, to: "find"), to: "find"))
    case .list(let includeDead, let after): return list(includeDead: includeDead, after: after)
    case .suspend(let reference): try suspend(reference, for: inquiry, effects: &effects)
    case .resume(let reference, let benefactor):
      try resume(reference, benefactor, effects: &effects)
      return .done
    case .kill(let reference, let wait, let really):
      return try kill(reference, wait: wait, really: really, for: inquiry, effects: &effects)
    case .sendBreak(let reference, let kind):
      let thread = try find(reference, to: "break")
      try attempt("break", reference, effects: &effects) { (kernel, orders) throws(Refusal) in
        try kernel.sendBreak(kind, to: thread, effects: &orders)
      }
      return .done
    case .endMail(let reference):
      let thread = try find(reference, to: "end the mail of")
      entities[thread]?.mailbox.end()
      pump(thread, effects: &effects)
      return .done
    case .wait(let reference):
      let thread = try find(reference, to: "wait for")
      try wait(for: .death, of: thread, .death(thread), "wait for", reference, inquiry, effects: &effects)
    case .cancel(let request): return cancel(request, on: inquiry.connection, effects: &effects)
    case .logs(let reference, let tail): return log(of: try find(reference, to: "read the log of"), tail: tail)
    case .custodianNew(let path):
      try makeCustodian(path)
      return .done
    case .custodianTree(let path):
      guard let id = try custodian(path), let listing = listing(id) else {
        throw Sentences.noSuchCustodian(path, attempted: "list")
      }
      return .custodianTree(listing)
    case .custodianShutdown(let path, let follow):
      try shutDown(path, follow: follow, for: inquiry, effects: &effects)
    case .barrier: return .done
    case .daemonStatus: return .daemonStatus(status)
    }
    return nil
  }

  // MARK: - Threads

  private mutating func start(_ spawn: Spawn, for inquiry: Inquiry, effects: inout Effects) throws(WireRefusal) {
    guard ending == .no else { throw Sentences.ending }
    if let name = spawn.name, let holder = names[name], state(of: holder) != .dead {
      throw Sentences.nameTaken(name, by: holder)
    }
    let program = spawn.argv.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    let subject = spawn.name?.text ?? program
    guard let custodian = try custodian(spawn.custodian) else {
      throw Sentences.noSuchCustodian(spawn.custodian, attempted: "start \(subject) in")
    }
    let thread: ThreadID
    do throws(Refusal) {
      thread = try kernel.makeThread(under: custodian, suspendsOnKill: spawn.suspendToKill)
    } catch {
      throw Sentences.refused(error, attempted: "start", subject: subject, in: self)
    }
    let entity = Entity(
      name: spawn.name,
      argv: Entity.shortened(spawn.argv),
      channel: spawn.channel,
      linger: spawn.linger,
      createdAt: now,
      input: .closed,
      mailbox: Mailbox(bounds: Limits.mailbox(spawn.mailboxBounds)),
      changedAt: now,
      lastChange: ThreadInfo.Change(what: "started", by: asker)
    )
    let entry = entities.insert(entity)
    precondition(entry == thread, "every thread of the model is an entity, and is made together with it")
    let formerHolder = spawn.name.flatMap { names.updateValue(thread, forKey: $0) }
    spawns[thread] = PendingSpawn(
      connection: inquiry.connection,
      request: inquiry.request,
      formerHolder: formerHolder
    )
    effects.append(.order(.start(thread, keeperProgram(spawn, for: thread, in: custodian))))
  }

  private func keeperProgram(_ spawn: Spawn, for thread: ThreadID, in custodian: CustodianID) -> KeeperProgram {
    var environment = spawn.environment.filter { !$0.starts(with: "HEDDLE_".utf8) }
    func set(_ key: String, _ value: String) { environment.append(Array("HEDDLE_\(key)=\(value)".utf8)) }
    if let name = spawn.name { set("NAME", name.text) }
    set("ID", "\(thread)")
    set("CUSTODIAN", "\(custodians.path(of: custodian) ?? .main)")
    set("NODE", identity.name)
    set("SOCKET", identity.socketPath)
    var program = KeeperProgram(
      arguments: spawn.argv,
      environment: environment,
      directory: spawn.cwd,
      standardInput: spawn.channel == .lines ? .pipe : .null
    )
    program.lingers = spawn.linger
    program.umask = spawn.umask
    program.limits = spawn.limits
    program.allowsSetuid = spawn.allowSetuid
    return program
  }

  private mutating func suspend(
    _ reference: ThreadReference,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    let thread = try find(reference, to: "suspend")
    try attempt("suspend", reference, effects: &effects) { (kernel, orders) throws(Refusal) in
      try kernel.suspend(thread, by: inquiry.caller, effects: &orders)
    }
    // A thread that is dead, or dies before it stands still, is answered as well: it does not run.
    try wait(for: .suspension, of: thread, .done, "suspend", reference, inquiry, effects: &effects)
  }

  private mutating func resume(
    _ reference: ThreadReference,
    _ benefactor: Request.Benefactor?,
    effects: inout Effects
  ) throws(WireRefusal) {
    let thread = try find(reference, to: "resume")
    let giver: Benefactor?
    switch benefactor {
    case .thread(let other): giver = .thread(try find(other, to: "take as benefactor"))
    case .custodian(let path):
      guard let id = try custodian(path) else {
        throw Sentences.noSuchCustodian(path, attempted: "take as benefactor")
      }
      giver = .custodian(id)
    case nil: giver = nil
    }
    try attempt("resume", reference, effects: &effects) { (kernel, orders) throws(Refusal) in
      try kernel.resume(thread, benefactor: giver, effects: &orders)
    }
  }

  private mutating func kill(
    _ reference: ThreadReference,
    wait waits: Bool,
    really: Bool,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Reply? {
    let thread = try find(reference, to: "kill")
    let wasDead = state(of: thread) == .dead
    let wasAlive = kernel.threads[thread]?.life.isAlive == true
    try attempt("kill", reference, effects: &effects) { (kernel, orders) throws(Refusal) in
      try kernel.kill(thread, by: inquiry.caller, really: really, effects: &orders)
    }
    if kernel.threads[thread]?.life.phase == .suspended { return .killed(.suspended) }
    if wasAlive { setEnder(.request(by: asker), of: thread) }
    if wasDead { return .killed(.wasDead) }
    if !waits { return .killed(.ending) }
    try wait(for: .death, of: thread, .kill(thread), "kill", reference, inquiry, effects: &effects)
    return nil
  }

  private func list(includeDead: Bool, after: ThreadID?) -> Reply {
    var infos: [ThreadInfo] = []
    for id in kernel.threads.ids where id > after ?? ThreadID(rawValue: 0) {
      guard includeDead || state(of: id) != .dead, let info = info(id) else { continue }
      if infos.count == Limits.listPage { return .threads(infos, more: true) }
      infos.append(info)
    }
    return .threads(infos, more: false)
  }

  private func log(of thread: ThreadID, tail: Int?) -> Reply? {
    guard let log = entities[thread]?.log else { return nil }
    let text = tail.map { Array(log.tail(lines: $0)) } ?? log.contents
    return .log(LogText(text: text, droppedBytes: log.dropped))
  }

  // MARK: - Waiting

  /// Lets a request wait for a state event of a thread, or for its death; answered in this very step if it has happened.
  private mutating func wait(
    for kind: StateEvent.Kind,
    of thread: ThreadID,
    _ subject: Answer.Subject,
    _ attempted: String,
    _ reference: ThreadReference,
    _ inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    guard connections[inquiry.connection]?.waits.count ?? 0 < Limits.openRequestsMax else {
      throw Sentences.tooManyOpen(attempted, "\(reference)")
    }
    let answer = Answer(
      connection: inquiry.connection,
      request: inquiry.request,
      subject: subject,
      attempted: attempted,
      on: "\(reference)"
    )
    var orders: [Effect] = []
    do throws(Refusal) {
      let branches = [
        Branch(.state(try kernel.event(kind, of: thread))), Branch(.state(try kernel.event(.death, of: thread))),
      ]
      let wait = try kernel.sync(branches, in: nil, effects: &orders)
      answers[wait] = answer
      connections[inquiry.connection]?.waits[inquiry.request] = wait
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: "\(reference)", in: self)
    }
    obey(orders, effects: &effects)
  }

  /// What a request waited for has come.
  mutating func answer(_ wait: WaitID, effects: inout Effects) {
    guard let answer = answers.removeValue(forKey: wait) else { return }
    connections[answer.connection]?.waits[answer.request] = nil
    let reply: Reply
    switch answer.subject {
    case .death(let thread):
      // Forgotten only after 1,000 newer deaths: an answer comes with the death itself.
      guard let death = entities[thread]?.death else { return }
      reply = .died(thread, death)
    case .kill(let thread): reply = .killed(state(of: thread) == .dead ? .died : .ending)
    case .done: reply = .done
    }
    effects.append(.send(answer.connection, .reply(reply, answer.request)))
  }

  private mutating func cancel(
    _ request: RequestID,
    on connection: ConnectionID,
    effects: inout Effects
  ) -> Reply {
    for index in shutdowns.indices {
      let count = shutdowns[index].clients.count
      shutdowns[index].clients.removeAll { $0.connection == connection && $0.request == request }
      guard shutdowns[index].clients.count < count else { continue }
      // The shutdown itself goes on.
      effects.append(.send(connection, .refusal(Sentences.cancelled("wait for", "the shutdown"), request)))
    }
    if let wait = connections[connection]?.waits.removeValue(forKey: request), let answer = answers[wait] {
      answers[wait] = nil
      step(effects: &effects) { $0.withdraw(wait, effects: &$1) }
      let refusal = Sentences.cancelled(answer.attempted, answer.on)
      effects.append(.send(connection, .refusal(refusal, request)))
    }
    return .done
  }

  // MARK: - Shared

  private mutating func attempt(
    _ attempted: String,
    _ reference: ThreadReference,
    effects: inout Effects,
    _ body: (inout Kernel, inout [Effect]) throws(Refusal) -> Void
  ) throws(WireRefusal) {
    do throws(Refusal) {
      try step(effects: &effects, body)
    } catch {
      throw Sentences.refused(error, attempted: attempted, subject: "\(reference)", in: self)
    }
  }

  private func find(_ reference: ThreadReference, to attempted: String) throws(WireRefusal) -> ThreadID {
    switch reference {
    case .name(let name):
      guard let thread = names[name] else { throw Sentences.noSuchThread(reference, attempted: attempted) }
      return thread
    case .id(let thread):
      do throws(Refusal) {
        _ = try kernel.phase(of: thread)
        return thread
      } catch {
        throw Sentences.refused(error, attempted: attempted, subject: "\(reference)", in: self)
      }
    }
  }

  private func report(_ thread: ThreadID, to attempted: String) throws(WireRefusal) -> ThreadInfo {
    guard let info = info(thread) else { throw Sentences.noSuchThread(.id(thread), attempted: attempted) }
    return info
  }
}
