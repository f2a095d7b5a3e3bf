import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("mail to threads of other nodes")
struct ForwardedMailTests {
  private func linked() -> (cluster: ClusterWorld, client: ConnectionID) {
    var cluster = ClusterWorld("a", "b")
    cluster.pass(.seconds(1))
    let client = cluster.at("a") { $0.client() }
    return (cluster, client)
  }

  @Test("mail arrives in order, and is acknowledged by its owner under a count of its own")
  func order() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", channel: .lines, from: "a", client)
    let near = try cluster.at("a") { try $0.start("near", channel: .lines, on: client) }
    _ = cluster.take("a", client)
    #expect(cluster.mail(["one", "two"], to: far, at: "a", client) == [.ackOf(far.slot, Ack(through: 2))])
    // The count of the node's own mail begins at 1.
    #expect(cluster.mail(["here"], to: near, at: "a", client) == [.ack(Ack(through: 1))])
    #expect(cluster.mail(["three"], to: far, at: "a", client) == [.ackOf(far.slot, Ack(through: 3))])
    cluster.at("b") { $0.inputWritten(far.moved(to: .home)) }
    cluster.at("b") { $0.inputWritten(far.moved(to: .home)) }
    #expect(cluster.worlds["b"]?.written[far.moved(to: .home)] == "one\ntwo\nthree\n")
  }

  @Test("what the owner refuses is refused by its number: dead, ended, no line")
  func refusals() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", channel: .lines, from: "a", client)
    let refused = cluster.mail(["good", "no\nline"], to: far, at: "a", client)
    #expect(refused == [.ackOf(far.slot, Ack(through: 2, refused: [Ack.Refused(number: 2, code: .notALine)]))])
    cluster.at("b") { $0.exit(far.moved(to: .home)) }
    let dead = cluster.mail(["late"], to: far, at: "a", client)
    #expect(dead == [.ackOf(far.slot, Ack(through: 3, refused: [Ack.Refused(number: 3, code: .dead)]))])
  }

  @Test("a full mailbox holds back the sender that waits for room, and no other client's mail")
  func full() throws {
    var (cluster, client) = linked()
    let bounds = MailboxBounds(messagesMax: 2, bytesMax: nil)
    let far = try cluster.start("far", on: "b", bounds: bounds, from: "a", client)
    let other = cluster.at("a") { $0.client() }
    let waiting = cluster.mail(["1", "2", "3", "4"], to: far, flags: .wait, at: "a", client)
    let full = [3, 4].map { Ack.Refused(number: $0, code: .mailboxFull) }
    #expect(waiting == [.ackOf(far.slot, Ack(through: 4, refused: full))])
    // Another client is refused for the same reason, but its next message is looked at anew.
    let refused = cluster.mail(["x"], to: far, at: "a", other)
    #expect(refused == [.ackOf(far.slot, Ack(through: 1, refused: [Ack.Refused(number: 1, code: .mailboxFull)]))])
    let own = try cluster.at("b") { world -> ConnectionID in
      let own = world.client(in: far.moved(to: .home))
      guard case .received(2, _)? = world.ask(.receive(most: 2, wait: false), on: own).reply else {
        throw Unexpected([])
      }
      return own
    }
    _ = own
    #expect(cluster.take("a", client) == [.room(far)])
    let again = cluster.mail(["3", "4"], to: far, flags: [.wait, .retry], at: "a", client)
    #expect(again == [.ackOf(far.slot, Ack(through: 6))])
  }

  @Test("mail whose ack nobody waits for is acknowledged when that is asked for")
  func asked() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.mail(["1", "2"], to: far, flags: [.wait, .later], at: "a", client).isEmpty)
    cluster.at("a") { $0.receive(.ack, [], id: far.slot.frameID, on: client) }
    #expect(cluster.take("a", client) == [.ackOf(far.slot, Ack(through: 2))])
  }

  @Test("a link to which too much waits to be written refuses mail as a full mailbox does, and tells of room")
  func congested() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", channel: .lines, from: "a", client)
    let link = try #require(cluster.link(of: "a", to: "b"))
    cluster.at("a") { $0.step { $0.linkQueued(link, Limits.linkMailBytesMax + 1, effects: &$1) } }
    let refused = cluster.mail(["1", "2"], to: far, flags: .wait, at: "a", client)
    let full = [1, 2].map { Ack.Refused(number: $0, code: .mailboxFull) }
    #expect(refused == [.ackOf(far.slot, Ack(through: 2, refused: full))])
    // Requests go on.
    #expect(cluster.ask(.find(.id(far)), at: "a", client).info?.id == far)
    cluster.at("a") { $0.step { $0.linkQueued(link, Limits.linkBytesMax + 1, effects: &$1) } }
    #expect(cluster.ask(.find(.id(far)), at: "a", client).refusal == .nodeUnreachable)
    cluster.at("a") { $0.step { $0.linkQueued(link, 0, effects: &$1) } }
    #expect(cluster.take("a", client) == [.room(far)])
    // What was refused comes first.
    let overtaking = cluster.mail(["3"], to: far, flags: .wait, at: "a", client)
    #expect(overtaking == [.ackOf(far.slot, Ack(through: 3, refused: [Ack.Refused(number: 3, code: .mailboxFull)]))])
    let again = cluster.mail(["1", "2", "3"], to: far, flags: [.wait, .retry], at: "a", client)
    #expect(again == [.ackOf(far.slot, Ack(through: 6))])
    #expect(cluster.worlds["b"]?.written[far.moved(to: .home)] == "1\n")
  }

  @Test("a lost link makes unacknowledged mail indeterminate and refuses what comes later; a new one counts anew")
  func lostLink() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.mail(["1"], to: far, at: "a", client) == [.ackOf(far.slot, Ack(through: 1))])
    cluster.silence("a", "b")
    #expect(cluster.mail(["2", "3"], to: far, at: "a", client).isEmpty)
    cluster.unreachable = ["a", "b"]
    cluster.cut("a", "b")
    let lost = [2, 3].map { Ack.Refused(number: $0, code: .indeterminate) }
    #expect(cluster.take("a", client) == [.ackOf(far.slot, Ack(through: 3, refused: lost))])
    let later = cluster.mail(["4"], to: far, at: "a", client)
    #expect(later == [.ackOf(far.slot, Ack(through: 4, refused: [Ack.Refused(number: 4, code: .nodeUnreachable)]))])
    cluster.unreachable = []
    cluster.pass(.seconds(6))
    #expect(cluster.mail(["5"], to: far, at: "a", client) == [.ackOf(far.slot, Ack(through: 5))])
  }

  @Test("mail for a thread of a start that is gone, or of a node that there never was, is refused for good")
  func gone() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    cluster.kill("b")
    cluster.add("b", peers: ["a"], incarnation: 8)
    cluster.pass(.seconds(6))
    let lost = cluster.mail(["1"], to: far, at: "a", client)
    #expect(lost == [.ackOf(far.slot, Ack(through: 1, refused: [Ack.Refused(number: 1, code: .nodeLost)]))])
    let nowhere = far.moved(to: NodeSlot(rawValue: 77))
    let none = cluster.mail(["1"], to: nowhere, at: "a", client)
    #expect(none == [.ackOf(nowhere.slot, Ack(through: 1, refused: [Ack.Refused(number: 1, code: .noSuchThread)]))])
  }

  @Test("an ack for what was never sent closes the link")
  func falseAck() throws {
    var (cluster, client) = linked()
    _ = try cluster.start("far", on: "b", from: "a", client)
    cluster.unreachable = ["a", "b"]
    cluster.inject(.answer, id: client.rawValue, [], from: "b", to: "a")
    cluster.inject(.ack, id: 0, Ack(through: 9).encoded(), from: "b", to: "a")
    #expect(!cluster.isLinked("a", "b"))
  }
}

extension ClusterWorld {
  /// Sends mail, one frame a text and all together, and gives what came of it.
  mutating func mail(
    _ texts: [String],
    to thread: ThreadID,
    flags: FrameFlags = [],
    at home: String,
    _ client: ConnectionID
  ) -> [Outgoing] {
    var (writer, rest) = (FrameWriter(bodyMax: BodyLimit.usual), flags)
    for text in texts {
      // Whatever is wrong with it is the story's to say.
      try? writer.mail(Array(text.utf8).span, to: thread, flags: rest)
      rest.remove(.retry)
    }
    let bytes = writer.take()
    at(home) { world in
      var reader = FrameReader(bodyMax: BodyLimit.usual)
      world.take(bytes, on: client, &reader)
    }
    return take(home, client)
  }
}
