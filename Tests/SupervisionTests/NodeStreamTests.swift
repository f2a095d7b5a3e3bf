import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("streams of bytes between clients and programs")
struct NodeStreamTests {
  private static let id: UInt64 = 50
  private static let stream = StreamID(rawValue: id)

  private func attach(
    _ stream: ThreadStream,
    of thread: ThreadID,
    from offset: UInt64? = nil,
    holding: Bool = false,
    on client: ConnectionID,
    in world: inout NodeWorld
  ) -> [Outgoing] {
    let wish = Attach(stream, of: .thread(.id(thread)), from: offset, holdsProgram: holding)
    return world.say(.attach, Self.id, wish.encoded(), on: client)
  }

  private func position(_ offset: UInt64, of thread: ThreadID) -> Outgoing {
    .attached(Attached(thread: thread, offset: offset), Self.stream)
  }

  private func data(_ text: String) -> Outgoing { .data(Array(text.utf8), Self.stream) }

  /// So many bytes that a program writes.
  private func bytes(_ count: Int) -> String { String(repeating: "x", count: count) }

  // MARK: - Logs

  @Test("a log is read from any place that is kept, and followed; each byte has its place from the beginning on")
  func log() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    world.output("0123", from: thread)
    world.output("45", .standardError, from: thread)
    #expect(attach(.log, of: thread, from: 2, on: client, in: &world) == [position(2, of: thread), data("2345")])
    world.output("67", from: thread)
    #expect(world.take(client) == [data("67")])
    _ = world.say(.close, Self.id, on: client)
    world.output("89", from: thread)
    #expect(world.take(client) == [])
    #expect(attach(.log, of: thread, on: client, in: &world) == [position(10, of: thread)])
    world.exit(thread)
    #expect(world.take(client) == [.end(Self.stream)])
    #expect(
      attach(.log, of: thread, from: 0, on: client, in: &world)
        == [position(0, of: thread), data("0123456789"), .end(Self.stream)]
    )
  }

  @Test("no more is sent than there is credit for; what the ring drops meanwhile is told by the next place")
  func logCredit() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    #expect(attach(.log, of: thread, from: 0, on: client, in: &world) == [position(0, of: thread)])
    for _ in 0..<3 { world.output(bytes(Taken.creditMax), from: thread) }
    #expect(world.take(client).dataCount == Taken.creditMax)
    let sent = world.say(.taken, Self.id, Taken(bytes: 10).encoded(), on: client)
    #expect(sent == [position(UInt64(2 * Taken.creditMax), of: thread), data(bytes(10))])
    world.exit(thread)
    #expect(world.take(client) == [])
    // Of a dead thread the last is kept; it is not forgotten as long as the stream lasts.
    world.pass(Limits.deadFor)
    let last = world.say(.taken, Self.id, Taken(bytes: UInt64(Taken.creditMax) + 10).encoded(), on: client)
    #expect(last.first == position(UInt64(3 * Taken.creditMax - Limits.deadLogBytesMax), of: thread))
    #expect(last.dataCount == Limits.deadLogBytesMax)
    #expect(last.last == .end(Self.stream))
    #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
  }

  // MARK: - Outputs

  @Test("an output is what is written from the attachment on, apart from the other one, until the thread is dead")
  func outputs() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    world.output("before", from: thread)
    #expect(attach(.standardOutput, of: thread, on: client, in: &world) == [position(6, of: thread)])
    world.output("error", .standardError, from: thread)
    world.output("out", from: thread)
    #expect(world.take(client) == [data("out")])
    world.exit(thread)
    #expect(world.take(client) == [.end(Self.stream)])
    #expect(
      attach(.standardError, of: thread, on: client, in: &world) == [position(5, of: thread), .end(Self.stream)]
    )
  }

  @Test("attached to a spawn that is under way, a stream misses nothing; if that fails it just ends")
  func spawn() throws {
    for succeeds in [true, false] {
      var world = NodeWorld()
      let client = world.client()
      _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client)
      guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
      let wish = Attach(.standardOutput, of: .spawn(world.lastRequest))
      #expect(world.say(.attach, Self.id, wish.encoded(), on: world.client()).refusal == .noSuchThread)
      #expect(world.say(.attach, Self.id, wish.encoded(), on: client) == [position(0, of: thread)])
      if succeeds {
        world.report(.started(thread, pid: 9, descriptors: 2))
        _ = world.take(client)
        world.output("first", from: thread)
        #expect(world.take(client) == [data("first")])
      } else {
        world.report(.startFailed(thread, errno: 2, .execute))
        #expect(world.take(client).contains(.end(Self.stream)))
      }
    }
  }

  @Test("a slow reader of an output loses the oldest beyond its credit and as much again, and is told")
  func slowReader() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: client)
    _ = attach(.standardOutput, of: thread, on: client, in: &world)
    _ = attach(.standardOutput, of: thread, on: other, in: &world)
    var quick: UInt64 = 0
    for _ in 0..<10 {
      world.output(bytes(100_000), from: thread)
      quick += UInt64(world.take(other).dataCount)
      _ = world.say(.taken, Self.id, Taken(bytes: quick).encoded(), on: other)
    }
    #expect(quick == 1_000_000)
    #expect(world.take(client).dataCount == Taken.creditMax)
    let rest = world.say(.taken, Self.id, Taken(bytes: UInt64(Taken.creditMax)).encoded(), on: client)
    #expect(rest.first == position(UInt64(1_000_000 - Limits.backlogBytesMax), of: thread))
    #expect(rest.dataCount == Limits.backlogBytesMax)
    #expect(world.held[thread, default: []].isEmpty)
  }

  @Test("a reader that is to hold the program does, as a pipe would, and nothing is lost; its end lets the program go")
  func holding() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = attach(.standardOutput, of: thread, holding: true, on: client, in: &world)
    world.output(bytes(Taken.creditMax + 5), from: thread)
    #expect(world.take(client).dataCount == Taken.creditMax)
    #expect(world.held[thread] == [.standardOutput])
    #expect(world.say(.taken, Self.id, Taken(bytes: 2).encoded(), on: client).dataCount == 2)
    #expect(world.held[thread] == [.standardOutput])
    #expect(world.say(.taken, Self.id, Taken(bytes: 6).encoded(), on: client).dataCount == 3)
    #expect(world.held[thread] == [])
    world.output(bytes(Taken.creditMax), from: thread)
    #expect(world.held[thread] == [.standardOutput])
    world.hangUp(client)
    #expect(world.held[thread] == [])
  }

  @Test("the last words of a dead program reach a slow reader that held it")
  func lastWords() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = attach(.standardOutput, of: thread, holding: true, on: client, in: &world)
    world.output(bytes(2 * Taken.creditMax), from: thread)
    world.output(bytes(Taken.creditMax), from: thread)
    world.exit(thread)
    #expect(world.take(client).dataCount == Taken.creditMax)
    for round in 1...2 {
      let taken = Taken(bytes: UInt64(round * Taken.creditMax))
      #expect(world.say(.taken, Self.id, taken.encoded(), on: client).dataCount == Taken.creditMax)
    }
    #expect(world.say(.taken, Self.id, Taken(bytes: UInt64(3 * Taken.creditMax)).encoded(), on: client) == [])
  }

  @Test("to hold a program takes authority over it")
  func authority() throws {
    var world = NodeWorld()
    let client = world.client()
    let job = try CustodianPath(parsing: "job")
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start(on: client)
    let grant = try #require(world.node.custodian(at: job))
    let granted = world.client(granted: grant)
    #expect(attach(.standardOutput, of: thread, holding: true, on: granted, in: &world).refusal == .permission)
    #expect(attach(.standardOutput, of: thread, on: granted, in: &world) == [position(0, of: thread)])
  }

  // MARK: - Standard input

  @Test("a client's bytes go to the program, are taken when its pipe has, and end with its input")
  func input() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(stdinPipe: true, on: client)
    #expect(attach(.standardInput, of: thread, on: client, in: &world) == [position(0, of: thread)])
    #expect(world.say(.data, Self.id, Array("one ".utf8), on: client) == [])
    #expect(world.say(.data, Self.id, Array("two".utf8), on: client) == [])
    #expect(world.written[thread] == "one ")
    world.inputWritten(thread)
    #expect(world.take(client) == [.taken(Taken(bytes: 4), Self.stream)])
    #expect(world.say(.end, Self.id, on: client) == [])
    #expect(world.ended == [])
    world.inputWritten(thread)
    #expect(world.written[thread] == "one two")
    #expect(world.take(client) == [.taken(Taken(bytes: 7), Self.stream), .close(Self.stream)])
    #expect(world.ended == [thread])
    #expect(attach(.standardInput, of: thread, on: client, in: &world).refusal == .noStream)
  }

  @Test("bytes that come before the program runs, or while it is suspended, wait")
  func early() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47], stdinPipe: true)), on: client)
    guard case .start(let thread, let program) = world.takeOrders().first else { throw Unexpected([]) }
    #expect(program.standardInput == .pipe)
    _ = attach(.standardInput, of: thread, on: client, in: &world)
    _ = world.say(.data, Self.id, Array("early".utf8), on: client)
    #expect(world.written[thread] == nil)
    world.report(.started(thread, pid: 9, descriptors: 3))
    #expect(world.written[thread] == "early")
    world.inputWritten(thread)
    _ = world.ask(.suspend(.id(thread)), on: client)
    _ = world.say(.data, Self.id, Array(" late".utf8), on: client)
    world.obeyOrders()
    #expect(world.written[thread] == "early")
    _ = world.ask(.resume(.id(thread)), on: client)
    world.obeyOrders()
    #expect(world.written[thread] == "early late")
  }

  @Test("one client at a time writes; when it goes another may; what is not for streams is refused")
  func writers() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(stdinPipe: true, on: client)
    let lines = try world.start(channel: .lines, on: client)
    let none = try world.start(on: client)
    for thread in [lines, none] {
      #expect(attach(.standardInput, of: thread, on: client, in: &world).refusal == .noStream)
    }
    _ = attach(.standardInput, of: thread, on: client, in: &world)
    #expect(attach(.standardInput, of: thread, on: other, in: &world).refusal == .noStream)
    world.hangUp(client)
    #expect(world.ended == [])
    #expect(attach(.standardInput, of: thread, on: other, in: &world) == [position(0, of: thread)])
    // Mail is not for its input.
    _ = world.mail(["letter"], to: thread, on: other)
    #expect(world.written[thread] == nil)
  }

  @Test("a program that closes its input, or ends, closes the stream")
  func closed() throws {
    for fails in [true, false] {
      var world = NodeWorld()
      let client = world.client()
      let thread = try world.start(stdinPipe: true, on: client)
      _ = attach(.standardInput, of: thread, on: client, in: &world)
      _ = world.say(.data, Self.id, [1], on: client)
      if fails { world.step { $0.inputFailed(thread, effects: &$1) } } else { world.exit(thread) }
      #expect(world.take(client) == [.close(Self.stream)])
      #expect(world.say(.data, Self.id, [1], on: client) == [])
    }
  }

  // MARK: - The protocol

  @Test("whoever exceeds the credit, goes on after the end or speaks for the other end has broken the protocol")
  func faults() throws {
    for (stream, frames) in [
      (.standardInput, [(.data, [UInt8](repeating: 1, count: Taken.creditMax)), (.data, [1])]),
      (.standardInput, [(.end, []), (.data, [1])]), (.standardInput, [(.end, []), (.end, [])]),
      (.standardInput, [(.taken, Taken(bytes: 0).encoded())]), (.log, [(.data, [1])]), (.log, [(.end, [])]),
      (.log, [(.taken, Taken(bytes: 1).encoded())]),
    ] as [(ThreadStream, [(FrameKind, [UInt8])])] {
      var world = NodeWorld()
      let client = world.client()
      let thread = try world.start(stdinPipe: true, on: client)
      // So that nothing is taken.
      _ = world.ask(.suspend(.id(thread)), on: client)
      _ = attach(stream, of: thread, on: client, in: &world)
      for (kind, body) in frames {
        #expect(!world.closed.contains(client))
        _ = world.say(kind, Self.id, body, on: client)
      }
      #expect(world.closed == [client], "\(stream) \(frames.map(\.0))")
    }
  }

  @Test("a connection has a bounded number of streams, with numbers that nothing else of it has")
  func bound() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let wish = Attach(.log, of: .thread(.id(thread))).encoded()
    _ = world.ask(.wait(.id(thread)), on: client)
    #expect(world.say(.attach, world.lastRequest.rawValue, wish, on: client).refusal == .badRequest)
    for id in 1...UInt64(Limits.streamsMax) { _ = world.say(.attach, 1_000 + id, wish, on: client) }
    #expect(world.say(.attach, 2_000, wish, on: client).refusal == .tooLarge)
    #expect(world.say(.watch, 1_001, [], on: client).refusal == .badRequest)
    #expect(world.say(.attach, 2_000, [], on: client).refusal == .badRequest)
  }

  @Test("a frame is never longer than the client takes")
  func bodyMax() throws {
    var world = NodeWorld()
    let client = world.connect()
    world.receive(.hello, Hello(clientName: "small", clientVersion: "", bodyMax: 4_096).encoded(), on: client)
    let thread = try world.start(on: client)
    world.output(bytes(10_000), from: thread)
    let counts = attach(.log, of: thread, from: 0, on: client, in: &world).compactMap { outgoing -> Int? in
      if case .data(let bytes, _) = outgoing { bytes.count } else { nil }
    }
    #expect(counts == [4_096, 4_096, 1_808])
  }
}

extension [Outgoing] {
  /// How many bytes of streams there are.
  fileprivate var dataCount: Int {
    reduce(0) { if case .data(let bytes, _) = $1 { $0 + bytes.count } else { $0 } }
  }
}
