import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("workers: threads that speak the protocol on their descriptor 3")
struct NodeWorkerTests {
  @Test("a worker is welcomed as the thread that it is, and speaks for the custodian that it was made under")
  func welcome() throws {
    var world = NodeWorld()
    let client = world.client()
    let job = try CustodianPath(parsing: "/main/job")
    _ = world.ask(.custodianNew(job), on: client)
    let worker = try world.startWorker("words", in: job, on: client)
    #expect(worker.welcome?.worker?.thread == worker.thread)
    #expect(worker.welcome?.worker?.name?.text == "words")
    #expect(worker.welcome?.worker?.credit == .usualCredit)
    #expect(worker.welcome?.grant == job)
    let outside = try world.start(in: .main, on: client)
    let refused = world.ask(.kill(.id(outside), wait: false, really: false), on: worker.connection)
    #expect(refused.refusal == .permission)
    let inside = try world.start(in: job, on: client)
    #expect(world.ask(.suspend(.id(inside)), on: worker.connection).refusal == nil)
    let info = world.ask(.find(.id(inside)), on: client).info
    #expect(info?.lastChange.by == "thread id:\(worker.thread)")
  }

  @Test("a worker has mail with its own id; to others it sends as any client")
  func mail() throws {
    var world = NodeWorld()
    let client = world.client()
    let one = try world.startWorker(on: client)
    let two = try world.startWorker(on: client)
    #expect(world.mail(["there"], to: two.thread, on: one.connection) == Ack(through: 1))
    #expect(world.take(two.connection) == [.mail(Array("there".utf8), two.thread)])
    #expect(
      world.mail(["nobody"], to: ThreadID(rawValue: 99), on: one.connection)?.refused.map(\.code) == [.noSuchThread]
    )
  }

  @Test("a worker need not say HELLO: its mail waits, and comes with the greeting, whenever that is")
  func silent() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .frames, on: client)
    let connection = world.connectWorker(thread)
    #expect(world.mail(["early"], to: thread, on: client) == Ack(through: 1))
    world.pass(.seconds(3_600))
    #expect(world.take(connection) == [])
    #expect(!world.closed.contains(connection))
    world.greet(connection)
    #expect(world.take(connection).last == .mail(Array("early".utf8), thread))
  }

  @Test("mail is written as far as the credit goes; what waits is written when some was taken")
  func credit() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(credit: MailTotals(messages: 2, bytes: 1_000), on: client)
    _ = world.mail(["1", "2", "3", "4"], to: worker.thread, on: client)
    #expect(world.take(worker.connection).texts == ["1", "2"])
    #expect(world.ask(.find(.id(worker.thread)), on: client).info?.mail.messages == 2)
    world.take(1, bytes: 1, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["3"])
    world.take(3, bytes: 3, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["4"])
  }

  @Test("credit is of bytes, too, but for a message that alone is larger, which is written when it is alone")
  func creditInBytes() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(credit: MailTotals(messages: 10, bytes: 4), on: client)
    _ = world.mail(["123", "45", "longer than 4", "6"], to: worker.thread, on: client)
    #expect(world.take(worker.connection).texts == ["123"])
    world.take(1, bytes: 3, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["45"])
    world.take(2, bytes: 5, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["longer than 4"])
    world.take(3, bytes: 18, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["6"])
  }

  @Test("what was written under credit does not fill the mailbox, and taking makes the room that was asked for")
  func room() throws {
    var world = NodeWorld()
    let client = world.client()
    let bounds = MailboxBounds(messagesMax: 2, bytesMax: nil)
    let credit = MailTotals(messages: 3, bytes: 1_000)
    let worker = try world.startWorker(credit: credit, bounds: bounds, on: client)
    let ack = world.mail(["1", "2", "3", "4", "5", "6"], to: worker.thread, flags: .wait, on: client)
    #expect(ack == Ack(through: 6, refused: [.init(number: 6, code: .mailboxFull)]))
    #expect(world.take(client) == [])
    world.take(1, bytes: 1, on: worker.connection)
    #expect(world.take(client) == [.room(worker.thread)])
  }

  @Test("totals that go back, or beyond what was written, end the connection", arguments: [0, 3])
  func impossibleCredit(messages: UInt64) throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    _ = world.mail(["1", "2"], to: worker.thread, on: client)
    world.take(1, bytes: 1, on: worker.connection)
    _ = world.take(worker.connection)
    world.take(messages, bytes: 1, on: worker.connection)
    #expect(world.take(worker.connection).refusal == .badRequest)
    #expect(world.closed.contains(worker.connection))
  }

  @Test("nothing is written from the decision to suspend until the resumption was seen; then the break, then mail")
  func suspended() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    _ = world.ask(.suspend(.id(worker.thread)), on: client)
    #expect(world.heldWorkers == [worker.connection])
    _ = world.mail(["waits"], to: worker.thread, on: client)
    world.obeyOrders()
    for kind in [BreakKind.interrupt, .terminate, .hangUp] {
      _ = world.ask(.sendBreak(.id(worker.thread), kind), on: client)
    }
    _ = world.ask(.resume(.id(worker.thread)), on: client)
    #expect(world.take(worker.connection) == [])
    #expect(world.heldWorkers == [worker.connection])
    world.obeyOrders()
    #expect(world.heldWorkers == [])
    let mail = Outgoing.mail(Array("waits".utf8), worker.thread)
    #expect(world.take(worker.connection) == [.break(.terminate, worker.thread), mail])
  }

  @Test("a thread that was suspended while it started is held from the first")
  func suspendedAtStart() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .frames, on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    let connection = world.connectWorker(thread)
    #expect(world.node.isHeld(connection))
    world.obeyOrders()
    _ = world.ask(.resume(.id(thread)), on: client)
    world.obeyOrders()
    #expect(!world.node.isHeld(connection))
  }

  @Test("a break for a worker is a frame, not a signal, and needs no credit")
  func breaks() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(credit: MailTotals(messages: 1, bytes: 1), on: client)
    _ = world.mail(["1", "2"], to: worker.thread, on: client)
    _ = world.take(worker.connection)
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.take(worker.connection) == [.break(.hangUp, worker.thread)])
    #expect(world.takeOrders() == [])
  }

  @Test("before HELLO a break waits, the strongest of all; after the connection's end it is a signal")
  func earlyAndLateBreaks() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .frames, on: client)
    let connection = world.connectWorker(thread)
    _ = world.ask(.sendBreak(.id(thread), .hangUp), on: client)
    _ = world.ask(.sendBreak(.id(thread), .interrupt), on: client)
    #expect(world.take(connection) == [])
    world.greet(connection)
    #expect(world.take(connection).last == .break(.hangUp, thread))
    world.hangUp(connection)
    _ = world.ask(.sendBreak(.id(thread), .interrupt), on: client)
    #expect(world.takeOrders() == [.signal(thread, 2)])
  }

  @Test("a break that waited for a HELLO that never came is a signal when the connection ends")
  func unheardBreak() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .frames, on: client)
    let connection = world.connectWorker(thread)
    _ = world.ask(.sendBreak(.id(thread), .terminate), on: client)
    #expect(world.takeOrders() == [])
    world.hangUp(connection)
    #expect(world.takeOrders() == [.signal(thread, 15)])
  }

  @Test("the end of mail is told once, behind what is queued")
  func endOfMail() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(credit: MailTotals(messages: 1, bytes: 100), on: client)
    _ = world.mail(["1", "2"], to: worker.thread, on: client)
    _ = world.ask(.endMail(.id(worker.thread)), on: client)
    #expect(world.mail(["3"], to: worker.thread, on: client)?.refused.map(\.code) == [.endedMail])
    #expect(world.take(worker.connection).texts == ["1"])
    world.take(1, bytes: 1, on: worker.connection)
    let end = Outgoing.mailEnd(worker.thread)
    #expect(world.take(worker.connection) == [.mail(Array("2".utf8), worker.thread), end])
    world.take(2, bytes: 2, on: worker.connection)
    #expect(world.take(worker.connection) == [])
  }

  @Test("a mark comes back behind the mail that was queued before it, and before what came later")
  func marks() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(credit: MailTotals(messages: 1, bytes: 100), on: client)
    let mark = Outgoing.mark(MarkID(rawValue: 5))
    #expect(world.say(.mark, 5, on: worker.connection) == [mark])
    _ = world.mail(["1", "2"], to: worker.thread, on: client)
    #expect(world.say(.mark, 5, on: worker.connection).texts == ["1"])
    _ = world.mail(["3"], to: worker.thread, on: client)
    world.take(1, bytes: 1, on: worker.connection)
    #expect(world.take(worker.connection) == [.mail(Array("2".utf8), worker.thread), mark])
  }

  @Test("what a thread has not taken is counted in its death, in the mailbox or on its way, connected or not")
  func unread() throws {
    for isConnected in [true, false] {
      var world = NodeWorld()
      let client = world.client()
      let worker = try world.startWorker(credit: MailTotals(messages: 3, bytes: 100), on: client)
      _ = world.mail(["1", "2", "3", "4", "5", "6"], to: worker.thread, on: client)
      world.take(1, bytes: 1, on: worker.connection)
      if !isConnected { world.hangUp(worker.connection) }
      world.exit(worker.thread)
      #expect(world.ask(.find(.id(worker.thread)), on: client).info?.death?.unreadMail == 5)
    }
  }

  @Test("the end of its connection is not a worker's death, and its mail stays in the mailbox")
  func hungUp() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    world.hangUp(worker.connection)
    #expect(world.mail(["stays"], to: worker.thread, on: client) == Ack(through: 1))
    let info = world.ask(.find(.id(worker.thread)), on: client).info
    #expect(info?.state == .running)
    #expect(info?.mail.messages == 1)
  }

  @Test("only workers send credit and marks")
  func notAWorker() {
    for kind in [FrameKind.credit, .mark] {
      var world = NodeWorld()
      let client = world.client()
      let body = kind == .credit ? MailTotals.zero.encoded() : []
      #expect(world.say(kind, kind == .credit ? 0 : 1, body, on: client).refusal == .badRequest)
      #expect(world.closed == [client])
    }
  }

  @Test("a worker that takes shorter bodies than mail may have is refused")
  func shortBodies() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .frames, on: client)
    let connection = world.connectWorker(thread)
    let hello = Hello(clientName: "worker", clientVersion: "0", bodyMax: 4_096)
    world.receive(.hello, hello.encoded(), on: connection)
    #expect(world.take(connection).refusal == .badRequest)
    #expect(world.closed == [connection])
  }
}

// MARK: - The world's workers

/// A worker that has said HELLO.
struct StoryWorker {
  let thread: ThreadID
  let connection: ConnectionID
  let welcome: Welcome?
}

extension NodeWorld {
  mutating func startWorker(
    _ name: String? = nil,
    in custodian: CustodianPath? = .main,
    credit: MailTotals? = nil,
    bounds: MailboxBounds? = nil,
    on client: ConnectionID
  ) throws -> StoryWorker {
    let thread = try start(name, in: custodian, channel: .frames, bounds: bounds, on: client)
    let connection = connectWorker(thread)
    greet(connection, credit: credit)
    for case .welcome(let welcome) in take(connection) {
      return StoryWorker(thread: thread, connection: connection, welcome: welcome)
    }
    return StoryWorker(thread: thread, connection: connection, welcome: nil)
  }

  /// The daemon has the other end of the program's descriptor 3.
  mutating func connectWorker(_ thread: ThreadID) -> ConnectionID { node.workerConnected(thread, uid: 0, at: now) }

  mutating func greet(_ connection: ConnectionID, credit: MailTotals? = nil) {
    let hello = Hello(clientName: "worker", clientVersion: "0", mailCredit: credit)
    receive(.hello, hello.encoded(), on: connection)
  }

  /// The worker has taken so much, all in all.
  mutating func take(_ messages: UInt64, bytes: UInt64, on connection: ConnectionID) {
    receive(.credit, MailTotals(messages: messages, bytes: bytes).encoded(), on: connection)
  }
}

extension [Outgoing] {
  /// The mail among it, as text.
  var texts: [String] {
    flatMap { outgoing -> [String] in
      guard case .mail(let bytes) = outgoing else { return [] }
      var (reader, offset, texts) = (FrameReader(bodyMax: BodyLimit.usual), 0, [String]())
      while let frame = try? reader.next(in: bytes.span, at: &offset) {
        texts.append(String(decoding: frame.body, as: UTF8.self))
      }
      return texts
    }
  }
}

extension Outgoing {
  /// One message for a worker.
  static func mail(_ body: [UInt8], _ worker: ThreadID) -> Outgoing {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    do { try writer.mail(body.span, to: worker) } catch {
      preconditionFailure("no test's message is so long: \(error)")
    }
    return .mail(frames: writer.take())
  }
}
