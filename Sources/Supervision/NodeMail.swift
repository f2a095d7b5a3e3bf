package import HeddleModel
package import HeddleWire

// Mail: from a client's frame into a mailbox, and out of it to a program.

extension Span<UInt8> {
  /// Whether it is more than a line.
  fileprivate var hasNewline: Bool { unsafe withUnsafeBufferPointer { unsafe $0.contains(UInt8(ascii: "\n")) } }
}

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
    let phase = connections.look(id) { $0.phase }
    guard phase == .open else {
      if phase == .link { return receivedOnLink(run, in: chunk, on: id, effects: &effects) }
      return receivedOutOfPlace(.mail, on: id, effects: &effects)
    }
    if run.receiver.slot != .home { return forwardMail(run, in: chunk, from: id, effects: &effects) }
    if run.flags.contains(.retry) { connections.change(id) { _ = $0.receipts.heldBack.remove(run.receiver) } }
    var rest = run
    while !rest.isEmpty {
      relay(&rest, in: chunk, from: id, effects: &effects)
      if !rest.isEmpty { queue(&rest, in: chunk, from: id, effects: &effects) }
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
    noteQueued(run, before: rest, from: sender)
    run = rest
  }

  // MARK: - In

  /// Queues mail up to the first message that is refused.
  private mutating func queue(
    _ run: inout MailRun,
    in chunk: Span<UInt8>,
    from sender: ConnectionID,
    effects: inout Effects
  ) {
    if isHeldBack(run, from: sender) {
      connections.change(sender) { $0.receipts.noteRefused(run.count, .mailboxFull) }
      run = run.end
      return
    }
    let thread = run.receiver
    let isLines = entities.look(thread, { $0.channel }) == .lines
    var (rest, refusal) = (restBehindRoom(run, in: chunk, isLines: isLines), RefusalCode?.none)
    if rest.count == run.count, let first = rest.popFirst(in: chunk), isLines, first.span.hasNewline {
      refusal = .notALine
    }
    let (whole, count) = (run, run.count - rest.count)
    refusal = refusal ?? queue(MailBundle(copying: run, before: rest, in: chunk), run.flags, effects: &effects)
    run = rest
    if let refusal { return note(refusal, of: count, by: thread, from: sender, mayWait: run.flags.contains(.wait)) }
    noteQueued(whole, before: rest, from: sender)
    if isLines, let through = entities.look(thread, { $0.lastQueued }) {
      note(.handover(thread, through: through), by: sender)
    }
    pump(thread, effects: &effects)
  }

  /// Those of `run` that are not in `rest` have their place.
  private mutating func noteQueued(_ run: MailRun, before rest: MailRun, from sender: ConnectionID) {
    let (count, bytes) = (run.count - rest.count, run.bodyBytes - rest.bodyBytes)
    let isAwaited = !run.flags.contains(.later)
    connections.change(sender) { $0.receipts.noteQueued(count, bytes: bytes, isAwaited: isAwaited) }
  }

  /// What is left of `run` behind all that the mailbox has room for, and that are lines if they have to be. If there is none
  /// of these the first message is to find out why.
  private func restBehindRoom(_ run: MailRun, in chunk: Span<UInt8>, isLines: Bool) -> MailRun {
    var room = entities.look(run.receiver) { $0.mailbox.room } ?? (messages: .max, bytes: .max)
    if !isLines, run.count <= room.messages, run.bodyBytes <= room.bytes { return run.end }
    var rest = run
    rest.dropFirst(in: chunk) { body in
      guard room.messages > 0, body.count <= room.bytes, !(isLines && body.hasNewline) else { return false }
      room.messages -= 1
      room.bytes -= body.count
      return true
    }
    return rest
  }

  /// Whether mail of the same sender has been refused and waits to be sent again: what comes after it must not overtake it.
  private func isHeldBack(_ run: MailRun, from sender: ConnectionID) -> Bool {
    run.flags.contains(.wait) && connections.look(sender, { $0.receipts.heldBack.contains(run.receiver) }) == true
  }

  /// Kernel and mailbox in one step.
  ///
  /// - Returns: why none of them was queued.
  mutating func queue(_ bundle: MailBundle, _ flags: FrameFlags, effects: inout Effects) -> RefusalCode? {
    let (thread, count, size) = (bundle.run.receiver, bundle.run.count, bundle.run.bodyBytes)
    var orders: [Effect] = []
    defer { obey(orders, effects: &effects) }
    do throws(Refusal) {
      let whenSuspended: WhenSuspended = flags.contains(.running) ? .fail : .queue
      try kernel.send(count, to: thread, whenSuspended: whenSuspended, effects: &orders) { () throws(MailRefusal) in
        _ = try entities.change(thread) { (entity) throws(MailRefusal) in
          try entity.mailbox.send(bundle, size: size, count: count)
        }
      }
      return nil
    } catch {
      return error.code
    }
  }

  private mutating func note(
    _ refusal: RefusalCode,
    of count: Int,
    by thread: ThreadID,
    from sender: ConnectionID,
    mayWait: Bool
  ) {
    connections.change(sender) { connection in
      connection.receipts.noteRefused(count, refusal)
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
    let (batch, count) = takeLines(of: thread)
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

  /// About as many lines as are written at a time, each with its end.
  private mutating func takeLines(of thread: ThreadID) -> (bytes: [UInt8], count: Int) {
    var (batch, total) = ([UInt8](), 0)
    while batch.count < Limits.lineBatchBytes, let bundle = entities.look(thread, { $0.mailbox.first }) ?? nil {
      var (rest, bytes) = (bundle.run, batch.count)
      rest.dropFirst(in: bundle.bytes.span) { body in
        defer { bytes += body.count + 1 }
        return bytes < Limits.lineBatchBytes
      }
      guard take(bundle, upTo: rest) else { break }
      total += bundle.run.count - rest.count
      bundle.appendLines(before: rest, to: &batch)
    }
    return (batch, total)
  }

  /// Takes mail out of the mailbox: of the first bundle in it, `bundle`, all that is not in `rest`.
  ///
  /// - Returns: whether the thread may have it.
  mutating func take(_ bundle: MailBundle, upTo rest: MailRun) -> Bool {
    let thread = rest.receiver
    guard (try? kernel.tryReceive(bundle.run.count - rest.count, in: thread)) == true else { return false }
    entities.change(thread) { entity in
      if rest.isEmpty {
        _ = entity.mailbox.receive()
      } else {
        entity.mailbox.leave(bundle.from(rest), size: rest.bodyBytes, count: rest.count)
      }
    }
    return true
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
