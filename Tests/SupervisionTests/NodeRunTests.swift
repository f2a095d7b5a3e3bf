import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("mail that comes together fares as it would one by one")
struct NodeRunTests {
  /// One way for the same frames to come.
  private enum Way: CaseIterable { case together, oneByOne }

  /// What a worker with little credit and a small mailbox gets, and what the sender is told, of mail of these sizes.
  private func fate(of sizes: [Int], flags: FrameFlags, _ way: Way) throws -> [Outgoing] {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(
      credit: MailTotals(messages: 4, bytes: 40),
      bounds: MailboxBounds(messagesMax: 3, bytesMax: 30),
      on: client
    )
    var (taken, told) = (MailTotals.zero, [Outgoing]())
    for round in 0..<3 {
      var writer = FrameWriter()
      for (index, size) in sizes.enumerated() {
        let isAgain = round > 0 && index == 0 && flags.contains(.wait)
        let body = [UInt8](repeating: UInt8(index), count: size)
        try writer.mail(body.span, to: worker.thread, flags: isAgain ? [.wait, .retry] : flags)
      }
      world.receive(writer.take(), inRuns: way == .together, on: client)
      told += world.take(client)
      let written = world.take(worker.connection).texts
      taken.messages += UInt64(written.count)
      taken.bytes += UInt64(written.reduce(0) { $0 + $1.utf8.count })
      told.append(.mail(Array(written.joined(separator: "|").utf8), worker.thread))
      world.take(taken.messages, bytes: taken.bytes, on: worker.connection)
    }
    return told + world.take(worker.connection) + world.take(client)
  }

  @Test("whatever fits, is too large, or is refused", arguments: [[], [.wait]] as [FrameFlags])
  func sameFate(flags: FrameFlags) throws {
    let stories = [
      [1, 1, 1, 1, 1, 1, 1, 1, 1], [10, 10, 10, 10, 10, 10, 10, 10], [0, 0, 0], [31, 1, 31, 1], [30, 30, 30],
      [1, 31, 30, 9],
    ]
    for sizes in stories {
      #expect(try fate(of: sizes, flags: flags, .together) == fate(of: sizes, flags: flags, .oneByOne), "\(sizes)")
    }
  }

  @Test("mail behind a message that waits to be sent again does not overtake it, whatever credit there is by then")
  func heldBack() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(
      credit: MailTotals(messages: 1, bytes: 100),
      bounds: MailboxBounds(messagesMax: 1, bytesMax: 100),
      on: client
    )
    // One under credit, one in the mailbox, one refused.
    #expect(world.mail(["a", "b", "c"], to: worker.thread, flags: .wait, on: client)?.refused.map(\.number) == [3])
    #expect(world.take(worker.connection).texts == ["a"])
    world.take(1, bytes: 1, on: worker.connection)
    world.take(2, bytes: 2, on: worker.connection)
    #expect(world.take(worker.connection).texts == ["b"])
    #expect(world.mail(["d"], to: worker.thread, flags: .wait, on: client)?.refused.map(\.code) == [.mailboxFull])
    #expect(world.mail(["c"], to: worker.thread, flags: [.wait, .retry], on: client)?.refused == [])
    #expect(world.take(worker.connection).texts == ["c"])
  }

  @Test("mail under credit passes in one piece, and is acknowledged in one")
  func inOnePiece() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    var writer = FrameWriter()
    for text in ["a", "b", "c"] { try writer.mail(Array(text.utf8).span, to: worker.thread, flags: .wait) }
    world.receive(writer.take(), inRuns: true, on: client)
    let outgoing = world.take(worker.connection)
    #expect(outgoing.count == 1)
    #expect(outgoing.texts == ["a", "b", "c"])
    #expect(world.take(client) == [.ack(Ack(through: 3))])
  }
}

extension NodeWorld {
  /// Bytes arrive: whole frames.
  mutating func receive(_ bytes: [UInt8], inRuns: Bool, on connection: ConnectionID) {
    step { node, effects in
      var (reader, offset) = (FrameReader(bodyMax: BodyLimit.usual), 0)
      while offset < bytes.count {
        if inRuns, let run = reader.mailRun(in: bytes.span, at: &offset) {
          node.received(run, in: bytes.span, on: connection, effects: &effects)
        } else if let frame = try? reader.next(in: bytes.span, at: &offset) {
          node.received(frame, on: connection, effects: &effects)
        }
      }
      node.framesEnded(on: connection, effects: &effects)
    }
  }
}
