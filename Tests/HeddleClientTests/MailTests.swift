import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("Mail over a connection", .timeLimit(.minutes(1)))
struct MailTests {
  private static let receiver = ThreadID(rawValue: 7)

  @Test("a send returns with its ack, and a refused one throws a sentence")
  func send() async throws {
    try await Peer.playConnected { peer, supervisor in
      let good = Task { try await supervisor.send([1], to: Self.receiver, waitingForRoom: true) }
      let frame = try await peer.next()
      #expect(frame.header == FrameHeader(.mail, flags: .wait, id: 7, bodyCount: 1))
      try await peer.say { try $0.ack(Ack(through: 1)) }
      try await good.value
      let bad = Task { try await supervisor.send([2], to: Self.receiver, waitingForRoom: false) }
      #expect(try await peer.next().header.flags == [])
      try await peer.say { try $0.ack(Ack(through: 2, refused: [.init(number: 2, code: .mailboxFull)])) }
      let error = await #expect(throws: ClientError.self) { try await bad.value }
      #expect(error?.refusal?.code == .mailboxFull)
      #expect(
        error?.description == "cannot send mail to thread id:7: its mailbox is full; wait until it has read some"
      )
    }
  }

  @Test("posted mail is sent again when there is room, and flush waits for all of it")
  func retry() async throws {
    try await Peer.playConnected { peer, supervisor in
      try await supervisor.post(contentsOf: [[1], [2]], to: Self.receiver)
      let flushed = Task { try await supervisor.flush() }
      #expect(try await [peer.next().body, peer.next().body] == [[1], [2]])
      let refused = [1, 2].map { Ack.Refused(number: $0, code: .mailboxFull) }
      try await peer.say {
        try $0.ack(Ack(through: 2, refused: refused))
        try $0.room(for: Self.receiver)
      }
      let again = try await [peer.next(), peer.next()]
      #expect(again.map(\.body) == [[1], [2]])
      #expect(again.map(\.header.flags) == [[.wait, .retry], .wait])
      try await peer.say { try $0.ack(Ack(through: 4)) }
      try await flushed.value
    }
  }

  @Test("posted mail goes without an ack until somebody waits for it, who asks for it once")
  func asks() async throws {
    try await Peer.playConnected { peer, supervisor in
      try await supervisor.post([1], to: Self.receiver)
      let flushed = Task { try await supervisor.flush() }
      #expect(try await peer.nextOfAny().header == FrameHeader(.mail, flags: [.wait, .later], id: 7, bodyCount: 1))
      #expect(try await peer.nextOfAny().header == FrameHeader(.ack, id: 0, bodyCount: 0))
      try await supervisor.post([2], to: Self.receiver)
      #expect(try await peer.nextOfAny().body == [2])
      // The flush waits for that one, too.
      #expect(try await peer.nextOfAny().header.kind == .ack)
      try await peer.say { try $0.ack(Ack(through: 1)) }
      try await peer.say { try $0.ack(Ack(through: 2)) }
      try await flushed.value
      let barrier = Task { try await supervisor.barrier() }
      let next = try await peer.nextOfAny()
      #expect(next.header.kind == .request)
      try await peer.say { try $0.reply(.done, to: RequestID(rawValue: next.header.id)) }
      try await barrier.value
    }
  }

  @Test("who waits for the last room in the window asks for the ack that makes it")
  func asksForRoom() async throws {
    try await Peer.playConnected(window: 40) { peer, supervisor in
      try await supervisor.post(contentsOf: [[1], [2]], to: Self.receiver)
      let third = Task { try await supervisor.post([3], to: Self.receiver) }
      _ = try await (peer.nextOfAny(), peer.nextOfAny())
      #expect(try await peer.nextOfAny().header.kind == .ack)
      try await peer.say { try $0.ack(Ack(through: 2)) }
      #expect(try await peer.nextOfAny().body == [3])
      try await third.value
    }
  }

  @Test("a post waits while the window is full")
  func window() async throws {
    try await Peer.playConnected(window: 40) { peer, supervisor in
      try await supervisor.post(contentsOf: [[1], [2]], to: Self.receiver)
      let third = Task { try await supervisor.post([3], to: Self.receiver) }
      _ = try await (peer.next(), peer.next())
      try await peer.say { try $0.ack(Ack(through: 1)) }
      #expect(try await peer.next().body == [3])
      try await third.value
      try await peer.say { try $0.ack(Ack(through: 3)) }
      try await supervisor.flush()
    }
  }

  @Test("a send does not overtake what was posted before it and waits for room")
  func order() async throws {
    try await Peer.playConnected(window: 40) { peer, supervisor in
      let posted = Task { try await supervisor.post(contentsOf: [[1], [2], [3]], to: Self.receiver) }
      _ = try await (peer.next(), peer.next())
      let sent = Task.immediate { try await supervisor.send([4], to: Self.receiver, waitingForRoom: true) }
      // Behind the send in the loop's queue: once it answers, the send has been looked at.
      _ = await supervisor.bodyMax
      try await peer.say { try $0.ack(Ack(through: 2)) }
      #expect(try await [peer.next().body, peer.next().body] == [[3], [4]])
      try await peer.say { try $0.ack(Ack(through: 4)) }
      try await posted.value
      try await sent.value
    }
  }

  @Test("a refusal of posted mail is told once: to the next flush, or to the next post")
  func refusals() async throws {
    try await Peer.playConnected { peer, supervisor in
      for isFlush in [true, false] {
        let base: UInt64 = isFlush ? 0 : 1
        try await supervisor.post([1], to: Self.receiver)
        _ = try await peer.next()
        try await peer.say { try $0.ack(Ack(through: base + 1, refused: [.init(number: base + 1, code: .dead)])) }
        let error = await #expect(throws: ClientError.self) {
          if isFlush { return try await supervisor.flush() }
          // Answered after the ack, so that the post comes after it too.
          let barrier = Task { try await supervisor.barrier() }
          let (id, _) = try await peer.nextRequest()
          try await peer.say { try $0.reply(.done, to: id) }
          try await barrier.value
          try await supervisor.post([2], to: Self.receiver)
        }
        #expect(error?.refusal?.code == .dead)
        try await supervisor.flush()
      }
    }
  }

  @Test("a message that no frame holds is refused at once")
  func tooLarge() async throws {
    try await Peer.playConnected { _, supervisor in
      let body = [UInt8](repeating: 0, count: BodyLimit.usual + 1)
      let error = await #expect(throws: ClientError.self) {
        try await supervisor.send(body, to: Self.receiver, waitingForRoom: false)
      }
      #expect(error?.refusal?.code == .tooLarge)
    }
  }

  @Test("a lost connection fails senders, posters and flushes")
  func lost() async throws {
    try await Peer.playConnected(window: 20) { peer, supervisor in
      try await supervisor.post([1], to: Self.receiver)
      let send = Task { try await supervisor.send([2], to: Self.receiver, waitingForRoom: true) }
      _ = try await (peer.next(), peer.next())
      let post = Task { try await supervisor.post([3], to: Self.receiver) }
      let flush = Task { try await supervisor.flush() }
      // One of the two asks for an ack. A connection that ends before that is read ends by an error.
      _ = try await peer.nextOfAny()
      await peer.hangUp()
      let expected = ClientError.connectionLost(reason: "it closed the connection")
      await #expect(throws: expected) { try await send.value }
      await #expect(throws: expected) { try await post.value }
      await #expect(throws: expected) { try await flush.value }
    }
  }
}
