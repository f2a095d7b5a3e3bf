import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("lines that one thread writes and another gets")
struct NodeRelayTests {
  private static let bounds = MailboxBounds(messagesMax: 4, bytesMax: 100)

  /// A world with a receiver, and a thread that sends its lines on to it.
  private static func stage(
    channel: ChannelMode = .none,
    passesEnd: Bool = true,
    linger: Bool = false
  ) throws -> (world: NodeWorld, client: ConnectionID, from: ThreadID, to: ThreadID) {
    var world = NodeWorld()
    let client = world.client()
    let to = try world.start("b", channel: channel, bounds: bounds, on: client)
    let relay = Spawn.Relay(to: .id(to), passesEnd: passesEnd)
    let from = try world.start("a", linger: linger, relay: relay, on: client)
    return (world, client, from, to)
  }

  private static func queued(_ thread: ThreadID, _ world: inout NodeWorld) -> [String] {
    let own = world.client(in: thread)
    defer { world.hangUp(own) }
    return world.ask(.receive(most: 99, wait: false), on: own).mail
  }

  @Test("each line of standard output is a message, however it was written, and goes to the log as well")
  func lines() throws {
    var (world, client, from, to) = try Self.stage()
    world.output("on", from: from)
    world.output("not\n", .standardError, from: from)
    world.output("e\n\ntwo\nth", from: from)
    #expect(Self.queued(to, &world) == ["one", "", "two"])
    #expect(
      world.ask(.logs(.id(from)), on: client).reply
        == .log(LogText(text: Array("onnot\ne\n\ntwo\nth".utf8), droppedBytes: 0))
    )
  }

  @Test(
    "while the mailbox is full the writer's output is not read; with room it goes on, in order, and nothing is lost"
  )
  func full() throws {
    var (world, client, from, to) = try Self.stage(channel: .lines)
    _ = world.ask(.suspend(.id(to)), on: client)
    world.obeyOrders()
    _ = world.take(client)
    world.output("1\n2\n3\n4\n", from: from)
    #expect(world.held[from] == nil)
    world.output("5\n6\n", from: from)
    #expect(world.held[from] == [.standardOutput])
    let relay = try ThreadInfo.Relay(to: to, name: EntityName("b"), passesEnd: true, waitingLines: 2)
    #expect(world.ask(.find(.id(from)), on: client).info?.relay == relay)
    _ = world.ask(.resume(.id(to)), on: client)
    world.obeyOrders()
    #expect(world.held[from] == [])
    world.inputWritten(to)
    #expect(world.written[to] == "1\n2\n3\n4\n5\n6\n")
  }

  @Test("many lines pass a small mailbox one after the other, not one inside the other")
  func many() throws {
    var world = NodeWorld()
    let client = world.client()
    let to = try world.start(channel: .frames, bounds: MailboxBounds(messagesMax: 1, bytesMax: nil), on: client)
    let worker = world.node.workerConnected(to, uid: 0, at: world.now)
    world.receive(.hello, Hello(clientName: "worker", clientVersion: "0").encoded(), on: worker)
    _ = world.take(worker)
    let from = try world.start(relay: Spawn.Relay(to: .id(to)), on: client)
    world.output(String(repeating: "\n", count: 10_000), from: from)
    #expect(world.take(worker).mail.count == 10_000)
  }

  @Test("the end of the writer is passed on behind its last line, which may want its newline")
  func end() throws {
    var (world, client, from, to) = try Self.stage(channel: .lines)
    world.output("1\n2", from: from)
    #expect(world.written[to] == "1\n")
    world.exit(from)
    world.inputWritten(to)
    #expect(world.written[to] == "1\n2\n")
    #expect(world.ended == [])
    world.inputWritten(to)
    #expect(world.ended == [to])
    #expect(world.mail(["late"], to: to, on: client)?.refused.map(\.code) == [.endedMail])
  }

  @Test("what a dead thread has written before is still sent on when there is room, and only then the end")
  func endWhileFull() throws {
    var (world, client, from, to) = try Self.stage()
    world.output("1\n2\n3\n4\n5\n6\n", from: from)
    world.exit(from)
    #expect(world.ask(.find(.id(from)), on: client).info?.state == .dead)
    let own = world.client(in: to)
    #expect(world.ask(.receive(most: 2, wait: true), on: own).mail == ["1", "2"])
    #expect(world.ask(.receive(most: 9, wait: true), on: own).mail == ["3", "4", "5", "6"])
    #expect(world.ask(.receive(most: 1, wait: true), on: own).reply == .received(messages: 0, isEnd: true))
  }

  @Test("without being told to, a writer's end is not passed on")
  func keptOpen() throws {
    var (world, client, from, to) = try Self.stage(passesEnd: false)
    world.output("1\n", from: from)
    world.exit(from)
    #expect(world.mail(["2"], to: to, on: client)?.refused == [])
    #expect(Self.queued(to, &world) == ["1", "2"])
  }

  @Test("a receiver that dies is said once, and the writer goes on and is read")
  func receiverDies() throws {
    var (world, client, from, to) = try Self.stage()
    world.output("1\n2\n3\n4\n5\n", from: from)
    #expect(world.held[from] == [.standardOutput])
    _ = world.ask(.kill(.id(to), wait: false, really: false), on: client)
    world.obeyOrders()
    #expect(world.held[from] == [])
    world.output("6\n", from: from)
    let said = world.logLines.filter { $0.contains("sends nothing on to thread b") }
    #expect(said.count == 1)
    #expect(said.first?.contains("not delivered (lines: 1)") == true)
    let info = world.ask(.find(.id(from)), on: client).info
    #expect(info?.state == .running)
    #expect(info?.lastChange.what == "stopped sending on to b")
    #expect(info?.relay == nil)
  }

  @Test("a receiver that is dead, unknown, or takes no more mail is refused at the spawn")
  func refused() throws {
    var (world, client, _, to) = try Self.stage()
    func start(_ reference: ThreadReference) -> RefusalCode? {
      let relay = Spawn.Relay(to: reference)
      return world.ask(.spawn(Spawn(argv: [[112]], cwd: [47], relay: relay)), on: client).refusal
    }
    #expect(start(.id(ThreadID(rawValue: 99))) == .noSuchThread)
    _ = world.ask(.endMail(.id(to)), on: client)
    #expect(start(.id(to)) == .endedMail)
    world.exit(to)
    #expect(start(.id(to)) == .dead)
  }

  @Test("a line that is too long for a message goes in pieces; one too large for the mailbox is said and passed over")
  func longLines() throws {
    var world = NodeWorld()
    let client = world.client()
    let large = try world.start("large", on: client)
    let small = try world.start("small", bounds: Self.bounds, on: client)
    let line = String(repeating: "x", count: Limits.lineBytesMax + 7) + "\nnext\n"
    for to in [large, small] {
      let from = try world.start(relay: Spawn.Relay(to: .id(to)), on: client)
      world.output(line, from: from)
    }
    #expect(Self.queued(large, &world).map(\.utf8.count) == [Limits.lineBytesMax, 7, 4])
    #expect(Self.queued(small, &world).map(\.utf8.count) == [7, 4])
    #expect(world.logLines.filter { $0.contains("does not take") }.count == 1)
  }

  @Test("a program that cannot be started ends nobody's mail")
  func cannotStart() throws {
    var (world, client, _, to) = try Self.stage()
    let relay = Spawn.Relay(to: .id(to), passesEnd: true)
    _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47], relay: relay)), on: client)
    guard case .start(let thread, _) = world.takeOrders().last else { throw Unexpected([]) }
    world.report(.startFailed(thread, errno: 2, .execute))
    #expect(world.mail(["1"], to: to, on: client)?.refused == [])
  }
}
