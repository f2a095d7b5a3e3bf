package import HeddleModel
package import HeddleWire

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

  /// Mail has come for one thread. After the last that came together, `framesEnded` is to follow.
  ///
  /// - Parameter chunk: where the mail is.
  package mutating func received(
    _ run: MailRun,
    in chunk: Span<UInt8>,
    on id: ConnectionID,
    effects: inout Effects
  ) {
    guard connections.look(id, { $0.phase }) == .open else {
      return receivedOutOfPlace(.mail, on: id, effects: &effects)
    }
    if run.flags.contains(.retry) { connections.change(id) { _ = $0.receipts.heldBack.remove(run.receiver) } }
    var rest = run
    while !rest.isEmpty {
      relay(&rest, in: chunk, from: id, effects: &effects)
      queue(&rest, in: chunk, from: id, effects: &effects)
    }
  }

  // MARK: - Past the mailbox

  /// Writes mail on as it came, from the first message as far as the worker's credit goes, where nothing is before it.
  ///
  /// It is what sending, receiving and `pumpWorker` come to then.
  private mutating func relay(
    _ run: inout MailRun,
    in chunk: Span<UInt8>,
    from sender: ConnectionID,
    effects: inout Effects
  ) {
    guard !isHeldBack(run, from: sender), let worker = workers[run.receiver], kernel.takesMailAtOnce(run.receiver),
      let sizeMax = entities.look(run.receiver, { $0.mailbox.mostInMessage })
    else { return }
    let rest = connections.change(worker) { connection in
      guard connection.phase == .open, connection.worker?.isHeld == false else { return run }
      return connection.worker?.mail?.write(run, in: chunk, sizeMax: sizeMax) ?? run
    }
    guard let rest, rest.count < run.count else { return }
    effects.append(.send(worker, .mail(frames: run.frames(before: rest, in: chunk))))
    connections.change(sender) { $0.receipts.noteQueued(run.count - rest.count) }
    run = rest
  }

  // MARK: - In

  /// Queues mail up to the first message that is refused, or up to the first line.
  private mutating func queue(
    _ run: inout MailRun,
    in chunk: Span<UInt8>,
    from sender: ConnectionID,
    effects: inout Effects
  ) {
    let thread = run.receiver
    let mayWait = run.flags.contains(.wait)
    if isHeldBack(run, from: sender) {
      connections.change(sender) { $0.receipts.noteRefused(run.count, .mailboxFull) }
      run = run.end
      return
    }
    let whenSuspended: WhenSuspended = run.flags.contains(.running) ? .fail : .queue
    let isLines = entities.look(thread, { $0.channel }) == .lines
    var (orders, count, refusal): ([Effect], Int, RefusalCode?) = ([], 0, nil)
    while refusal == nil, !(isLines && count > 0), let body = run.popFirst(in: chunk) {
      refusal =
        isLines && body.contains(UInt8(ascii: "\n"))
        ? .notALine
        : Self.queue(body, for: thread, whenSuspended, kernel: &kernel, entities: &entities, orders: &orders)
      if refusal == nil { count += 1 }
    }
    connections.change(sender) { $0.receipts.noteQueued(count) }
    obey(orders, effects: &effects)
    if isLines, count > 0, let through = entities.look(thread, { $0.lastQueued }) {
      note(.handover(thread, through: through), by: sender)
    }
    if let refusal { note(refusal, by: thread, of: sender, mayWait: mayWait) }
    if count > 0 { pump(thread, effects: &effects) }
  }

  /// Whether mail of the same sender has been refused and waits to be sent again: what comes after it must not overtake it.
  private func isHeldBack(_ run: MailRun, from sender: ConnectionID) -> Bool {
    run.flags.contains(.wait) && connections.look(sender, { $0.receipts.heldBack.contains(run.receiver) }) == true
  }

  /// Kernel and mailbox in one step.
  ///
  /// - Returns: why it was not queued.
  static func queue(
    _ body: [UInt8],
    for thread: ThreadID,
    _ whenSuspended: WhenSuspended,
    kernel: inout Kernel,
    entities: inout IDTable<ThreadID, Entity>,
    orders: inout [Effect]
  ) -> RefusalCode? {
    do throws(Refusal) {
      try kernel.send(to: thread, whenSuspended: whenSuspended, effects: &orders) { () throws(MailRefusal) in
        _ = try entities.change(thread) { (entity) throws(MailRefusal) in
          try entity.mailbox.send(body, size: body.count)
        }
      }
      return nil
    } catch {
      return error.code
    }
  }

  private mutating func note(_ refusal: RefusalCode, by thread: ThreadID, of sender: ConnectionID, mayWait: Bool) {
    connections.change(sender) { connection in
      connection.receipts.noteRefused(1, refusal)
      if refusal == .mailboxFull, mayWait { connection.receipts.heldBack.insert(thread) }
    }
    guard refusal == .mailboxFull, mayWait else { return }
    entities.change(thread) { entity in
      if entity.awaitingRoom.contains(sender) == false { entity.awaitingRoom.append(sender) }
    }
  }

  // MARK: - Out

  /// Writes mail to the program's standard input, as lines, as long as the thread runs and its pipe takes it; after the
  /// end of mail the pipe is closed.
  mutating func pump(_ thread: ThreadID, effects: inout Effects) {
    if isWorker(thread) { return pumpWorker(thread, effects: &effects) }
    // Of a resumed thread: not before it was seen to run, so that a break that waited comes first.
    guard entities.look(thread, { $0.input }) == .ready, isSeenRunning(thread) else { return }
    if entities.look(thread, { $0.takesStream }) == true { return pumpStream(thread, effects: &effects) }
    var batch: [UInt8] = []
    var count = 0
    while batch.count < Limits.lineBatchBytes, (try? kernel.tryReceive(in: thread)) == true,
      let line = entities.change(thread, { $0.mailbox.receive() }) ?? nil
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
    guard entities.look(thread, { $0.isRoomAwaited && $0.mailbox.isHalfFree }) == true, let entity = entities[thread]
    else { return }
    entities[thread]?.awaitingRoom = []
    entities[thread]?.relaysAwaitingRoom = []
    for connection in entity.awaitingRoom { effects.append(.send(connection, .room(thread))) }
    relaysDue.append(contentsOf: entity.relaysAwaitingRoom)
    workOffRelays(effects: &effects)
  }
}
