package import HeddleModel
internal import HeddleWire

// Mail: from a client's frame into a mailbox, and out of it to a program.

extension Node {
  // MARK: - Inputs

  /// The program's standard input has taken all that was written.
  package mutating func inputWritten(_ thread: ThreadID, effects: inout Effects) {
    guard entities[thread]?.input == .busy, let count = entities[thread]?.inFlight else { return }
    entities[thread]?.input = .ready
    entities[thread]?.handedOver += UInt64(count)
    entities[thread]?.inFlight = 0
    tellTaken(of: thread, effects: &effects)
    pump(thread, effects: &effects)
    releaseBarriers(effects: &effects)
  }

  /// The program has closed its standard input: mail stays in the mailbox from now on.
  package mutating func inputFailed(_ thread: ThreadID, effects: inout Effects) {
    closeInput(of: thread, effects: &effects)
    releaseBarriers(effects: &effects)
  }

  // MARK: - In

  /// Queues the mail of one frame, or notes why not.
  mutating func route(_ frame: Frame, from connection: ConnectionID, effects: inout Effects) {
    let thread = ThreadID(rawValue: frame.header.id)
    let mayWait = frame.header.flags.contains(.wait)
    if frame.header.flags.contains(.retry) { connections[connection]?.receipts.heldBack.remove(thread) }
    if mayWait, connections[connection]?.receipts.heldBack.contains(thread) == true {
      connections[connection]?.receipts.note(.mailboxFull)
      return
    }
    let whenSuspended: WhenSuspended = frame.header.flags.contains(.running) ? .fail : .queue
    let refusal = queue(frame.body, for: thread, whenSuspended, effects: &effects)
    connections[connection]?.receipts.note(refusal)
    if refusal == .mailboxFull, mayWait {
      connections[connection]?.receipts.heldBack.insert(thread)
      if entities[thread]?.awaitingRoom.contains(connection) == false {
        entities[thread]?.awaitingRoom.append(connection)
      }
    }
    guard refusal == nil else { return }
    if entities[thread]?.channel == .lines, let through = entities[thread]?.lastQueued {
      note(.handover(thread, through: through), by: connection)
    }
    pump(thread, effects: &effects)
  }

  private mutating func queue(
    _ body: [UInt8],
    for thread: ThreadID,
    _ whenSuspended: WhenSuspended,
    effects: inout Effects
  ) -> RefusalCode? {
    if entities[thread]?.channel == .lines, body.contains(UInt8(ascii: "\n")) { return .notALine }
    var orders: [Effect] = []
    defer { obey(orders, effects: &effects) }
    do throws(Refusal) {
      try Self.queue(body, for: thread, whenSuspended, kernel: &kernel, entities: &entities, orders: &orders)
      return nil
    } catch {
      return Sentences.refused(error, attempted: "send to", subject: "id:\(thread)", in: self).code
    }
  }

  /// Kernel and mailbox in one step.
  private static func queue(
    _ body: [UInt8],
    for thread: ThreadID,
    _ whenSuspended: WhenSuspended,
    kernel: inout Kernel,
    entities: inout IDTable<ThreadID, Entity>,
    orders: inout [Effect]
  ) throws(Refusal) {
    try kernel.send(to: thread, whenSuspended: whenSuspended, effects: &orders) { () throws(MailRefusal) in
      try entities[thread]?.mailbox.send(body, size: body.count)
    }
  }

  // MARK: - Out

  /// Writes mail to the program's standard input, as lines, as long as the thread runs and its pipe takes it; after the
  /// end of mail the pipe is closed.
  mutating func pump(_ thread: ThreadID, effects: inout Effects) {
    if isWorker(thread) { return pumpWorker(thread, effects: &effects) }
    // Of a resumed thread: not before it was seen to run, so that a break that waited comes first.
    guard entities[thread]?.input == .ready, let life = kernel.threads[thread]?.life, life.phase == .running,
      life.observed == life.generation
    else { return }
    if entities[thread]?.takesStream == true { return pumpStream(thread, effects: &effects) }
    var batch: [UInt8] = []
    var count = 0
    while batch.count < Limits.lineBatchBytes, (try? kernel.tryReceive(in: thread)) == true,
      let line = entities[thread]?.mailbox.receive()
    {
      batch += line
      batch.append(UInt8(ascii: "\n"))
      count += 1
    }
    if !batch.isEmpty {
      entities[thread]?.input = .busy
      entities[thread]?.inFlight = count
      effects.append(.write(thread, batch))
      offerRoom(in: thread, effects: &effects)
    } else if entities[thread]?.mailbox.isEnded == true {
      entities[thread]?.input = .closed
      effects.append(.endInput(thread))
    }
  }

  /// Tells those who were refused for want of room once half of the mailbox is free.
  mutating func offerRoom(in thread: ThreadID, effects: inout Effects) {
    guard let waiting = entities[thread]?.awaitingRoom, !waiting.isEmpty, entities[thread]?.mailbox.isHalfFree == true
    else { return }
    entities[thread]?.awaitingRoom = []
    for connection in waiting { effects.append(.send(connection, .room(thread))) }
  }
}
