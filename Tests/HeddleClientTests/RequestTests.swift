import HeddleClient
import HeddleModel
import HeddleWire
import Synchronization
import Testing

@Suite("Requests", .timeLimit(.minutes(1)))
struct RequestTests {
  private static let thread = ThreadReference.id(ThreadID(rawValue: 7))
  private static let refusal = WireRefusal(.dead, attempted: "suspend", subject: "thread id:7", reason: "it is dead")

  @Test("many are open at once, and each gets its own answer, in whatever order these come")
  func pipelining() async throws {
    try await Peer.playConnected { peer, supervisor in
      let log = Task { try await supervisor.logs(of: Self.thread, tailLines: 2) }
      let (logID, logRequest) = try await peer.nextRequest()
      #expect(logRequest == Request(.logs(Self.thread, tailLines: 2)))
      let outcome = Task { try await supervisor.kill(Self.thread, wait: false, really: true) }
      let (killID, killRequest) = try await peer.nextRequest()
      #expect(killRequest == Request(.kill(Self.thread, wait: false, really: true)))
      try await peer.say {
        try $0.reply(.killed(.ending), to: killID)
        try $0.reply(.log(LogText(text: [1], droppedBytes: 0)), to: logID)
      }
      #expect(try await outcome.value == .ending)
      #expect(try await log.value.text == [1])
    }
  }

  @Test("those that need authority carry what the connection was opened with, and no others")
  func authority() async throws {
    let job = try CustodianPath(parsing: "job")
    try await Peer.playConnected(as: job) { peer, supervisor in
      let answers = Task {
        try await supervisor.suspend(Self.thread)
        // It goes on when that custodian is gone.
        try await supervisor.barrier()
      }
      for expected in [Request(.suspend(Self.thread), as: job), Request(.barrier)] {
        let (id, request) = try await peer.nextRequest()
        #expect(request == expected)
        try await peer.say { try $0.reply(.done, to: id) }
      }
      try await answers.value
    }
  }

  @Test("a refusal is thrown as it came, and the connection goes on")
  func refused() async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await supervisor.suspend(Self.thread) }
      let (id, _) = try await peer.nextRequest()
      try await peer.say { try $0.refusal(Self.refusal, of: id) }
      await #expect(throws: ClientError.refused(Self.refusal)) { try await answer.value }
      let next = Task { try await supervisor.barrier() }
      let (nextID, _) = try await peer.nextRequest()
      try await peer.say { try $0.reply(.done, to: nextID) }
      try await next.value
    }
  }

  @Test("a listing asks for page after page")
  func pages() async throws {
    try await Peer.playConnected { peer, supervisor in
      let list = Task { try await supervisor.list(includeDead: true) }
      let (first, _) = try await peer.nextRequest()
      try await peer.say { try $0.reply(.threads([info(1), info(2)], more: true), to: first) }
      let (second, request) = try await peer.nextRequest()
      #expect(request == Request(.list(includeDead: true, after: ThreadID(rawValue: 2))))
      try await peer.say { try $0.reply(.threads([info(5)], more: false), to: second) }
      #expect(try await list.value.map(\.id.rawValue) == [1, 2, 5])
    }
  }

  @Test("pages that lead nowhere end the connection, not the patience")
  func endlessPages() async throws {
    try await Peer.playConnected { peer, supervisor in
      let list = Task { try await supervisor.list(includeDead: true) }
      let (id, _) = try await peer.nextRequest()
      try await peer.say { try $0.reply(.threads([], more: true), to: id) }
      let error = await #expect(throws: ClientError.self) { _ = try await list.value }
      guard case .protocolBroken = error?.cause else { throw try #require(error) }
    }
  }

  @Test("the notices of a shutdown come before its report, in order")
  func notices() async throws {
    let notices: [Notice] = (1...3).map {
      .threadDead(
        ThreadSummary(id: ThreadID(rawValue: $0), name: nil, state: .dead),
        after: .milliseconds($0),
        ended: EndedProcesses(program: nil, stragglers: [], total: 0)
      )
    }
    let report = ShutdownReport(threads: 3, processes: 0, leftSuspended: 0, duration: .milliseconds(4))
    try await Peer.playConnected { peer, supervisor in
      let seen = Mutex<[Notice]>([])
      let answer = Task {
        try await supervisor.custodianShutdown(.main) { notice in seen.withLock { $0.append(notice) } }
      }
      let (id, request) = try await peer.nextRequest()
      #expect(request == Request(.custodianShutdown(.main, follow: true)))
      try await peer.say { writer in
        for notice in notices { try writer.notice(notice, of: id) }
        try writer.reply(.shutDown(report), to: id)
      }
      #expect(try await answer.value == report)
      #expect(seen.withLock { $0 } == notices)
    }
  }

  @Test("a cancelled task withdraws its request, and hears what came of that")
  func cancellation() async throws {
    try await Peer.playConnected { peer, supervisor in
      let waiting = Task { try await supervisor.wait(for: Self.thread) }
      let (id, _) = try await peer.nextRequest()
      waiting.cancel()
      let (withdrawal, request) = try await peer.nextRequest()
      #expect(request == Request(.cancel(id)))
      let cancelled = WireRefusal(.cancelled, attempted: "wait for", subject: "thread id:7", reason: "withdrawn")
      try await peer.say {
        try $0.reply(.done, to: withdrawal)
        try $0.refusal(cancelled, of: id)
      }
      await #expect(throws: ClientError.refused(cancelled)) { try await waiting.value }
    }
  }

  @Test("a request of a task that is cancelled already is withdrawn too")
  func cancelledBefore() async throws {
    try await Peer.playConnected { peer, supervisor in
      let waiting = Task {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return try await supervisor.wait(for: Self.thread)
      }
      let (id, _) = try await peer.nextRequest()
      #expect(try await peer.nextRequest().1 == Request(.cancel(id)))
      await supervisor.close()
      await #expect(throws: ClientError.self) { try await waiting.value }
    }
  }

  @Test("a connection that is lost fails what is open, and what is asked later")
  func lost() async throws {
    try await Peer.playConnected { peer, supervisor in
      let first = Task { try await supervisor.barrier() }
      let second = Task { try await supervisor.wait(for: Self.thread) }
      _ = try await (peer.next(), peer.next())
      await peer.hangUp()
      let expected = ClientError.connectionLost(reason: "it closed the connection")
      await #expect(throws: expected) { try await first.value }
      await #expect(throws: expected) { _ = try await second.value }
      await #expect(throws: expected) { try await supervisor.barrier() }
    }
  }

  @Test("a connection that ends within a frame says so")
  func cutOff() async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await supervisor.barrier() }
      _ = try await peer.next()
      try await peer.sayBytes([0, 0])
      await peer.hangUp()
      let expected = ClientError.connectionLost(reason: "the connection ended within a frame")
      await #expect(throws: expected) { try await answer.value }
    }
  }

  @Test("close() fails what is open")
  func closed() async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await supervisor.wait(for: Self.thread) }
      _ = try await peer.next()
      await supervisor.close()
      let error = await #expect(throws: ClientError.self) { _ = try await answer.value }
      guard case .connectionLost = error?.cause else { throw try #require(error) }
    }
  }

  /// Frames that no supervisor sends, each called by what is wrong with it.
  static let nonsense: [(String, @Sendable (inout FrameWriter) throws -> Void)] = [
    ("a second welcome", { try $0.welcome(Peer.welcome) }),
    ("a client's frame", { try $0.hello(Hello(clientName: "", clientVersion: "")) }),
    ("an answer without a question", { try $0.reply(.done, to: RequestID(rawValue: 99)) }),
    ("a notice of nothing", { try $0.notice(.leftSuspended([]), of: RequestID(rawValue: 99)) }),
    ("an ack of unsent mail", { try $0.ack(Ack(through: 1)) }),
    ("a reply that is none", { try $0.append(.reply, id: 1, body: [0xFF].span) }),
    ("an ack that is none", { try $0.append(.ack, body: [1].span) }),
    ("another request's answer", { try $0.reply(.killed(.died), to: RequestID(rawValue: 1)) }),
  ]

  @Test("nonsense ends the connection with a typed error and never traps", arguments: 0..<nonsense.count + 1)
  func garbage(index: Int) async throws {
    try await Peer.playConnected { peer, supervisor in
      let answer = Task { try await supervisor.barrier() }
      _ = try await peer.next()
      if Self.nonsense.indices.contains(index) {
        try await peer.say(Self.nonsense[index].1)
      } else {
        try await peer.sayBytes([UInt8](repeating: 0xFF, count: 64))
      }
      let error = await #expect(throws: ClientError.self) { try await answer.value }
      guard case .protocolBroken = error?.cause else { throw try #require(error) }
    }
  }
}

/// A running thread.
func info(_ id: UInt64) -> ThreadInfo {
  ThreadInfo(
    id: ThreadID(rawValue: id),
    name: nil,
    argv: [Array("true".utf8)],
    custodians: [.main],
    state: .running,
    age: .seconds(1),
    sinceChange: .zero,
    lastChange: .init(what: "started"),
    pid: 2,
    channel: .none,
    mail: .init(messages: 0, bytes: 0, bounds: .supervised),
    death: nil
  )
}
