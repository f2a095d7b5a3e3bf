import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("Events and streams of bytes", .timeLimit(.minutes(1)))
struct StreamTests {
  private static let id = ThreadID(rawValue: 7)
  private static let thread = ThreadReference.id(id)
  private static let event = StateEvent(thread: id, kind: .suspension, generation: 2)

  /// A stream that a client is attached to, and its number.
  private func attached(
    _ stream: ThreadStream,
    over supervisor: Supervisor,
    _ peer: Peer
  ) async throws -> (RemoteStream, StreamID) {
    let attached = Task { try await supervisor.attach(to: stream, of: Self.thread) }
    let frame = try await peer.next()
    #expect(try Attach(decoding: frame.body) == Attach(stream, of: .thread(Self.thread)))
    let id = StreamID(rawValue: frame.header.id)
    try await peer.say { try $0.attached(Attached(thread: Self.id, offset: 100), id: id) }
    return (try await attached.value, id)
  }

  // MARK: - Events

  @Test("an event is a value, and a watch on it returns when it has fired")
  func watch() async throws {
    try await Peer.playConnected { peer, supervisor in
      let asked = Task { try await supervisor.event(.suspension, of: Self.thread) }
      let (request, wish) = try await peer.nextRequest()
      #expect(wish == Request(.event(.suspension, of: Self.thread)))
      try await peer.say { try $0.reply(.stateEvent(Self.event), to: request) }
      let event = try await asked.value
      #expect(event == Self.event)
      let watch = Task { try await supervisor.watch(event) }
      let frame = try await peer.next()
      #expect(frame.header.kind == .watch)
      #expect(try StateEvent(decoding: frame.body) == event)
      try await peer.say { try $0.fired(WatchID(rawValue: frame.header.id)) }
      try await watch.value
    }
  }

  @Test("a watch that is cancelled is withdrawn; what crossed with that is no nonsense")
  func cancelledWatch() async throws {
    try await Peer.playConnected { peer, supervisor in
      let watch = Task { try await supervisor.watch(Self.event) }
      let id = try await peer.next().header.id
      watch.cancel()
      let frame = try await peer.next()
      #expect(frame.header.kind == .unwatch && frame.header.id == id)
      let error = await #expect(throws: ClientError.self) { try await watch.value }
      #expect(error?.refusal?.code == .cancelled)
      try await peer.say {
        try $0.fired(WatchID(rawValue: id))
        try $0.refusal(WireRefusal(.gone, attempted: "", subject: "", reason: ""), of: RequestID(rawValue: id))
      }
      let refused = Task { try await supervisor.watch(Self.event) }
      let next = try await peer.next().header.id
      let refusal = WireRefusal(.tooLarge, attempted: "watch", subject: "id:7", reason: "there are too many")
      try await peer.say { try $0.refusal(refusal, of: RequestID(rawValue: next)) }
      await #expect(throws: ClientError.refused(refusal)) { try await refused.value }
    }
  }

  // MARK: - Out of a program

  @Test("chunks come with their places, a gap is seen, and the end is nil")
  func read() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, id) = try await attached(.log, over: supervisor, peer)
      #expect(stream.thread == Self.id)
      try await peer.say {
        try $0.data([1, 2].span, of: id)
        try $0.attached(Attached(thread: Self.id, offset: 110), id: id)
        try $0.data([3].span, of: id)
        try $0.end(of: id)
      }
      #expect(try await stream.read() == StreamChunk(offset: 100, bytes: [1, 2]))
      #expect(try await stream.read() == StreamChunk(offset: 110, bytes: [3]))
      for _ in 0..<2 { #expect(try await stream.read() == nil) }
    }
  }

  @Test("what is read is told, a quarter of the credit at a time; more than the credit is nonsense")
  func credit() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, id) = try await attached(.standardOutput, over: supervisor, peer)
      let quarter = [UInt8](repeating: 1, count: Taken.creditMax / 4)
      try await peer.say { for _ in 0..<4 { try $0.data(quarter.span, of: id) } }
      for round in 1...2 {
        #expect(try await stream.read()?.bytes == quarter)
        let frame = try await peer.next()
        #expect(frame.header.kind == .taken)
        #expect(Taken(decoding: frame.body).bytes == UInt64(round * quarter.count))
      }
      try await peer.say { for _ in 0..<3 { try $0.data(quarter.span, of: id) } }
      let error = await #expect(throws: ClientError.self) { try await supervisor.barrier() }
      guard case .protocolBroken = error?.cause else { throw try #require(error) }
    }
  }

  @Test("a read that is cancelled takes nothing; a stream that is closed ends, and what crosses is no nonsense")
  func close() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, id) = try await attached(.log, over: supervisor, peer)
      let reading = Task { try await stream.read() }
      reading.cancel()
      await #expect(throws: ClientError.self) { try await reading.value }
      try await peer.say { try $0.data([5].span, of: id) }
      #expect(try await stream.read()?.bytes == [5])
      await stream.close()
      #expect(try await peer.next().header.kind == .close)
      try await peer.say {
        try $0.data([6].span, of: id)
        try $0.end(of: id)
      }
      #expect(try await stream.read() == nil)
      let barrier = Task { try await supervisor.barrier() }
      let (request, _) = try await peer.nextRequest()
      try await peer.say { try $0.reply(.done, to: request) }
      try await barrier.value
    }
  }

  @Test("streams of a spawn are asked for right behind it; of one that fails they are over")
  func spawn() async throws {
    for succeeds in [true, false] {
      try await Peer.playConnected { peer, supervisor in
        let spawn = Spawn(in: nil, argv: [[112]], cwd: [47])
        let made = Task {
          try await supervisor.spawn(spawn, attachedTo: [.standardOutput, .standardError], holdsProgram: true)
        }
        let (request, command) = try await peer.nextRequest()
        #expect(command == Request(.spawn(spawn)))
        var ids: [StreamID] = []
        for stream in [ThreadStream.standardOutput, .standardError] {
          let frame = try await peer.next()
          #expect(try Attach(decoding: frame.body) == Attach(stream, of: .spawn(request), holdsProgram: true))
          ids.append(StreamID(rawValue: frame.header.id))
        }
        let (first, second) = (ids[0], ids[1])
        guard succeeds else {
          try await peer.say {
            try $0.end(of: first)
            try $0.end(of: second)
            try $0.refusal(WireRefusal(.cannotStart, attempted: "", subject: "", reason: ""), of: request)
          }
          await #expect(throws: ClientError.self) { _ = try await made.value }
          return
        }
        try await peer.say {
          try $0.attached(Attached(thread: Self.id, offset: 0), id: first)
          try $0.attached(Attached(thread: Self.id, offset: 0), id: second)
          try $0.data([1].span, of: second)
          try $0.reply(.spawned(info(7)), to: request)
        }
        let (thread, streams) = try await made.value
        #expect(thread.id == Self.id)
        #expect(try await streams[1].read() == StreamChunk(offset: 0, bytes: [1]))
      }
    }
  }

  // MARK: - Into a program

  @Test("a writer is never more than the credit ahead, and its end is known when the supervisor closes")
  func write() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, id) = try await attached(.standardInput, over: supervisor, peer)
      let much = [UInt8](repeating: 1, count: Taken.creditMax + 10)
      let writing = Task { try await stream.write(much) }
      var count = 0
      while count < Taken.creditMax {
        let frame = try await peer.next()
        #expect(frame.header.kind == .data)
        count += frame.body.count
      }
      #expect(count == Taken.creditMax)
      try await peer.say { try $0.taken(Taken(bytes: 100), of: id) }
      #expect(try await peer.next().body.count == 10)
      try await writing.value
      let ending = Task { try await stream.end() }
      #expect(try await peer.next().header.kind == .end)
      try await peer.say { try $0.close(id) }
      try await ending.value
      await #expect(throws: ClientError.self) { try await stream.write([1]) }
    }
  }

  @Test("a program that takes no more lets its writer know; one that can't be written to is refused")
  func closed() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, id) = try await attached(.standardInput, over: supervisor, peer)
      let writing = Task { try await stream.write([UInt8](repeating: 1, count: Taken.creditMax + 1)) }
      for _ in 0..<4 { #expect(try await peer.next().header.kind == .data) }
      try await peer.say { try $0.close(id) }
      let error = await #expect(throws: ClientError.self) { try await writing.value }
      #expect(error?.refusal?.code == .noStream)
      let attaching = Task { try await supervisor.attach(to: .standardInput, of: Self.thread) }
      let next = RequestID(rawValue: try await peer.next().header.id)
      let refusal = WireRefusal(.noStream, attempted: "write to", subject: "id:7", reason: "it takes mail")
      try await peer.say { try $0.refusal(refusal, of: next) }
      await #expect(throws: ClientError.refused(refusal)) { _ = try await attaching.value }
    }
  }

  @Test("the end of the connection ends all that waits")
  func lost() async throws {
    try await Peer.playConnected { peer, supervisor in
      let (stream, _) = try await attached(.log, over: supervisor, peer)
      let reading = Task { try await stream.read() }
      let watching = Task { try await supervisor.watch(Self.event) }
      _ = try await peer.next()
      await peer.hangUp()
      for error in [
        await #expect(throws: ClientError.self) { _ = try await reading.value },
        await #expect(throws: ClientError.self) { try await watching.value },
      ] {
        guard case .connectionLost = error?.cause else { throw try #require(error) }
      }
    }
  }
}
