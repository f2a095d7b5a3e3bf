import HeddleModel

/// A kernel and its mailboxes under the names that a script gives, and the words of the scripts.
///
/// Bodies answer at once, unless the script says `bodies late`: then it gives their answers itself.
struct TranscriptWorld {
  private var kernel = Kernel()
  private var mailboxes: [ThreadID: Mailbox<String>] = [:]
  private var custodians: [String: CustodianID]
  private var threads: [String: ThreadID] = [:]
  private var waits: [String: WaitID] = [:]
  private var semaphores: [String: SemaphoreID] = [:]
  private var channels: [String: ChannelID] = [:]
  private var nacks: [String: NackID] = [:]
  private var events: [String: StateEvent] = [:]
  private var bodiesAreLate = false
  /// What was said during this command, in order.
  private var said: [String] = []

  init() { custodians = ["root": kernel.root] }

  /// Carries out one command and gives what came of it, a line each.
  mutating func run(_ command: String) -> String {
    said = []
    do {
      // The colon before a list of events is for the reader.
      try carryOut(command.split(separator: " ").map { String($0.last == ":" ? $0.dropLast() : $0) })
    } catch let refusal as Refusal {
      said.append("refused: \(name(refusal))")
    } catch {
      said.append("\(error)")
    }
    return said.isEmpty ? "nothing" : said.joined(separator: "\n")
  }

  private mutating func carryOut(_ words: [String]) throws {
    var rest = words.dropFirst()
    func next() throws -> String {
      guard let word = rest.popFirst() else { throw NotACommand(words: words) }
      return word
    }
    /// The word behind `keyword`, if that comes next.
    func option(_ keyword: String) throws -> String? {
      guard rest.first == keyword else { return nil }
      rest.removeFirst()
      return try next()
    }
    func flag(_ word: String) -> Bool {
      guard let index = rest.firstIndex(of: word) else { return false }
      rest.remove(at: index)
      return true
    }
    func custodian(_ name: String?) throws -> CustodianID { try custodians[name ?? "root"] ?? unknown(name ?? "root") }
    var effects: [Effect] = []
    switch words[0] {
    case "bodies": bodiesAreLate = try next() == "late"
    case "custodian":
      let name = try next()
      custodians[name] = try kernel.makeCustodian(below: custodian(option("below")))
    case "thread":
      let (suspendsOnKill, breaksOff) = (flag("suspend-to-kill"), flag("breaks-off"))
      let name = try next()
      let bound = try option("holding").flatMap(Int.init)
      let thread = try kernel.makeThread(
        under: custodian(option("under")),
        suspendsOnKill: suspendsOnKill,
        breaksEnabled: !breaksOff
      )
      threads[name] = thread
      mailboxes[thread] = Mailbox(bounds: MailboxBounds(messagesMax: bound, bytesMax: nil))
    case "suspend": try kernel.suspend(thread(next()), by: custodian(option("by")), effects: &effects)
    case "kill":
      let really = flag("really")
      try kernel.kill(thread(next()), by: custodian(option("by")), really: really, effects: &effects)
    case "resume":
      let target = try thread(next())
      let benefactor = try option("with").map { name throws -> Benefactor in
        if let id = custodians[name] { return .custodian(id) }
        return .thread(try thread(name))
      }
      try kernel.resume(target, benefactor: benefactor, effects: &effects)
    case "shutdown": try kernel.shutDown(custodian(next()), effects: &effects)
    case "break":
      let target = try thread(next())
      try kernel.sendBreak(kind(rest.popFirst() ?? "interrupt"), to: target, effects: &effects)
    case "breaks":
      let target = try thread(next())
      said += try kernel.setBreaksEnabled(next() == "on", in: target).map { ["raise \($0)"] } ?? []
    case "safe-point": said.append(try kernel.takeBreak(of: thread(next())).map { "raise \($0)" } ?? "no break")
    case "send":
      let mode: WhenSuspended = flag("require-running") ? .fail : .queue
      let target = try thread(next())
      let message = try next()
      var mailbox = mailboxes[target, default: Mailbox()]
      try kernel.send(to: target, whenSuspended: mode, effects: &effects) { () throws(MailRefusal) in
        try mailbox.send(message, size: 1)
      }
      mailboxes[target] = mailbox
    case "end-mail": mailboxes[try thread(next())]?.end()
    case "try-receive":
      let owner = try thread(next())
      let isThere = try kernel.tryReceive(in: owner)
      said.append(isThere ? mailboxes[owner]?.receive() ?? "a message that is not there" : "no mail")
    case "rewind":
      let owner = try thread(next())
      let messages = rest.map { (message: $0, size: 1) }
      var mailbox = mailboxes[owner, default: Mailbox()]
      try kernel.rewind(messages.count, in: owner, effects: &effects) { mailbox.rewind(messages) }
      mailboxes[owner] = mailbox
    case "semaphore": semaphores[try next()] = kernel.makeSemaphore(count: UInt64(rest.popFirst() ?? "0") ?? 0)
    case "post":
      let name = try next()
      try kernel.post(semaphores[name] ?? unknown(name), effects: &effects)
    case "channel": channels[try next()] = kernel.makeChannel()
    case "event", "claim":
      let name = try next()
      let kind: StateEvent.Kind = name == "death" ? .death : name == "suspension" ? .suspension : .resumption
      let event =
        try words[0] == "claim" ? kernel.claim(kind, of: thread(next())) : kernel.event(kind, of: thread(next()))
      if let label = try option("as") { events[label] = event }
      said.append("\(event.kind) \(event.generation == StateEvent.never ? "never" : "\(event.generation)")")
    case "ready?":
      let name = try next()
      said.append(kernel.hasHappened(try events[name] ?? unknown(name)) ? "ready" : "not ready")
    case "sync":
      let enables = flag("enabling-breaks")
      let name = try next()
      let owner = try option("in").map(thread)
      let branches = try rest.map { try branch($0) }
      waits[name] = try kernel.sync(branches, in: owner, enablesBreaks: enables, effects: &effects)
    case "withdraw":
      let name = try next()
      kernel.withdraw(try waits[name] ?? unknown(name), effects: &effects)
    case "advance":
      kernel.advance(to: Instant(nanoseconds: UInt64(try next()) ?? 0), effects: &effects)
    case "nested":
      let name = try next()
      let creator = try thread(option("in") ?? "")
      let (thread, wait) = try kernel.makeNestedThread(
        in: creator,
        under: custodian(option("under")),
        effects: &effects
      )
      (threads[name], waits[name + "-call"]) = (thread, wait)
      mailboxes[thread] = Mailbox()
    case "abandon":
      let name = try next()
      kernel.abandonNestedCall(try waits[name] ?? unknown(name), effects: &effects)
    case "ends":
      let target = try thread(next())
      kernel.bodyEnded(target, rest.first == "raising" ? .raised : .returned, effects: &effects)
    case "stopped": try kernel.bodyStopped(thread(next()), generation: UInt64(next()) ?? 0, effects: &effects)
    case "running": try kernel.bodyRunning(thread(next()), generation: UInt64(next()) ?? 0, effects: &effects)
    case "ended": try kernel.bodyEnded(thread(next()), .killed, effects: &effects)
    case "hold": kernel.hold(try thread(next()))
    case "let-go":
      let name = try next()
      if let event = events[name] {
        kernel.letGo(of: event, effects: &effects)
      } else {
        kernel.letGo(of: try thread(name), effects: &effects)
      }
    case "forget": kernel.forget(try thread(next()))
    case "state":
      for name in rest { said.append("\(name) is \(state(try kernel.phase(of: thread(name))))") }
    case "managers":
      let ties = kernel.ties[try thread(next())]
      said.append(list((ties?.managers ?? []).map { name($0) }))
    case "managed":
      let list = try kernel.managedList(of: custodian(next()), by: custodian(option("by")))
      said.append(self.list(list.threads.map { name($0) } + list.custodians.map { name($0) }))
    default: throw NotACommand(words: words)
    }
    perform(effects)
  }

  private mutating func perform(_ effects: [Effect]) {
    for effect in effects {
      var answers: [Effect] = []
      switch effect {
      case .runBody(let thread, let generation):
        said.append("run \(name(thread))")
        if !bodiesAreLate { kernel.bodyRunning(thread, generation: generation, effects: &answers) }
      case .stopBody(let thread, let generation):
        said.append("stop \(name(thread))")
        if !bodiesAreLate { kernel.bodyStopped(thread, generation: generation, effects: &answers) }
      case .endBody(let thread, let reason):
        said.append("end \(name(thread)): \(name(reason))")
        if !bodiesAreLate { kernel.bodyEnded(thread, .killed, effects: &answers) }
      case .chosen(let wait, let branch, let choice): said.append("\(name(wait)) takes \(branch)\(result(choice))")
      case .broken(let wait, let kind): said.append("\(name(wait)) is broken: \(kind)")
      case .withdrawn(let wait): said.append("\(name(wait)) is withdrawn")
      case .breakReady(let thread): said.append("break for \(name(thread))")
      case .happened(let event):
        said.append("\(event.kind)\(event.kind == .death ? "" : " \(event.generation)") of \(name(event.thread))")
      case .shutDown(let custodian): said.append("\(name(custodian)) is shut down")
      case .shutdownComplete(let custodian): said.append("\(name(custodian)) is complete")
      }
      perform(answers)
    }
  }

  private mutating func result(_ choice: Choice) -> String {
    switch choice {
    case .ready: ""
    case .message(let owner): ": " + (mailboxes[owner]?.receive() ?? "a message that is not there")
    case .met(let partner, _): ": meets \(name(partner))"
    case .nested(let end): ": \(end)"
    }
  }

  // MARK: - Names

  /// `mail`, `receive`, `always`, `never`, `semaphore:s`, `peek:s`, `put:c`, `get:c`, `box:c`, `alarm:n`, `nack:n`,
  /// `death:t`, `suspension:t`, `resumption:t`, `event:e`; `n=` in front makes a nack of that name for the branch.
  private mutating func branch(_ text: String) throws -> Branch {
    let parts = text.split(separator: "=").map(String.init)
    guard parts.count == 1 else {
      let nack = nacks[parts[0]] ?? kernel.makeNack()
      nacks[parts[0]] = nack
      return Branch(try event(parts[1]), nacks: [nack])
    }
    return Branch(try event(text))
  }

  private func event(_ text: String) throws -> Event {
    let parts = text.split(separator: ":").map(String.init)
    let of = parts.count > 1 ? parts[1] : ""
    switch parts[0] {
    case "mail": return .mail
    case "receive": return .receive
    case "always": return .always
    case "never": return .never
    case "semaphore": return .semaphore(try semaphores[of] ?? unknown(of))
    case "peek": return .peek(try semaphores[of] ?? unknown(of))
    case "put": return .put(try channels[of] ?? unknown(of))
    case "get": return .get(try channels[of] ?? unknown(of))
    case "box": return .shutdown(try custodians[of] ?? unknown(of))
    case "alarm": return .alarm(Instant(nanoseconds: UInt64(of) ?? 0))
    case "nack": return .nack(try nacks[of] ?? unknown(of))
    case "death": return .state(try kernel.event(.death, of: thread(of)))
    case "suspension": return .state(try kernel.event(.suspension, of: thread(of)))
    case "resumption": return .state(try kernel.event(.resumption, of: thread(of)))
    case "event": return .state(try events[of] ?? unknown(of))
    default: throw NotACommand(words: [text])
    }
  }

  private func kind(_ text: String) -> BreakKind {
    text == "terminate" ? .terminate : text == "hang-up" ? .hangUp : .interrupt
  }

  /// A name that no command gave stands for an identifier that was never used.
  private func thread(_ name: String) throws -> ThreadID { threads[name] ?? ThreadID(rawValue: 999) }
  private func unknown<ID: Identifier>(_ name: String) throws -> ID { ID(rawValue: 999) }
  private func unknown(_ name: String) throws -> StateEvent { throw NotACommand(words: [name]) }

  private func name(_ id: ThreadID) -> String { threads.first { $0.value == id }?.key ?? "thread \(id)" }
  private func name(_ id: CustodianID) -> String { custodians.first { $0.value == id }?.key ?? "custodian \(id)" }
  private func name(_ id: WaitID) -> String { waits.first { $0.value == id }?.key ?? "it" }
  private func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: " ") }

  private func state(_ phase: ThreadLife.Phase) -> String {
    switch phase {
    case .running: "running"
    case .suspended: "suspended"
    case .ending: "ending"
    case .dead(let end): "dead (\(end))"
    }
  }

  private func name(_ reason: EndReason) -> String {
    switch reason {
    case .killed: "killed"
    case .lostCustodian(let custodian): "\(name(custodian)) was its last custodian"
    case .unreachable: "nobody can resume it"
    }
  }

  private func name(_ refusal: Refusal) -> String {
    switch refusal {
    case .noSuchThread: "no such thread"
    case .threadGone(let thread): "\(name(thread)) is gone"
    case .threadDead(let thread): "\(name(thread)) is dead"
    case .threadSuspended(let thread): "\(name(thread)) is suspended"
    case .noSuchCustodian: "no such custodian"
    case .custodianShutDown(let custodian): "\(name(custodian)) is shut down"
    case .notAuthorised(_, let manager, let caller): "\(name(manager)) is not below \(name(caller))"
    case .notAbove(let custodian, let caller): "\(name(caller)) is not above \(name(custodian))"
    case .mail(let thread, .full): "\(name(thread))'s mailbox is full"
    case .mail(let thread, .tooLarge): "too large for \(name(thread))'s mailbox"
    case .mail(let thread, .ended): "\(name(thread))'s mail has ended"
    case .alreadyNesting(let thread): "\(name(thread)) has a nested thread"
    case .noSuchSemaphore: "no such semaphore"
    case .noSuchChannel: "no such channel"
    case .noSuchNack: "no such nack"
    case .notInThread(let event): "\(event) is a thread's"
    }
  }
}

private struct NotACommand: Error, CustomStringConvertible {
  let words: [String]
  var description: String { "not a command: \(words.joined(separator: " "))" }
}
