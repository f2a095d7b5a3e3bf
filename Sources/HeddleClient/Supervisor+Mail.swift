package import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// Mail. What is sent to one receiver over one connection arrives in the order of the calls.
///
/// Mail that was handed over is not withdrawn when its task is cancelled.
extension Supervisor {
  /// Sends a message, and returns when it is queued at its owner.
  ///
  /// - Throws: `refused`, among them `mailboxFull` and `dead`. After `connectionLost` it may have arrived or not.
  func send(_ body: [UInt8], to receiver: ThreadID, _ manner: Outbox.Manner) async throws(ClientError) {
    try check([body], receiver)
    let outcome = await withCheckedContinuation { (task: CheckedContinuation<Outbox.Outcome, Never>) in
      post(outboxes[receiver].send(body, to: receiver, manner) { task.resume(returning: $0) }.effects)
    }
    try outcome.get()
  }

  /// As `send`.
  ///
  /// - Parameters:
  ///   - waitingForRoom: whether it waits while the mailbox is full; otherwise it is refused.
  ///   - requiresRunning: whether it is refused when the receiver is suspended; otherwise it waits for the resumption.
  package func send(
    _ body: [UInt8],
    to receiver: ThreadID,
    waitingForRoom: Bool,
    requiresRunning: Bool = false
  ) async throws(ClientError) {
    let whenSuspended: HeddleModel.WhenSuspended = requiresRunning ? .fail : .queue
    let manner: Outbox.Manner =
      waitingForRoom ? .whenThereIsRoom(whenSuspended: whenSuspended) : .now(whenSuspended: whenSuspended)
    try await send(body, to: receiver, manner)
  }

  /// Sends a message when there is room for it, which the calling thread waits for as `sync` does.
  ///
  /// - Throws: `mailboxFull` when the time is up; what else ends the wait. The message was taken back then.
  nonisolated func send(_ body: [UInt8], to receiver: ThreadID, waitingUpTo limit: Duration) async throws {
    guard limit >= .zero else {
      throw ThreadError(.negativeDuration, "a send cannot wait for room during \(limit); give zero or more")
    }
    let fate = Promise<Outbox.Outcome>()
    let ticket = try await begin(body, to: receiver, fate)
    let interruption: any Error
    do {
      if let outcome = try await sync(fate, timeout: limit) { return try outcome.get() }
      interruption = ClientError.refused(WireRefusal(mailTo: receiver, .mailboxFull))
    } catch {
      if error is ClientError { throw error }
      interruption = error
    }
    guard case .success = await takeBack(ticket, to: receiver, fate) else { throw interruption }
    // It was queued: what came meanwhile waits.
    if let error = interruption as? BreakError { LocalThread.current.breakFromOutside(error.kind) }
  }

  private func begin(
    _ body: [UInt8],
    to receiver: ThreadID,
    _ fate: Promise<Outbox.Outcome>
  ) throws(ClientError) -> UInt64 {
    try check([body], receiver)
    let (ticket, effects) = outboxes[receiver].send(body, to: receiver, .whenThereIsRoom()) {
      fate.fulfillInNobodysName($0)
    }
    post(effects)
    return ticket
  }

  /// Takes a message back. Gives its fate, which is told here alone if it was not known.
  private func takeBack(_ ticket: UInt64, to receiver: ThreadID, _ fate: Promise<Outbox.Outcome>) async
    -> Outbox.Outcome
  {
    if let known = fate.value { return known }
    return await withCheckedContinuation { (task: CheckedContinuation<Outbox.Outcome, Never>) in
      outboxes[receiver].redirect(ticket) { task.resume(returning: $0) }
      post(outboxes[receiver].withdraw(ticket, to: receiver))
    }
  }

  /// Puts messages into the send window, from which they go as soon as the mailbox has room; returns when all of them are
  /// in it, which the calling thread waits for as `sync` does. What becomes of them, `flush` tells.
  ///
  /// - Throws: `refused` also for an earlier message that was posted, if nobody was told of that yet; these are not sent
  ///   then. What ends the wait: those that are in the window by then go on, the others do not.
  package nonisolated func post(contentsOf bodies: [[UInt8]], to receiver: ThreadID) async throws {
    guard let (ticket, outcome) = try await beginPosting(bodies, to: receiver) else { return }
    do { try await sync(outcome).get() } catch {
      if !(error is ClientError) { await giveUp(posting: ticket) }
      throw error
    }
  }

  /// Posts one message.
  package nonisolated func post(_ body: [UInt8], to receiver: ThreadID) async throws {
    try await post(contentsOf: [body], to: receiver)
  }

  /// - Returns: what is to be waited for, and how to give it up; nil when all messages are in the window.
  private func beginPosting(
    _ bodies: [[UInt8]],
    to receiver: ThreadID
  ) throws(ClientError) -> (ticket: UInt64, outcome: Promise<Outbox.Outcome>)? {
    try check(bodies, receiver)
    let (rest, effects) = try outboxes[receiver].post(bodies, to: receiver)
    post(effects)
    guard !rest.isEmpty else { return nil }
    let outcome = Promise<Outbox.Outcome>()
    let ticket = outboxes[receiver].wait(toPost: rest, to: receiver) { outcome.fulfillInNobodysName($0) }
    askForAck()
    return (ticket, outcome)
  }

  private func giveUp(posting ticket: UInt64) { post(outboxes[ticket: ticket].giveUp(posting: ticket)) }

  /// Returns when everything that was posted is queued at its owner, also what is posted meanwhile; the calling thread
  /// waits as `sync` does.
  ///
  /// - Throws: `ClientError` with the first refusal that nobody was told of; what ends the wait.
  public nonisolated func flush() async throws {
    let outcome = Promise<Outbox.Outcome>()
    try await beginFlush(outcome)
    try await sync(outcome).get()
  }

  private func beginFlush(_ outcome: Promise<Outbox.Outcome>) throws(ClientError) {
    if let failure { throw failure }
    outboxes.flush { outcome.fulfillInNobodysName($0) }
    askForAck()
  }

  /// Returns when all that was sent or posted to `receiver` over this connection has its fate.
  nonisolated func settle(mailTo receiver: ThreadID) async throws {
    let outcome = Promise<Outbox.Outcome>()
    try await beginSettling(receiver, outcome)
    try await sync(outcome).get()
  }

  private func beginSettling(_ receiver: ThreadID, _ outcome: Promise<Outbox.Outcome>) throws(ClientError) {
    if let failure { throw failure }
    outboxes[receiver].follow(receiver) { outcome.fulfillInNobodysName($0) }
    askForAck()
  }

  /// Writes what the window says is to be written.
  func post(_ effects: [SendWindow.Effect]) {
    do throws(FrameError) {
      for effect in effects {
        switch effect {
        case .write(let letter, let flags):
          try write { writer throws(FrameError) in
            try writer.mail(letter.body.span, to: letter.receiver, flags: flags)
          }
        case .writeRun(let run):
          try write { writer throws(FrameError) in
            try writer.mail(run.bodies, to: run.receiver, flags: [.wait, .later])
          }
        case .settle, .settleRun: break
        }
      }
    } catch {
      preconditionFailure("a message's size was checked when it was handed over: \(error)")
    }
    askForAck()
  }

  /// Asks for the ack that somebody waits for, if it would not come by itself.
  private func askForAck() {
    for node in outboxes.takeAsked() { say { writer throws(FrameError) in try writer.askForAck(of: node) } }
  }

  private func check(_ bodies: [[UInt8]], _ receiver: ThreadID) throws(ClientError) {
    if let failure { throw failure }
    if bodies.contains(where: { $0.count > bodyMax }) {
      throw .refused(WireRefusal(mailTo: receiver, .tooLarge))
    }
  }
}
