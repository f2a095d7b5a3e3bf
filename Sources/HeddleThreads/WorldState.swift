internal import HeddleModel

/// What the lock of a world protects: the model, and what the model's identifiers stand for.
struct WorldState: Sendable {
  /// A thread that is not dead.
  struct Resident: Sendable {
    let body: ThreadBody
    var mailbox: Mailbox<any Sendable>
  }

  /// Whoever waits, and what it has to give.
  struct Waiter: Sendable {
    /// Used by the effect that ends the wait; each wait has exactly one.
    let resumption: Resumption<Outcome>
    /// For each branch what it puts into a channel, if any does.
    let offers: [(any Sendable)?]
  }

  var kernel = Kernel()
  // Under the model's identifiers as plain numbers, so that the tables are compiled for them here: mail passes by.

  /// For each living thread.
  private(set) var residents: [UInt64: Resident] = [:]
  private var waiters: [UInt64: Waiter] = [:]
  /// What the custodians close.
  var closings = Closings()

  // MARK: - Threads

  /// Adds the body of a new thread.
  mutating func add(_ body: ThreadBody, mailbox: MailboxBounds) {
    residents[body.id.rawValue] = Resident(body: body, mailbox: Mailbox(bounds: mailbox))
  }

  private mutating func remove(_ thread: ThreadID) -> Resident? { residents.removeValue(forKey: thread.rawValue) }

  /// What executes a living thread.
  func body(of thread: ThreadID) -> ThreadBody? { residents[thread.rawValue]?.body }

  /// The orders under which those of `threads` stand that are not to go on. Followed twice, they have one effect.
  func orders(to threads: [ThreadID]) -> [Deeds.Stop] {
    threads.compactMap { thread in
      guard let body = body(of: thread), let life = kernel.threads[thread]?.life else { return nil }
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
  func isAlive(_ thread: ThreadID) -> Bool { kernel.threads[thread]?.life.isAlive ?? false }

  func areBreaksEnabled(in thread: ThreadID?) -> Bool {
    guard let thread else { return true }
    return kernel.threads[thread]?.breaks.areEnabled ?? true
  }

  // MARK: - Mail

  mutating func send(
    _ message: any Sendable,
    to thread: ThreadID,
    whenSuspended: HeddleModel.WhenSuspended,
    effects: inout Kernel.Effects
  ) throws(Refusal) {
    try Self.send(message, to: thread, whenSuspended, &kernel, &residents, &effects)
  }

  // Apart, since the model calls back while it is being changed, and then only the residents may be touched.
  private static func send(
    _ message: any Sendable,
    to thread: ThreadID,
    _ whenSuspended: HeddleModel.WhenSuspended,
    _ kernel: inout Kernel,
    _ residents: inout [UInt64: Resident],
    _ effects: inout Kernel.Effects
  ) throws(Refusal) {
    try kernel.send(to: thread, whenSuspended: whenSuspended, effects: &effects) { () throws(MailRefusal) in
      try residents[thread.rawValue]?.mailbox.send(message, size: 1)
    }
  }

  /// The thread's first message; nil when there is none.
  mutating func tryReceive(in thread: ThreadID) throws(Refusal) -> (any Sendable)? {
    try kernel.tryReceive(in: thread) ? residents[thread.rawValue]?.mailbox.receive() : nil
  }

  mutating func rewind(
    _ messages: [any Sendable],
    in thread: ThreadID,
    effects: inout Kernel.Effects
  ) throws(Refusal) {
    try Self.rewind(messages, in: thread, &kernel, &residents, &effects)
  }

  private static func rewind(
    _ messages: [any Sendable],
    in thread: ThreadID,
    _ kernel: inout Kernel,
    _ residents: inout [UInt64: Resident],
    _ effects: inout Kernel.Effects
  ) throws(Refusal) {
    try kernel.rewind(messages.count, in: thread, effects: &effects) {
      residents[thread.rawValue]?.mailbox.rewind(messages.map { ($0, 1) })
    }
  }

  // MARK: - Waits

  mutating func add(_ waiter: Waiter, as wait: WaitID) { waiters[wait.rawValue] = waiter }

  /// What the effects of a step demand. Whatever dies by them is in the deeds, so that nothing is freed inside the lock.
  mutating func deeds(for effects: Kernel.Effects) -> Deeds {
    var deeds = Deeds()
    var ended: [WaitID] = []
    for effect in effects {
      switch effect {
      case .runBody(let thread, let generation):
        if let body = body(of: thread) { deeds.releases.append(.open(body, generation: generation)) }
      case .stopBody(let thread, let generation):
        if let body = body(of: thread) { deeds.stops.append(.init(body: body, order: .standStill(generation))) }
      case .endBody(let thread, let reason):
        guard let body = body(of: thread) else { break }
        if reason == .unreachable, let resident = remove(thread) { deeds.leavers.append(resident) }
        // Now, so that whatever of it goes on before its gate closes knows already.
        body.markKilled()
        deeds.stops.append(.init(body: body, order: .end))
      case .chosen(let wait, let branch, let choice):
        deeds.wake(waiters[wait.rawValue], .chosen(branch: branch, gift(choice)))
        ended.append(wait)
      case .broken(let wait, let kind):
        deeds.wake(waiters[wait.rawValue], .broken(kind))
        ended.append(wait)
      case .withdrawn(let wait):
        deeds.wake(waiters[wait.rawValue], .withdrawn)
        ended.append(wait)
      case .breakReady(let thread):
        if let body = body(of: thread) { deeds.alerts.append(body) }
      case .happened(let event):
        guard event.kind == .death, let resident = remove(event.thread) else { break }
        deeds.leavers.append(resident)
      case .shutDown(let custodian):
        deeds.closings += closings.removeAll(of: custodian)
      case .shutdownComplete: break
      }
    }
    for wait in ended { if let waiter = waiters.removeValue(forKey: wait.rawValue) { deeds.ended.append(waiter) } }
    return deeds
  }

  private mutating func gift(_ choice: Choice) -> Gift {
    switch choice {
    case .ready: .nothing
    case .message(let thread): residents[thread.rawValue]?.mailbox.receive().map(Gift.value) ?? .nothing
    case .met(let partner, let branch):
      if let offers = waiters[partner.rawValue]?.offers, offers.indices.contains(branch), let offer = offers[branch] {
        .value(offer)
      } else {
        .nothing
      }
    case .nested(let end): .nestedEnd(end)
    }
  }
}
