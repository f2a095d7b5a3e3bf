internal import HeddleModel
internal import HeddleWire

// The requests of clients.

extension Node {
  /// One request, with who asks and in whose name.
  struct Inquiry {
    let connection: ConnectionID
    let request: RequestID
    /// What the connection was granted: no custodian that is not at or below it can be named.
    let grant: CustodianID
    /// The current custodian, for authority.
    let caller: CustodianID
  }

  mutating func handleRequest(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    let id = RequestID(rawValue: frame.header.id)
    do throws(WireRefusal) {
      try requireUnused(frame.header.id, on: connection)
      let asked = try decode(frame)
      if try forward(asked, id, on: connection, effects: &effects) { return }
      let request = try atHome(asked)
      if try isDeferred(frame, request.command, on: connection) { return }
      asker = connections[connection]?.peer.text ?? ""
      serving = connection
      defer { (asker, serving) = ("", nil) }
      let inquiry = try inquiry(id, on: connection, as: request.authority)
      if let reply = try carryOut(request.command, for: inquiry, effects: &effects) {
        effects.append(.send(connection, .reply(reply, id)))
      }
    } catch {
      effects.append(.send(connection, .refusal(error, id)))
    }
    releaseBarriers(effects: &effects)
  }

  private func decode(_ frame: Frame) throws(WireRefusal) -> Request {
    do throws(WireDecodingError) {
      return try Request(decoding: frame.body)
    } catch {
      throw WireRefusal(error)
    }
  }

  /// - Returns: the answer; nil when it comes later.
  private mutating func carryOut(
    _ command: Request.Command,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Reply? {
    switch command {
    case .spawn(let spawn): try start(spawn, for: inquiry, effects: &effects)
    case .find(let reference):
      let thread = try find(reference, to: "find")
      expose(thread, to: inquiry.connection, effects: &effects)
      return .thread(try report(thread, to: "find"))
    case .list(let includeDead, let after): return list(includeDead: includeDead, after: after)
    case .suspend(let reference): try suspend(reference, for: inquiry, effects: &effects)
    case .resume(let reference, let benefactor):
      try resume(reference, benefactor, for: inquiry, effects: &effects)
      return .done
    case .kill(let reference, let wait, let really):
      return try kill(reference, wait: wait, really: really, for: inquiry, effects: &effects)
    case .sendBreak(let reference, let kind):
      let thread = try find(reference, to: "break")
      try attempt("break", reference, effects: &effects) { (kernel, orders) throws(Refusal) in
        try kernel.sendBreak(kind, to: thread, effects: &orders)
      }
      record(.broken(kind), of: thread)
      return .done
    case .endMail(let reference):
      let thread = try find(reference, to: "end the mail of")
      guard kernel.threads[thread]?.life.isAlive == true else {
        throw Sentences.refused(.threadDead(thread), attempted: "end the mail of", subject: "\(reference)", in: self)
      }
      endMail(of: thread, effects: &effects)
      return .done
    case .wait(let reference):
      let thread = try find(reference, to: "wait for")
      try wait(for: .death, of: thread, .death(thread), "wait for", reference, inquiry, effects: &effects)
    case .cancel(let request): return cancel(request, on: inquiry.connection, effects: &effects)
    case .logs(let reference, let tail, let since):
      return log(of: try find(reference, to: "read the log of"), tail: tail, since: since)
    case .custodianNew(let path):
      try makeCustodian(path, for: inquiry)
      return .done
    case .sessionCustodianNew(let name):
      try makeCustodian(name, for: inquiry)
      return .done
    case .custodianTree(let path):
      guard let id = try custodian(path), let listing = listing(id) else {
        throw Sentences.noSuchCustodian(path, attempted: "list")
      }
      return .custodianTree(listing)
    case .custodianShutdown(let path, let follow, let grace):
      try shutDown(path, follow: follow, grace: grace, for: inquiry, effects: &effects)
    case .custodianWait(let path):
      guard let custodian = try custodian(path) else { return .done }
      try waitForShutdown(of: custodian, "\(path)", inquiry, effects: &effects)
    case .barrier: return try awaitEffects(for: inquiry)
    case .daemonStatus: return .daemonStatus(status)
    case .event(let kind, let reference):
      let event = try event(kind, of: reference)
      expose(event.thread, to: inquiry.connection, effects: &effects)
      return .stateEvent(event)
    case .receive(let most, let waits): try receive(most, waits: waits, for: inquiry, effects: &effects)
    case .confirmMail(let through): return try confirmMail(through: through, for: inquiry)
    case .rewind(let messages): return try rewind(messages, for: inquiry, effects: &effects)
    case .mailWait: try waitForMail(for: inquiry, effects: &effects)
    case .becomeThread(let name): return .spawned(try becomeThread(name, for: inquiry))
    case .history(let query): return try tellHistory(query, for: inquiry)
    case .serve(let wish): try serve(wish, for: inquiry, effects: &effects)
    case .show(let reference):
      let thread = try find(reference, to: "show")
      if showLater(thread, for: inquiry, effects: &effects) { return nil }
      guard let detail = detail(thread) else {
        throw Sentences.noSuchThread(reference, attempted: "show")
      }
      return .threadDetail(detail)
    case .shutdownPlan(let path):
      return .shutdownPlan(shutdownPlan(of: try place(path, for: inquiry, to: "plan the shutdown of")))
    case .stopDaemon(let grace):
      // To end all is the root's.
      _ = try place(.root, for: inquiry, to: "end the daemon with")
      end(after: grace ?? Limits.grace, effects: &effects)
      return .done
    case .nodes: return try listNodes()
    case .names: return try listNames()
    case .fenceNode(let node): try fence(node, for: inquiry, effects: &effects)
    case .shareCustodian(let path, let adopt): return try share(path, adopt: adopt, for: inquiry, effects: &effects)
    }
    return nil
  }

  // MARK: - Threads

  private mutating func start(_ spawn: Spawn, for inquiry: Inquiry, effects: inout Effects) throws(WireRefusal) {
    guard ending == .no else { throw Sentences.ending }
    if let name = spawn.name { try requireFree(name) }
    if let refusal = refusalToShare(spawn, for: inquiry) { throw refusal }
    if let name = spawn.globalName, membership == nil { throw Sentences.noCluster("claim", "name \(name)") }
    let relay = try spawn.relay.map { wish throws(WireRefusal) in try newRelay(wish) }
    let subject = spawn.name?.text ?? spawn.argv.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    var orders: [Effect] = []
    let (thread, current) = try makeThread(for: spawn, subject, inquiry, orders: &orders)
    var program = keeperProgram(spawn, for: thread, in: current)
    var entity = Entity(of: spawn, in: current, spawn.group ?? group(of: inquiry.connection), at: now, by: asker)
    entity.start.environmentCount = program.environment.count
    entity.relay = relay
    entity.onPartition = spawn.onPartition
    enter(entity, as: thread)
    startTimeout(of: thread)
    if spawn.held { hold(thread, by: inquiry.connection) }
    let formerHolder = spawn.name.flatMap { names.updateValue(thread, forKey: $0) }
    spawns[thread] = PendingSpawn(
      connection: inquiry.connection,
      request: inquiry.request,
      formerHolder: formerHolder,
      delay: startDelay(of: spawn, program, in: current)
    )
    record(.spawned(in: kernel.ties[thread]?.managers.first.flatMap(custodians.path)), of: thread)
    note(.start(thread))
    expose(thread, to: inquiry.connection, effects: &effects)
    if spawns[thread]?.delay == nil {
      program.isGuarded = isGuarded(thread)
      effects.append(.order(.start(thread, program)))
    } else {
      goOnStarting(thread, effects: &effects)
    }
    obey(orders, effects: &effects)
  }

  /// Throws when a thread that is not dead has the name.
  func requireFree(_ name: EntityName) throws(WireRefusal) {
    if let holder = names[name], state(of: holder) != .dead { throw Sentences.nameTaken(name, by: holder) }
  }

  /// All that is known of a thread beside the model, which has just made it.
  mutating func enter(_ entity: Entity, as thread: ThreadID) {
    let entry = entities.insert(entity)
    precondition(entry == thread, "every thread of the model is an entity, and is made together with it")
  }

  /// The group that threads belong to which the connection's client makes, unless it names another (TH-31).
  func group(of connection: ConnectionID) -> ThreadGroupPath {
    connections[connection]?.worker.flatMap { entities[$0.thread]?.group } ?? .root
  }

  /// Makes the model's thread for a program.
  ///
  /// - Parameter orders: what follows; to be obeyed once the thread is an entity.
  /// - Returns: the thread, and the custodian for which it acts.
  private mutating func makeThread(
    for spawn: Spawn,
    _ subject: String,
    _ inquiry: Inquiry,
    orders: inout [Effect]
  ) throws(WireRefusal) -> (thread: ThreadID, current: CustodianID) {
    if spawn.nested { return try nest(subject, under: spawn.custodian, for: inquiry, orders: &orders) }
    let custodian = try place(spawn.custodian, for: inquiry, to: "start \(subject) in")
    do throws(Refusal) {
      return (try kernel.makeThread(under: custodian, suspendsOnKill: spawn.suspendToKill), custodian)
    } catch {
      throw Sentences.refused(error, attempted: "start", subject: subject, in: self)
    }
  }

  /// What the keeper is asked for.
  func keeperProgram(_ spawn: Spawn, for thread: ThreadID, in custodian: CustodianID) -> KeeperProgram {
    var environment = spawn.environment.filter { !$0.starts(with: "HEDDLE_".utf8) }
    environment += heddleEnvironment(spawn.name, thread, in: custodian, spawn.channel).map { Array($0.utf8) }
    var program = KeeperProgram(
      arguments: spawn.argv,
      environment: environment,
      directory: spawn.cwd,
      standardInput: spawn.channel == .lines || spawn.stdinPipe ? .pipe : .null
    )
    program.lingers = spawn.linger
    program.hasChannel = spawn.channel == .frames
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
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    let thread = try find(reference, to: "resume")
    let giver: Benefactor?
    switch benefactor {
    case .thread(let other): giver = .thread(try find(other, to: "take as benefactor"))
    case .custodian(let path):
      let custodian = try place(path, for: inquiry, to: "take as benefactor")
      guard sharedCustodian(above: custodian) == nil else { throw Sentences.notShared("take as benefactor", "\(path)") }
      giver = .custodian(custodian)
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
    if kernel.threads[thread]?.life.phase == .suspended {
      if !waits { return .killed(.suspended) }
      try wait(for: .suspension, of: thread, .kill(thread), "kill", reference, inquiry, effects: &effects)
      return nil
    }
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

  private func log(of thread: ThreadID, tail: Int?, since age: Duration?) -> Reply? {
    guard let entity = entities[thread] else { return nil }
    let log = entity.log
    var text = tail.map { Array(log.tail(lines: $0)) } ?? log.contents
    if let age {
      let first = entity.logTimes.offset(since: now.before(age)).map(log.lineStart) ?? log.end
      text = text.suffix(log.end - first)
    }
    return .log(LogText(text: text, droppedBytes: log.dropped, offset: log.end - text.count))
  }

  // MARK: - Shared

  mutating func attempt(
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

  /// The thread that a request names.
  func find(_ reference: ThreadReference, to attempted: String) throws(WireRefusal) -> ThreadID {
    switch reference {
    case .name(let name), .named(let name, _):
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
