package import HeddleModel
internal import HeddleWire

// Workers: programs that speak the protocol on their descriptor 3.

/// The thread whose own connection this is.
struct Worker: Equatable, Sendable {
  let thread: ThreadID
  /// From the decision that the thread stands still until it was seen to run: nothing is written to it.
  var isHeld: Bool
  /// nil before its HELLO, which may never come.
  var mail: MailFlow?
}

extension Node {
  // MARK: - The connection

  /// Whether the thread's program has a descriptor 3.
  package func isWorker(_ thread: ThreadID) -> Bool { entities.look(thread, { $0.channel }) == .frames }

  /// The connection that is the thread's own; nil when it has none, or none any more.
  package func connection(of thread: ThreadID) -> ConnectionID? { workers[thread] }

  /// Whether nothing is to be written to the connection for now.
  package func isHeld(_ connection: ConnectionID) -> Bool {
    connections.look(connection) { $0.worker?.isHeld == true } ?? false
  }

  /// The thread's program has started, and the other end of its descriptor 3 is a connection from now on. It speaks for
  /// the thread: who has the descriptor needs no credentials.
  ///
  /// - Parameter uid: the user that the program runs as.
  package mutating func workerConnected(_ thread: ThreadID, uid: UInt32, at instant: Instant) -> ConnectionID {
    now = max(now, instant)
    let session = newSession(below: entities[thread]?.currentCustodian ?? kernel.root)
    let peer = Peer(pid: entities[thread]?.pid ?? 0, uid: uid, thread: thread)
    var connection = Connection(peer: peer, phase: .greeting(until: nil), session: session)
    connection.worker = Worker(thread: thread, isHeld: !isSeenRunning(thread), mail: nil)
    let id = connections.insert(connection)
    if let path = session.path { sessions[path] = id }
    workers[thread] = id
    return id
  }

  /// A worker has said HELLO: what it is told of itself; nil for a client that is no worker.
  mutating func welcomeWorker(_ hello: Hello, on connection: ConnectionID) throws(WireRefusal) -> Welcome.Worker? {
    guard let thread = connections[connection]?.worker?.thread else { return nil }
    // Else mail that was accepted for it could not be written to it.
    guard hello.bodyMax >= BodyLimit.usual else { throw Sentences.workerTakesTooLittle(hello.bodyMax) }
    let credit = (hello.mailCredit ?? .usualCredit).limited(to: .creditCeiling)
    connections[connection]?.worker?.mail = MailFlow(credit: credit)
    return Welcome.Worker(
      thread: thread,
      name: entities[thread]?.name,
      credit: credit,
      breaksDisabled: entities.look(thread) { $0.breaksDisabled } ?? false
    )
  }

  /// A worker's connection is gone, which is not its death: its mail stays in the mailbox, and a break is a signal.
  mutating func workerLeft(_ connection: Connection, effects: inout Effects) {
    guard let worker = connection.worker else { return }
    entities[worker.thread]?.inFlight = worker.mail?.messagesOnTheirWay ?? 0
    workers[worker.thread] = nil
    deliverBreak(to: worker.thread, effects: &effects)
  }

  // MARK: - Frames

  /// CREDIT or MARK, which only workers send.
  mutating func workerFrameCame(_ frame: Frame, on connection: ConnectionID, effects: inout Effects) {
    guard let thread = connections.look(connection, { $0.worker?.thread }) ?? nil else {
      return refuseConnection(connection, Sentences.outOfPlace(frame.header.kind), effects: &effects)
    }
    let queued = entities.look(thread, { $0.mailbox.count }) ?? 0
    do throws(MailFlow.Fault) {
      try connections.change(connection) { (connection) throws(MailFlow.Fault) in
        if frame.header.kind == .credit {
          try connection.worker?.mail?.take(MailTotals(decoding: frame.body))
        } else {
          try connection.worker?.mail?.mark(MarkID(rawValue: frame.header.id), behind: queued)
        }
      }
      pumpWorker(thread, effects: &effects)
    } catch {
      refuseConnection(connection, Sentences.workerFault(error), effects: &effects)
    }
  }

  // MARK: - Mail

  /// Writes to a worker what it may have now: mail as far as its credit goes, and what stands behind that.
  mutating func pumpWorker(_ thread: ThreadID, effects: inout Effects) {
    guard let connection = workers[thread] else { return }
    if isHeld(connection) {
      guard isSeenRunning(thread) else { return }
      release(connection, of: thread, effects: &effects)
    }
    guard connections.look(connection, { $0.phase }) == .open else { return }
    let hasWritten = writeMail(of: thread, to: connection, effects: &effects)
    if hasWritten { offerRoom(in: thread, effects: &effects) }
    writeBehindMail(of: thread, to: connection, effects: &effects)
  }

  /// - Returns: whether there was any that could be written.
  private mutating func writeMail(
    of thread: ThreadID,
    to connection: ConnectionID,
    effects: inout Effects
  ) -> Bool {
    guard var flow = connections.look(connection, { $0.worker?.mail }) ?? nil else { return false }
    var writer = FrameWriter()
    while let bundle = entities.look(thread, { $0.mailbox.first }) ?? nil {
      var next = flow
      let rest = next.write(bundle.run, in: bundle.bytes.span)
      guard rest.count < bundle.run.count, take(bundle, upTo: rest) else { break }
      writer.append(frames: bundle.frames(before: rest))
      flow = next
    }
    guard !writer.bytes.isEmpty else { return false }
    connections.change(connection) { $0.worker?.mail = flow }
    effects.append(.send(connection, .mail(frames: writer.take())))
    return true
  }

  /// The end of mail, and the worker's marks.
  private mutating func writeBehindMail(of thread: ThreadID, to id: ConnectionID, effects: inout Effects) {
    guard let (isAll, isEnd) = entities.look(thread, { ($0.mailbox.isEmpty, $0.mailbox.isEmpty && $0.mailbox.isEnded) })
    else { return }
    connections.change(id) { connection in
      if isEnd, connection.worker?.mail?.isEnded == false {
        connection.worker?.mail?.end()
        effects.append(.send(id, .mailEnd(thread)))
      }
      while let mark = connection.worker?.mail?.nextMark(isAll: isAll) { effects.append(.send(id, .mark(mark))) }
    }
  }

  /// The messages that the thread has not taken: those in its mailbox, those on their way to it, and those that were
  /// received and not confirmed.
  func unreadMail(of thread: ThreadID) -> Int {
    guard let entity = entities[thread] else { return 0 }
    let waiting = entity.mailbox.count + entity.unconfirmed
    guard entity.channel == .frames else { return waiting }
    let flow = workers[thread].flatMap { connections[$0]?.worker?.mail }
    return waiting + (flow?.messagesOnTheirWay ?? entity.inFlight)
  }

  // MARK: - Standing still

  /// Whether the thread is to run and was seen to: nothing that it is written falls into a suspension.
  func isSeenRunning(_ thread: ThreadID) -> Bool {
    guard let life = kernel.threads.look(thread, { $0.life }) else { return false }
    return life.phase == .running && life.observed == life.generation
  }

  /// It was decided that the thread stands still.
  mutating func holdWorker(_ thread: ThreadID, effects: inout Effects) {
    guard let connection = workers[thread], connections[connection]?.worker?.isHeld == false else { return }
    connections[connection]?.worker?.isHeld = true
    effects.append(.holdFrames(connection, true))
  }

  /// The thread was seen to run: the break that waited comes first, then what was held.
  private mutating func release(_ connection: ConnectionID, of thread: ThreadID, effects: inout Effects) {
    connections[connection]?.worker?.isHeld = false
    deliverBreak(to: thread, effects: &effects)
    effects.append(.holdFrames(connection, false))
  }

  // MARK: - Breaks

  /// Hands on the break that waits for the thread, if it can be: to a worker that has said HELLO as a frame, to a program
  /// without a descriptor 3, or with none any more, as a signal. Else the kernel keeps it.
  mutating func deliverBreak(to thread: ThreadID, effects: inout Effects) {
    guard hearsBreaks(thread) else { return }
    if entities[thread]?.channel == .frames, entities[thread]?.body == .starting { return }
    if spawns[thread]?.delay?.hasBegun == false { return }
    let connection = workers[thread]
    if let connection {
      guard connections[connection]?.phase == .open, !isHeld(connection) else { return }
    }
    guard let kind = kernel.takeBreak(of: thread) else { return }
    if isConnection(thread) {
      endConnection(of: thread, .signal(kind.signal, coreDumped: false), effects: &effects)
    } else if listener(of: thread) != nil {
      breakServer(thread, kind, effects: &effects)
    } else if let connection {
      effects.append(.send(connection, .break(kind, thread)))
    } else {
      effects.append(.order(.signal(thread, kind.signal)))
    }
  }
}
