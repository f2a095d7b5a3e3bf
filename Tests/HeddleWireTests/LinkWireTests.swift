import HeddleModel
import HeddleWire
import Testing

@Suite("What goes between supervisors")
struct LinkWireTests {
  @Test("the values of a link survive the wire")
  func roundTrip() throws {
    #expect(try LinkHello(decoding: Samples.linkHello.encoded()) == Samples.linkHello)
    #expect(try LinkClient(decoding: Samples.linkClient.encoded()) == Samples.linkClient)
    for reply in [Reply.nodes(Samples.nodes), .thread(Samples.farInfo)] {
      #expect(try Reply(decoding: reply.encoded()) == reply)
    }
  }

  @Test("a hello without a whole nonce, an incarnation or a name is none")
  func badHello() {
    var short = Samples.linkHello
    short.nonce = [1, 2, 3]
    #expect(throws: WireDecodingError.form(field: "link_hello.nonce", reason: "a nonce has 32 bytes")) {
      try LinkHello(decoding: short.encoded())
    }
    var nameless = Samples.linkHello
    nameless.incarnation = 0
    #expect(throws: WireDecodingError.missing(field: "link_hello.incarnation")) {
      try LinkHello(decoding: nameless.encoded())
    }
  }

  @Test("a code matches itself alone")
  func codes() {
    #expect(Samples.linkCode.matches(LinkCode(Samples.linkCode.bytes)))
    for index in 0..<LinkCode.count {
      var bytes = Samples.linkCode.bytes
      bytes[index] ^= 1
      #expect(!Samples.linkCode.matches(LinkCode(bytes)))
    }
    #expect(!Samples.linkCode.matches(LinkCode([])))
  }

  @Test("the transcript is the role's words, and each hello behind its length")
  func transcript() {
    let bytes = LinkRole.acceptor.transcript(dialer: [1, 2], acceptor: [3])
    #expect(bytes == Array("heddle link 1 acceptor".utf8) + [0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 3])
    #expect(LinkRole.dialer.transcript(dialer: [], acceptor: []).starts(with: Array("heddle link 1 dialer".utf8)))
  }

  @Test("an id is a node's slot and a counter")
  func slots() {
    let far = ThreadID(rawValue: 5).moved(to: Samples.slot)
    #expect(far.rawValue == 2 << 48 | 5)
    #expect((far.slot, far.counter) == (Samples.slot, 5))
    #expect(far.moved(to: .home) == ThreadID(rawValue: 5))
    #expect(NodeSlot(ofFrame: Samples.slot.frameID) == Samples.slot)
  }

  @Test("ids are those of whoever reads them: the owner's own on its side, with the owner's slot on the other")
  func translation() throws {
    let (out, back) = (
      IDTranslation.outgoing(to: Samples.node, Samples.slot), IDTranslation.incoming(from: Samples.node, Samples.slot)
    )
    let far = Samples.id.moved(to: Samples.slot)
    #expect(try Request.Command.find(.id(far)).translated(out) == .find(Samples.byID))
    #expect(try Request.Command.find(Samples.elsewhere).translated(out) == .find(Samples.byName))
    #expect(
      try Reply.died(Samples.id, DeathRecord(cause: .daemonEnded, unreadMail: 0)).translated(back)
        == .died(far, DeathRecord(cause: .daemonEnded, unreadMail: 0))
    )
    // Each answer that there is: all that it says comes back in the reader's ids, and only there.
    for reply in Samples.replies {
      let translated = try reply.translated(back)
      if translated != reply { #expect(throws: ForeignThread.self) { try translated.translated(back) } }
    }
    for notice in Samples.notices {
      let translated = try notice.translated(back)
      if translated != notice { #expect(throws: ForeignThread.self) { try translated.translated(back) } }
    }
    guard case .thread(let info) = try Reply.thread(Samples.relayingInfo).translated(back) else { return }
    #expect((info.node, info.id.slot, info.relay?.to.slot) == (Samples.node, Samples.slot, Samples.slot))
  }

  @Test("a thread of a third node can't be meant")
  func foreign() {
    let out = IDTranslation.outgoing(to: Samples.node, Samples.slot)
    for thread in [
      Samples.byID, .id(Samples.id.moved(to: NodeSlot(rawValue: 3))), .named(Samples.name("x"), on: Samples.name("c")),
    ] {
      #expect(throws: ForeignThread.self) { try Request.Command.find(thread).translated(out) }
      let resume = Request.Command.resume(Samples.elsewhere, benefactor: .thread(thread))
      #expect(throws: ForeignThread.self) { try resume.translated(out) }
    }
  }

  @Test("mail for another node goes on as it came, with the owner's own id")
  func mail() throws {
    var (writer, expected) = (FrameWriter(), FrameWriter())
    for text in ["one", "", "three"] {
      try writer.mail(Samples.bytes(text).span, to: Samples.id.moved(to: Samples.slot), flags: [.wait, .later])
      try expected.mail(Samples.bytes(text).span, to: Samples.id, flags: [.wait, .later])
    }
    let bytes = writer.take()
    var offset = 0
    let run = try #require(FrameReader().mailRun(in: bytes.span, at: &offset))
    #expect(run.framesForOwner(in: bytes.span) == expected.take())
  }
}
