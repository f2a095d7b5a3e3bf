internal import HeddleModel

/// What the lock of a world protects: the model, and what the model's identifiers stand for.
struct WorldState: Sendable {
  var kernel = Kernel()
  /// For each living thread.
  private(set) var residents = NumberMap<ThreadBody>()
  /// For each wait that has not ended.
  private var waiters = NumberMap<WaitSlot>()
  /// For each wait that has not ended and is nobody's: what to call then, with whether it was chosen by a later branch than
  /// the first.
  private var watches = NumberMap<@Sendable (Bool) -> Void>()
  /// What the custodians close.
  var closings = Closings()

  /// The tasks that waited for mail and can go on after this step; none between steps.
  private(set) var freed: [Resumption<Void>] = []

  // MARK: - Threads

  /// Adds the body of a new thread.
  mutating func add(_ body: ThreadBody) { residents.insert(body, at: body.id.rawValue) }

  private mutating func remove(_ thread: ThreadID) -> ThreadBody? { residents.remove(thread.rawValue) }

  /// What executes a living thread.
  func body(of thread: ThreadID) -> ThreadBody? { residents[thread.rawValue] }

  /// The orders under which those of `threads` stand that are not to go on. Followed twice, they have one effect.
  func orders(to threads: [ThreadID]) -> [Deeds.Stop] {
    threads.compactMap { thread in
      guard let body = body(of: thread), let life = kernel.threads.look(thread, \.life) else { return nil }
      return switch life.phase {
      case .suspended: Deeds.Stop(body: body, order: .standStill(life.generation))
      case .ending: Deeds.Stop(body: body, order: .end)
      case .running, .dead: nil
      }
    }
  }

  /// Whether a thread may act now; true outside of any thread.
  func mayAct(_ thread: ThreadID?) -> Bool {
    guard let thread else { return true }
    return (try? kernel.isRunning(thread)) ?? false
  }

  /// Whether a thread has not been ended.
  func isAlive(_ thread: ThreadID) -> Bool { kernel.threads.look(thread, \.life.isAlive) ?? false }

  func areBreaksEnabled(in thread: ThreadID?) -> Bool {
    guard let thread else { return true }
    return kernel.threads.look(thread, \.breaks.areEnabled) ?? true
  }

  // MARK: - Mail

  /// Carries out `input`, which is about the mail of `thread`: the model has the mail for that, and keeps it if a wait is
  /// for it from now on.
  mutating func withMail<Answer>(
    of thread: ThreadID,
    effects: inout Kernel.Effects,
    _ input: (inout WorldState, Inbox?, inout Kernel.Effects) throws(Refusal) -> Answer
  ) throws(Refusal) -> Answer {
    let inbox = body(of: thread)?.inbox
    if let (count, awaiting) = inbox?.handOver() {
      if let awaiting { freed.append(awaiting) }
      if count > 0 { try kernel.send(count, to: thread, effects: &effects) {} }
    }
    let answer = try input(&self, inbox, &effects)
    // What is in the effects may be a message that is not taken out yet.
    if effects.isEmpty, kernel.leavesMail(of: thread), let count = inbox?.takeBack(), count > 0 {
      _ = try kernel.tryReceive(count, in: thread)
    }
    return answer
  }

  mutating func send(
    _ message: any Sendable,
    to thread: ThreadID,
    whenSuspended: HeddleModel.WhenSuspended,
    effects: inout Kernel.Effects
  ) throws(Refusal) {
    try withMail(of: thread, effects: &effects) { (state, inbox, effects) throws(Refusal) in
      try state.kernel.send(to: thread, whenSuspended: whenSuspended, effects: &effects) { () throws(MailRefusal) in
        try inbox?.queue(message)
      }
    }
  }

  /// The thread's first message; nil when there is none.
  mutating func tryReceive(in thread: ThreadID, effects: inout Kernel.Effects) throws(Refusal) -> (any Sendable)? {
    try withMail(of: thread, effects: &effects) { (state, inbox, _) throws(Refusal) in
      try state.kernel.tryReceive(in: thread) ? inbox?.take() : nil
    }
  }

  mutating func rewind(
    _ messages: [any Sendable],
    in thread: ThreadID,
    effects: inout Kernel.Effects
  ) throws(Refusal) {
    try withMail(of: thread, effects: &effects) { (state, inbox, effects) throws(Refusal) in
      try state.kernel.rewind(messages.count, in: thread, effects: &effects) { inbox?.rewind(messages) }
    }
  }

  // MARK: - Waits

  /// Begins to wait.
  mutating func sync(
    _ plan: WaitPlan,
    in owner: ThreadID?,
    effects: inout Kernel.Effects
  ) throws(Refusal) -> WaitID {
    guard let owner, plan.isForMail else { return try kernel.sync(plan, in: owner, effects: &effects) }
    return try withMail(of: owner, effects: &effects) { (state, _, effects) throws(Refusal) in
      try state.kernel.sync(plan, in: owner, effects: &effects)
    }
  }

  /// Has `slot` told how the wait ends; each wait has exactly one end.
  mutating func add(_ slot: WaitSlot, as wait: WaitID) { waiters.insert(slot, at: wait.rawValue) }

  /// Has `call` called when one of `branches` is ready, outside of the lock, and told whether it was another than the first.
  /// They are events that give nothing.
  mutating func watch(
    _ branches: [Branch],
    effects: inout Kernel.Effects,
    call: @escaping @Sendable (_ isLater: Bool) -> Void
  ) throws(Refusal) {
    let wait = try kernel.sync(branches, in: nil, effects: &effects)
    watches.insert(call, at: wait.rawValue)
  }

  // MARK: - What a step demands

  /// What the effects of a step demand. Whatever dies by them is in the deeds, so that nothing is freed inside the lock.
  mutating func deeds(for effects: Kernel.Effects) -> Deeds {
    var deeds = Deeds()
    while let awaiting = freed.popLast() { deeds.add(awaiting) }
    add(effects, to: &deeds)
    return deeds
  }

  private mutating func add(_ effects: Kernel.Effects, to deeds: inout Deeds) {
    let answers = follow(effects, in: &deeds)
    if !answers.isEmpty { add(answers, to: &deeds) }
    for effect in effects {
      switch effect {
      case .chosen(let wait, let branch, .message(let thread)):
        let slot = waiters.remove(wait.rawValue)
        if let message = residents[thread.rawValue]?.inbox.take() { slot?.give(message) }
        deeds.add(slot?.decide(.chosen(branch: branch, .message(from: thread))))
      case .chosen(let wait, let branch, let choice):
        if let slot = waiters.remove(wait.rawValue) {
          deeds.add(slot.decide(.chosen(branch: branch, choice)))
        } else if let call = watches.remove(wait.rawValue) {
          deeds.add { $0.calls.append { call(branch > 0) } }
        }
      case .broken(let wait, let kind): deeds.add(waiters.remove(wait.rawValue)?.decide(.broken(kind)))
      case .withdrawn(let wait): deeds.add(waiters.remove(wait.rawValue)?.decide(.withdrawn))
      case .runBody, .stopBody, .endBody, .breakReady, .happened, .shutDown, .shutdownComplete:
        deeds.add { note(effect, in: &$0) }
      }
    }
  }

  /// Does what comes first: two that meet look at each other's offers, and who is to stop begins nothing more. A body that
  /// stands still has stopped by that, as the model hears at once; and one that is to go on is about to.
  ///
  /// - Returns: what follows from those answers.
  private mutating func follow(_ effects: Kernel.Effects, in deeds: inout Deeds) -> Kernel.Effects {
    var answers: Kernel.Effects = []
    for effect in effects {
      switch effect {
      case .chosen(let wait, _, .met(let partner, let branch)):
        if let offer = waiters[partner.rawValue]?.offer(of: branch) { waiters[wait.rawValue]?.give(offer) }
      case .runBody(let thread, let generation):
        kernel.bodyRunning(thread, generation: generation, effects: &answers)
      case .stopBody(let thread, let generation): stop(thread, .standStill(generation), in: &deeds, answers: &answers)
      case .endBody(let thread, let reason):
        stop(thread, .end, in: &deeds, answers: &answers)
        if reason == .unreachable { _ = remove(thread) }
      case .chosen, .broken, .withdrawn, .breakReady, .happened, .shutDown, .shutdownComplete: break
      }
    }
    return answers
  }

  /// Closes the gate of a thread, which is no more than to set a mark.
  private mutating func stop(
    _ thread: ThreadID,
    _ order: Deeds.Stop.Order,
    in deeds: inout Deeds,
    answers: inout Kernel.Effects
  ) {
    guard let body = body(of: thread) else { return }
    let stop = Deeds.Stop(body: body, order: order)
    // Now, so that whatever of it goes on before its gate closes knows already.
    if order == .end { body.markKilled() } else { body.alert() }
    let isQuiet = body.gate.close(generation: stop.generation)
    deeds.add { deeds in
      if order == .end { close(body.inbox, in: &deeds) }
      if isQuiet { deeds.stopped.append(stop) } else { deeds.busy.append(stop) }
    }
    if isQuiet { confirm(stop, effects: &answers) }
  }

  /// The body stands still, as it was told; no effect if that was said before.
  mutating func confirm(_ stop: Deeds.Stop, effects: inout Kernel.Effects) {
    switch stop.order {
    case .standStill(let generation): kernel.bodyStopped(stop.body.id, generation: generation, effects: &effects)
    case .end: kernel.bodyEnded(stop.body.id, .killed, effects: &effects)
    }
  }

  /// Refuses mail from here on.
  private func close(_ inbox: Inbox, in deeds: inout OtherDeeds) {
    let (mail, awaiting) = inbox.end()
    if let awaiting { deeds.releases.append(.wake(awaiting)) }
    if !mail.isEmpty { deeds.lostMail.append(mail) }
  }

  /// What an effect demands that ends no wait, when all orders are given.
  private mutating func note(_ effect: Effect, in deeds: inout OtherDeeds) {
    switch effect {
    case .runBody(let thread, let generation):
      if let body = body(of: thread) { deeds.releases.append(.open(body, generation: generation)) }
    case .breakReady(let thread):
      if let body = body(of: thread) { deeds.alerts.append(body) }
    case .happened(let event):
      guard event.kind == .death, let body = remove(event.thread) else { break }
      body.identity.noteDeath()
      close(body.inbox, in: &deeds)
      deeds.leavers.append(body)
    case .shutDown(let custodian): deeds.closings += closings.removeAll(of: custodian)
    case .stopBody, .endBody, .chosen, .broken, .withdrawn, .shutdownComplete: break
    }
  }
}

extension Kernel {
  fileprivate mutating func sync(
    _ plan: WaitPlan,
    in owner: ThreadID?,
    effects: inout Effects
  ) throws(Refusal) -> WaitID {
    try sync(
      plan.branches,
      in: owner,
      enablesBreaks: plan.enablesBreaks,
      firstLookAt: plan.first,
      effects: &effects
    )
  }
}
