import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("mail, from a client's frames to a program's lines")
struct NodeMailTests {
  @Test("mail to a program on lines is written as lines, in order, and acknowledged")
  func lines() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .lines, on: client)
    let ack = world.mail(["one", "two"], to: thread, on: client)
    #expect(ack == Ack(through: 2))
    #expect(world.written[thread] == "one\n")
    world.inputWritten(thread)
    #expect(world.written[thread] == "one\ntwo\n")
  }

  @Test("lines that come together are written together, but for what is no line, and a barrier waits for the last")
  func linesTogether() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .lines, on: client)
    var writer = FrameWriter()
    for text in ["one", "two", "th\nree", "four"] { try writer.mail(Array(text.utf8).span, to: thread, flags: .wait) }
    world.receive(writer.take(), inRuns: true, on: client)
    #expect(world.take(client) == [.ack(Ack(through: 4, refused: [.init(number: 3, code: .notALine)]))])
    #expect(world.written[thread] == "one\ntwo\n")
    #expect(world.ask(.barrier, on: client) == [])
    world.inputWritten(thread)
    #expect(world.written[thread] == "one\ntwo\nfour\n")
    #expect(world.take(client) == [])
    world.inputWritten(thread)
    #expect(world.take(client) == [.reply(.done, world.lastRequest)])
  }

  @Test("mail whose ack nobody waits for goes without, until there is much of it, or the ack is asked for")
  func later() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let flags: FrameFlags = [.wait, .later]
    #expect(world.mail(["a", "b"], to: worker.thread, flags: flags, on: client) == nil)
    world.receive(.ack, [], id: 0, on: client)
    #expect(world.mail([], to: worker.thread, on: client) == Ack(through: 2))
    world.receive(.ack, [], id: 0, on: client)
    #expect(world.mail(["c"], to: worker.thread, flags: flags, on: client) == nil)
    #expect(world.mail(["d"], to: worker.thread, flags: .wait, on: client) == Ack(through: 4))
    #expect(world.mail(Array(repeating: "e", count: 255), to: worker.thread, flags: flags, on: client) == nil)
    #expect(world.mail(["f"], to: worker.thread, flags: flags, on: client) == Ack(through: 260))
    let half = String(repeating: "g", count: 32 << 10)
    #expect(world.mail([half], to: worker.thread, flags: flags, on: client) == nil)
    #expect(world.mail([half], to: worker.thread, flags: flags, on: client) == Ack(through: 262))
    #expect(world.mail(["h"], to: worker.thread, flags: flags, on: client) == nil)
    let refused = Ack(through: 264, refused: [.init(number: 264, code: .noSuchThread)])
    #expect(world.mail(["i"], to: ThreadID(rawValue: 99), flags: flags, on: client) == refused)
  }

  @Test("a connection that is refused is first told what is owed for its mail")
  func laterAtTheEnd() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    #expect(world.mail(["a"], to: worker.thread, flags: [.wait, .later], on: client) == nil)
    world.receive(.ack, Ack(through: 1).encoded(), id: 0, on: client)
    let sent = world.take(client)
    #expect(sent.first == .ack(Ack(through: 1)))
    #expect(sent.count == 2)
  }

  @Test("nothing is written from the decision to suspend until the resumption was seen")
  func suspended() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start("count", channel: .lines, on: client)
    #expect(world.ask(.suspend(.id(thread)), on: client) == [])
    #expect(world.mail(["waits"], to: thread, on: client) == Ack(through: 1))
    world.obeyOrders()
    #expect(world.take(client) == [.reply(.done, world.lastRequest)])
    #expect(world.written[thread] == nil)
    #expect(world.ask(.find(.id(thread)), on: client).info?.mail.messages == 1)
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(world.written[thread] == nil)
    world.obeyOrders()
    #expect(world.written[thread] == "waits\n")
  }

  @Test("a message with a newline is not a line; one larger than the bound is too large; a dead thread takes none")
  func refused() throws {
    var world = NodeWorld()
    let client = world.client()
    let bounds = MailboxBounds(messagesMax: 2, bytesMax: 8)
    let thread = try world.start(channel: .lines, bounds: bounds, on: client)
    let ack = world.mail(["a\nb", "123456789"], to: thread, on: client)
    #expect(ack?.refused.map(\.code) == [.notALine, .tooLarge])
    _ = world.ask(.kill(.id(thread), wait: true, really: false), on: client)
    #expect(world.mail(["late"], to: thread, on: client)?.refused.map(\.code) == [.dead])
    world.obeyOrders()
    #expect(world.mail(["later"], to: thread, on: client)?.refused == [.init(number: 4, code: .dead)])
    #expect(world.mail(["nobody"], to: ThreadID(rawValue: 99), on: client)?.refused.map(\.code) == [.noSuchThread])
  }

  @Test("a full mailbox refuses; mail that may wait is held back until its sender begins anew at the offered room")
  func full() throws {
    var world = NodeWorld()
    let client = world.client()
    let bounds = MailboxBounds(messagesMax: 4, bytesMax: nil)
    let thread = try world.start(channel: .lines, bounds: bounds, on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.take(client)
    let ack = world.mail(["1", "2", "3", "4", "5"], to: thread, flags: .wait, on: client)
    #expect(ack?.refused == [.init(number: 5, code: .mailboxFull)])
    _ = world.ask(.resume(.id(thread)), on: client)
    world.obeyOrders()
    #expect(world.written[thread] == "1\n2\n3\n4\n")
    #expect(world.take(client) == [.room(thread)])
    // There is room, but what came after the refused one must not overtake it.
    #expect(world.mail(["6"], to: thread, flags: .wait, on: client)?.refused.map(\.code) == [.mailboxFull])
    #expect(world.mail(["5"], to: thread, flags: [.wait, .retry], on: client)?.refused == [])
    #expect(world.mail(["6"], to: thread, flags: .wait, on: client)?.refused == [])
    world.inputWritten(thread)
    #expect(world.written[thread] == "1\n2\n3\n4\n5\n6\n")
  }

  @Test("a sender that waits for room is told when there will be none")
  func roomAtDeath() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(bounds: MailboxBounds(messagesMax: 1, bytesMax: nil), on: client)
    _ = world.mail(["1", "2"], to: thread, flags: .wait, on: client)
    _ = world.ask(.kill(.id(thread), wait: false, really: false), on: client)
    world.obeyOrders()
    #expect(world.take(client).contains(.room(thread)))
    #expect(world.mail(["2"], to: thread, flags: [.wait, .retry], on: client)?.refused.map(\.code) == [.dead])
  }

  @Test("a sender that is refused for want of room and goes leaves nothing")
  func senderGoes() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(bounds: MailboxBounds(messagesMax: 1, bytesMax: nil), on: client)
    _ = world.mail(["a"], to: thread, on: client)
    let before = try JSONEncoder().encode(world.node).count
    for _ in 0..<100 {
      let other = world.client()
      _ = world.mail(["b"], to: thread, flags: .wait, on: other)
      world.step { $0.connectionClosed(other, effects: &$1) }
    }
    #expect(try JSONEncoder().encode(world.node).count < before + 100)
  }

  @Test("a mailbox has a bound, also when none was asked for")
  func ceiling() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(bounds: .unbounded, on: client)
    #expect(world.ask(.find(.id(thread)), on: client).info?.mail.bounds == Limits.mailboxCeiling)
  }

  @Test("what was mailed before the connection broke the protocol is acknowledged before its end")
  func ackBeforeEnd() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    world.receive(.mail, [1], id: thread.rawValue, on: client)
    world.step { $0.receivedGarbage(.unknownKind(99), on: client, effects: &$1) }
    world.step { $0.framesEnded(on: client, effects: &$1) }
    let sent = world.take(client)
    #expect(sent.first == .ack(Ack(through: 1)))
    #expect(sent.refusal == .unknownRequest)
    #expect(sent.count == 2)
  }

  @Test("a lingering tree still gets its mail, and its end, when the program has gone")
  func linger() throws {
    var world = NodeWorld()
    let client = world.client()
    let spawn = Spawn(argv: [[112]], cwd: [47], channel: .lines, linger: true)
    _ = world.ask(.spawn(spawn), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.report(.started(thread, pid: 9, descriptors: 3))
    world.report(.exited(thread, .exit(code: 0)))
    _ = world.mail(["late"], to: thread, on: client)
    #expect(world.written[thread] == "late\n")
    _ = world.ask(.endMail(.id(thread)), on: client)
    world.inputWritten(thread)
    #expect(world.ended == [thread])
  }

  @Test("after the end of mail what is queued is written, then the program's input is closed")
  func end() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .lines, on: client)
    _ = world.mail(["1", "2"], to: thread, on: client)
    #expect(world.ask(.endMail(.id(thread)), on: client).reply == .done)
    #expect(world.mail(["3"], to: thread, on: client)?.refused.map(\.code) == [.endedMail])
    #expect(!world.ended.contains(thread))
    world.inputWritten(thread)
    #expect(world.written[thread] == "1\n2\n")
    world.inputWritten(thread)
    #expect(world.ended == [thread])
  }

  @Test("mail that a thread left unread is counted in its death record")
  func unread() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = world.mail(["1", "2", "3"], to: thread, on: client)
    world.report(.exited(thread, .exit(code: 3)))
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    let info = world.ask(.find(.id(thread)), on: client).info
    #expect(info?.death == DeathRecord(cause: .exited(code: 3), unreadMail: 3))
    #expect(info?.mail.messages == 0)
  }
}
