internal import HeddleModel
internal import HeddleWire

// Mail that a thread's own processes take by a connection, or that a connection takes which is a thread itself.
//
// The waits are the thread's: while it is suspended they give nothing, and its end ends them. What was handed to a client is
// kept until that says that it has done with it: when the connection ends before, it goes back to where it was.

extension Node {
  // MARK: - Requests

  /// Takes mail when there is some; without `waits` the answer may be that there is none.
  mutating func receive(
    _ most: Int,
    waits: Bool,
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    let thread = try ownThread(of: inquiry.connection, to: "receive mail of")
    guard let connection = connections[inquiry.connection] else { return }
    guard connection.bodyMax >= BodyLimit.usual else { throw Sentences.receiverTakesTooLittle(connection.bodyMax) }
    let open = connection.waits.values.count(where: isReceive)
    guard !connection.hand.isFull, open < Limits.openReceivesMax else { throw Sentences.tooMuchInHand }
    // A message comes before the end of mail, and that before the news that there is nothing.
    let events = [.receive, .peek(endOfMail(of: thread))] + (waits ? [] : [Event.always])
    try wait(for: events, in: thread, .mail(thread, most: most), "receive mail of", inquiry, effects: &effects)
  }

  /// Waits for mail, or its end, and takes nothing.
  mutating func waitForMail(for inquiry: Inquiry, effects: inout Effects) throws(WireRefusal) {
    let thread = try ownThread(of: inquiry.connection, to: "wait for mail of")
    let events = [.mail, Event.peek(endOfMail(of: thread))]
    try wait(for: events, in: thread, .mailArrival(thread), "wait for mail of", inquiry, effects: &effects)
  }

  /// The client has done with what it received first, so many messages.
  mutating func confirmMail(through: UInt64, for inquiry: Inquiry) throws(WireRefusal) -> Reply {
    let received = connections[inquiry.connection]?.hand.received ?? 0
    guard through <= received else { throw Sentences.confirmsTooMuch(through, received: received) }
    let count = connections.change(inquiry.connection) { $0.hand.confirm(through: through) } ?? 0
    if let own = connections[inquiry.connection]?.own { entities[own]?.unconfirmed -= count }
    return .done
  }

  /// Pushes messages back in front of all others, one by one.
  mutating func rewind(
    _ messages: [[UInt8]],
    for inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) -> Reply {
    let attempted = "push mail back to"
    let thread = try ownThread(of: inquiry.connection, to: attempted)
    let subject = "id:\(thread)"
    if let refusal = refusal(ofRewinding: messages, to: thread) {
      throw Sentences.notRewound(refusal, attempted, subject)
    }
    do throws(Refusal) { try rewind(messages, to: thread, effects: &effects) } catch {
      throw Sentences.refused(error, attempted: attempted, subject: subject, in: self)
    }
    return .done
  }

  /// The mailbox refuses mail from now on; whoever waits for more learns it once there is none.
  mutating func endMail(of thread: ThreadID, effects: inout Effects) {
    guard kernel.threads[thread]?.life.isAlive == true, let entity = entities[thread], !entity.mailbox.isEnded else {
      return
    }
    record(.mailEnded, of: thread)
    entities[thread]?.mailbox.end()
    if let end = entity.endOfMail {
      // It is forgotten together with the thread's life.
      step(effects: &effects) { try? $0.post(end, effects: &$1) }
    }
    pump(thread, effects: &effects)
  }

  // MARK: - Answers

  /// What a client waited for has come: mail, or the end of it; or it did not wait.
  mutating func hand(
    _ choice: Choice,
    of thread: ThreadID,
    atMost most: Int,
    to answer: Answer,
    effects: inout Effects
  ) {
    var frames = FrameWriter()
    var count = 0
    // The first is the choice's, and taken in the model already.
    var isTaken = if case .message = choice { true } else { false }
    while isTaken, let body = entities.change(thread, { $0.mailbox.receiveOne() }) ?? nil {
      frames.append(frames: MailBundle(body, to: thread).bytes)
      connections.change(answer.connection) { $0.hand.take(body) }
      count += 1
      isTaken =
        count < most && frames.bytes.count < Limits.receivedBytesMax && (try? kernel.tryReceive(in: thread)) == true
    }
    noteHanded(count, of: thread)
    if count > 0 { effects.append(.send(answer.connection, .mail(frames: frames.take()))) }
    let isEnd = count == 0 && entities.look(thread) { $0.mailbox.isEnded && $0.mailbox.isEmpty } == true
    effects.append(.send(answer.connection, .reply(.received(messages: count, isEnd: isEnd), answer.request)))
    if count > 0 { offerRoom(in: thread, effects: &effects) }
  }

  /// The thread is ending, and with it a wait for its mail. A connection that is the thread is told why by its own end.
  mutating func refuseMail(to wait: WaitID, effects: inout Effects) {
    guard let answer = answers[wait] else { return }
    let thread: ThreadID
    switch answer.subject {
    case .mail(let own, _), .mailArrival(let own): thread = own
    case .death, .kill, .done, .watch, .nested: return
    }
    answers[wait] = nil
    connections[answer.connection]?.waits[answer.request] = nil
    guard !isConnection(thread) else { return }
    let refusal = Sentences.refused(.threadDead(thread), attempted: answer.attempted, subject: answer.on, in: self)
    effects.append(.send(answer.connection, .refusal(refusal, answer.request)))
  }

  /// The connection has ended: what it received and did not confirm is received again, as it was.
  mutating func putBackMail(of connection: Connection, effects: inout Effects) {
    guard let thread = connection.own, connection.hand.count > 0 else { return }
    entities[thread]?.unconfirmed -= connection.hand.count
    let messages = connection.hand.newestFirst
    // Of one that is ending it is only counted.
    if (try? rewind(messages, to: thread, effects: &effects)) == nil, state(of: thread) == .ending {
      entities.change(thread) { $0.mailbox.rewind(messages, to: thread) }
    }
  }

  // MARK: - Shared

  /// The thread whose mail the client may take: the one that it is a part of, or is.
  private func ownThread(of connection: ConnectionID, to attempted: String) throws(WireRefusal) -> ThreadID {
    guard connections[connection]?.worker == nil else { throw Sentences.mailComesByItself(attempted) }
    guard let own = connections[connection]?.own else { throw Sentences.notInThread(attempted) }
    guard kernel.threads[own]?.life.isAlive == true else {
      throw Sentences.refused(.threadDead(own), attempted: attempted, subject: "id:\(own)", in: self)
    }
    return own
  }

  /// Lets a request wait, in the name of the client's own thread, for the first of several events.
  private mutating func wait(
    for events: [Event],
    in thread: ThreadID,
    _ subject: Answer.Subject,
    _ attempted: String,
    _ inquiry: Inquiry,
    effects: inout Effects
  ) throws(WireRefusal) {
    try wait(subject, attempted, on: "id:\(thread)", inquiry, effects: &effects) { (kernel, orders) throws(Refusal) in
      try kernel.syncUnbroken(events.map { Branch($0) }, in: thread, effects: &orders)
    }
  }

  /// Whether the wait is one for mail that will be handed over.
  private func isReceive(_ wait: WaitID) -> Bool {
    if case .mail = answers[wait]?.subject { true } else { false }
  }

  /// What is ready from the end of the thread's mail on.
  private mutating func endOfMail(of thread: ThreadID) -> SemaphoreID {
    if let end = entities[thread]?.endOfMail { return end }
    let end = kernel.makeSemaphore(count: entities[thread]?.mailbox.isEnded == true ? 1 : 0)
    entities[thread]?.endOfMail = end
    return end
  }

  private func refusal(ofRewinding messages: [[UInt8]], to thread: ThreadID) -> RefusalCode? {
    guard let entity = entities[thread] else { return nil }
    if entity.channel == .lines, messages.contains(where: { $0.contains(UInt8(ascii: "\n")) }) { return .notALine }
    // What was received before may come back, whatever the mailbox's own bounds are.
    let bytes = messages.reduce(entity.mailbox.bytes) { $0 + $1.count }
    let most = Limits.mailboxCeiling
    let isTooMuch = entity.mailbox.count + messages.count > most.messagesMax ?? .max || bytes > most.bytesMax ?? .max
    return isTooMuch ? .mailboxFull : nil
  }

  private mutating func rewind(
    _ messages: [[UInt8]],
    to thread: ThreadID,
    effects: inout Effects
  ) throws(Refusal) {
    var orders: [Effect] = []
    try kernel.rewind(messages.count, in: thread, effects: &orders) {}
    entities.change(thread) { $0.mailbox.rewind(messages, to: thread) }
    noteHanded(-messages.count, of: thread)
    obey(orders, effects: &effects)
    pump(thread, effects: &effects)
  }

  /// So many messages have left the mailbox by a client, or come back: for whoever waits until lines were handed over.
  private mutating func noteHanded(_ count: Int, of thread: ThreadID) {
    entities.change(thread) { entity in
      if count > 0 { entity.unconfirmed += count }
      entity.handedOver = UInt64(clamping: Int64(clamping: entity.handedOver) + Int64(count))
    }
  }
}
