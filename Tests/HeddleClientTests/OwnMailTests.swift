import HeddleClient
import HeddleModel
import HeddleThreads
import HeddleWire
import Testing

@Suite("The mail of the thread that a client is a part of", .timeLimit(.minutes(1)))
struct OwnMailTests {
  private static let own = ThreadID(rawValue: 7)

  /// What a supervisor says to a receive that got these.
  private static func answer(_ texts: [String], to request: RequestID, isEnd: Bool = false) -> [UInt8] {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    for text in texts { writer.append(frames: MailBundle(Array(text.utf8), to: own).bytes) }
    try? writer.reply(.received(messages: texts.count, isEnd: isEnd), to: request)
    return writer.take()
  }

  @Test("the messages right before an answer are its own, whatever else is open, and are counted over the connection")
  func receive() async throws {
    try await Peer.playConnected { peer, supervisor in
      let first = Task { try await supervisor.receive() }
      let (firstID, request) = try await peer.nextRequest()
      #expect(request == Request(.receive(most: 1, wait: true)))
      let second = Task { try await supervisor.receive(atMost: 9, waiting: false) }
      let (secondID, _) = try await peer.nextRequest()
      try await peer.sayBytes(Self.answer(["a", "b"], to: secondID) + Self.answer(["c"], to: firstID))
      #expect(try await second.value == .messages([Array("a".utf8), Array("b".utf8)], through: 2))
      #expect(try await first.value == .messages([Array("c".utf8)], through: 3))
      let confirmed = Task { try await supervisor.confirmMail(through: 3) }
      let (id, confirmation) = try await peer.nextRequest()
      #expect(confirmation == Request(.confirmMail(through: 3)))
      try await peer.say { try $0.reply(.done, to: id) }
      try await confirmed.value
    }
  }

  @Test("no mail, and the end of it, are told apart; a refusal is thrown")
  func nothing() async throws {
    try await Peer.playConnected { peer, supervisor in
      for (isEnd, receipt) in [(false, Supervisor.Receipt.nothing), (true, .end)] {
        let answer = Task { try await supervisor.receive(waiting: false) }
        try await peer.sayBytes(Self.answer([], to: peer.nextRequest().0, isEnd: isEnd))
        #expect(try await answer.value == receipt)
      }
      let refusal = WireRefusal(.notInThread, attempted: "receive", subject: "mail", reason: "it is in none")
      let answer = Task { try await supervisor.receive() }
      let (id, _) = try await peer.nextRequest()
      try await peer.say { try $0.refusal(refusal, of: id) }
      await #expect(throws: ClientError.refused(refusal)) { try await answer.value }
    }
  }

  @Test(
    "mail that was not asked for, and an answer that counts otherwise, break the protocol",
    arguments: [true, false]
  )
  func broken(isAsked: Bool) async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await isAsked ? supervisor.receive() == .end : supervisor.daemonStatus().pid == 0 }
      let (id, _) = try await peer.nextRequest()
      try await peer.say {
        $0.append(frames: MailBundle([1], to: Self.own).bytes)
        try $0.reply(.received(messages: 2, isEnd: false), to: id)
      }
      await #expect { try await answer.value } throws: { ($0 as? ClientError)?.code == .protocolBroken }
    }
  }

  @Test("a connection that was a thread tells by its end who ended it")
  func ended() async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await supervisor.receive() }
      _ = try await peer.nextRequest()
      let refusal = WireRefusal(.dead, attempted: "go on as", subject: "inbox", reason: "it was killed by pid 3")
      try await peer.say { try $0.refusal(refusal, of: nil) }
      await #expect(throws: ClientError.refused(refusal)) { try await answer.value }
      await #expect(throws: ClientError.refused(refusal)) { try await supervisor.barrier() }
    }
  }

  @Test("waiting for mail takes none, and is withdrawn when another event is first")
  func arrival() async throws {
    try await Peer.playConnected { peer, supervisor in
      let first = Task { try await sync(supervisor.mailArrival.wrap { _ in true }, timeout: .seconds(60)) }
      let (id, request) = try await peer.nextRequest()
      #expect(request == Request(.mailWait))
      try await peer.say { try $0.reply(.done, to: id) }
      #expect(try await first.value == true)
      let second = Task { try await sync(supervisor.mailArrival, timeout: .milliseconds(10)) == nil }
      let (waiting, _) = try await peer.nextRequest()
      let (_, withdrawal) = try await peer.nextRequest()
      #expect(withdrawal == Request(.cancel(waiting)))
      #expect(try await second.value)
    }
  }
}
