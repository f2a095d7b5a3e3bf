import Foundation
import HeddleMessages
import HeddleModel
import HeddleWire
import Testing

@Suite("Every value survives the wire")
struct RoundTripTests {
  @Test("a request", arguments: Samples.requests)
  func request(request: Request) throws {
    #expect(try Request(decoding: request.encoded()) == request)
  }

  @Test("a reply", arguments: Samples.replies)
  func reply(reply: Reply) throws {
    #expect(try Reply(decoding: reply.encoded()) == reply)
  }

  @Test("a notice", arguments: Samples.notices)
  func notice(notice: Notice) throws {
    #expect(try Notice(decoding: notice.encoded()) == notice)
  }

  @Test("a refusal", arguments: Samples.refusals)
  func refusal(refusal: WireRefusal) throws {
    #expect(try WireRefusal(decoding: refusal.encoded()) == refusal)
  }

  @Test("an ack", arguments: Samples.acks)
  func ack(ack: Ack) throws {
    #expect(try Ack(decoding: ack.encoded()) == ack)
  }

  @Test("a watched event", arguments: Samples.events)
  func event(event: StateEvent) throws {
    #expect(try StateEvent(decoding: event.encoded()) == event)
  }

  @Test("a stream's beginning, and what was taken of it", arguments: Samples.attachments)
  func stream(attach: Attach) throws {
    #expect(try Attach(decoding: attach.encoded()) == attach)
    #expect(try Attached(decoding: Samples.attached.encoded()) == Samples.attached)
    #expect(Taken(decoding: Taken(bytes: .max).encoded()) == Taken(bytes: .max))
  }

  @Test("what a worker has taken, and a break")
  func worker() throws {
    #expect(MailTotals(decoding: Samples.totals.encoded()) == Samples.totals)
    for kind in BreakKind.allCases { #expect(try BreakKind(decoding: [kind.rawValue]) == kind) }
    #expect(throws: WireDecodingError.unknownValue(field: "break.kind", number: 9)) { try BreakKind(decoding: [9]) }
  }

  @Test("the handshake")
  func handshake() throws {
    #expect(try Hello(decoding: Samples.hello.encoded()) == Samples.hello)
    #expect(try Welcome(decoding: Samples.welcome.encoded()) == Samples.welcome)
    #expect(try Hello(decoding: Samples.workerHello.encoded()) == Samples.workerHello)
    #expect(try Welcome(decoding: Samples.workerWelcome.encoded()) == Samples.workerWelcome)
    #expect(try Welcome(decoding: Samples.clusterWelcome.encoded()) == Samples.clusterWelcome)
    let bare = Welcome(version: 1, bodyMax: 4_096, node: "", incarnation: 1, daemonPID: 1, daemonVersion: "")
    #expect(try Welcome(decoding: bare.encoded()) == bare)
  }

  @Test("the deepest custodian tree that there can be")
  func deepTree() throws {
    var tree = CustodianListing(
      path: Samples.path(String(repeating: "/x", count: 64)),
      state: .open,
      children: [],
      threads: Samples.summaries
    )
    while let parent = tree.path.parent {
      tree = CustodianListing(path: parent, state: .open, children: [tree], threads: [])
    }
    let reply = Reply.custodianTree(tree)
    #expect(try Reply(decoding: reply.encoded()) == reply)
  }

  @Test("durations are whole nanoseconds; a negative one is none, a longer one than 292 years is so long")
  func durations() throws {
    func overWire(_ duration: Duration) throws -> Duration? {
      let notice = Notice.threadDead(Samples.summaries[0], after: duration, ended: Samples.ended)
      guard case .threadDead(_, let after, _) = try Notice(decoding: notice.encoded()) else { return nil }
      return after
    }
    #expect(
      try overWire(Duration(secondsComponent: 1, attosecondsComponent: 1_999_999_999)) == .nanoseconds(1_000_000_001)
    )
    #expect(try overWire(.seconds(-1)) == .zero)
    #expect(try overWire(.seconds(Int64.max)) == .nanoseconds(Int64.max))
  }

  @Test("every refusal code has the number that proto/ gives it, and none is missing")
  func refusalCodes() {
    #expect(Set(RefusalCode.allCases.map { Int($0.rawValue) }) == Set(ProtoRefusalCode.allCases.map(\.rawValue)))
  }

  @Test("values are coded for storing as they are for sending", arguments: Samples.requests)
  func codable(request: Request) throws {
    #expect(try JSONDecoder().decode(Request.self, from: JSONEncoder().encode(request)) == request)
  }
}
