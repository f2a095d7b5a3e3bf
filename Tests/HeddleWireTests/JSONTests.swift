import Foundation
import HeddleModel
import HeddleWire
import Testing

@Suite("JSON")
struct JSONTests {
  @Test("a list without anything in it is a list")
  func emptyList() { #expect(WireJSON.text([]) == #"{"v":1,"threads":[],"more":false}"#) }

  @Test("fields have the schema's names, numbers are numbers, and a thread says how to name it")
  func thread() {
    let thread = ThreadInfo(
      id: ThreadID(rawValue: 0x7F3A),
      name: nil,
      argv: [Array("sh".utf8), [0xFF]],
      custodians: [.main],
      state: .running,
      age: .seconds(9),
      sinceChange: .zero,
      lastChange: .init(what: "started"),
      pid: 12,
      channel: .none,
      mail: .init(messages: 0, bytes: 0, bounds: .unbounded),
      death: nil
    )
    let text = WireJSON.text(thread)
    #expect(text.hasPrefix(#"{"v":1,"id":32570,"#))
    for part in [
      #""age_ns":9000000000"#, #""state":"THREAD_STATE_RUNNING""#, #""reference":"id:7f3a""#,
      #""argv":["sh","\#u{FFFD}"],"argv_bytes":["c2g=","/w=="],"custodians""#, #""command":["sh","\#u{FFFD}"]"#,
      #""since_change_ns":0,"last_change":{"what":"started","by":""}"#, #""channel":"CHANNEL_NONE""#,
      #""mailbox_messages":0,"mailbox_bytes":0,"mailbox_bounds":{},"group":"""#,
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("a program's version says which protocols it speaks")
  func version() {
    #expect(WireJSON.version("0.1.0") == #"{"v":1,"version":"0.1.0","protocol_min":1,"protocol_max":1}"#)
  }

  @Test("a daemon's beginning and end name its process")
  func daemon() {
    #expect(
      WireJSON.daemonStarted(pid: 12, socket: "/s", log: "/s.log") == #"{"v":1,"pid":12,"socket":"/s","log":"/s.log"}"#
    )
    #expect(WireJSON.daemonGone(pid: 12, took: .microseconds(3)) == #"{"v":1,"pid":12,"took_ns":3000}"#)
  }

  @Test("keys do not depend on values, but for what is absent")
  func zeros() {
    let nothing = ShutdownReport(threads: 0, processes: 0, leftSuspended: 0, duration: .zero)
    #expect(WireJSON.text(nothing) == #"{"v":1,"threads":0,"processes":0,"left_suspended":0,"duration_ns":0}"#)
    let plan = ShutdownPlan(custodians: [.root], ended: [], leftSuspended: [], surviving: [])
    #expect(
      WireJSON.text(plan)
        == #"{"v":1,"custodians":["/"],"ended":[],"left_suspended":[],"surviving":[],"daemon_ends":true}"#
    )
    let main = CustodianListing(path: .main, state: .shuttingDown, children: [], threads: [])
    let state = #""state":"CUSTODIAN_STATE_SHUTTING_DOWN""#
    #expect(WireJSON.text(main) == #"{"v":1,"path":"/main",\#(state),"children":[],"threads":[]}"#)
    #expect(
      WireJSON.list([main])
        == #"{"v":1,"custodians":[{"path":"/main",\#(state),"threads":0,"custodians":0}]}"#
    )
  }

  @Test("bytes are text, and where they are none, they are in base64 as well", arguments: [0, 1, 2, 3, 4])
  func bytes(count: Int) {
    #expect(WireJSON.received(Array("a b\t".utf8)) == #"{"v":1,"body":"a b\t"}"#)
    let body = [0xFF] + [UInt8](repeating: 0x61, count: count)
    let text = "\u{FFFD}" + String(repeating: "a", count: count)
    #expect(
      WireJSON.received(body) == #"{"v":1,"body":"\#(text)","body_bytes":"\#(Data(body).base64EncodedString())"}"#
    )
  }

  @Test("mail that was sent is told of, and mail that was pushed back")
  func mail() {
    let thread = ThreadInfo(
      id: Samples.id,
      name: Samples.name("web"),
      argv: [],
      custodians: [],
      state: .running,
      age: .zero,
      sinceChange: .zero,
      lastChange: .init(what: "started"),
      pid: nil,
      channel: .none,
      mail: .init(messages: 0, bytes: 0, bounds: .unbounded),
      death: nil
    )
    #expect(
      WireJSON.sent(0, to: thread, end: true)
        == #"{"v":1,"thread":32570,"name":"web","reference":"id:7f3a","messages":0,"end":true}"#
    )
    #expect(WireJSON.rewound(2) == #"{"v":1,"messages":2}"#)
  }

  @Test("what is quoted is escaped")
  func escapes() { #expect(WireJSON.happened("a\"b\n", place: 1) == #"{"v":1,"event":"a\"b\n","place":1}"#) }
}

@Suite("JSON of what is looked at")
struct LookingJSONTests {
  @Test(
    "a moment is written as RFC 3339 has it",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_700_000_000_123, "2023-11-14T22:13:20.123Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ]
  )
  func moment(milliseconds: UInt64, text: String) {
    #expect(Moment(nanoseconds: milliseconds * 1_000_000).rfc3339 == text)
  }

  @Test("a happening has its date and its thread's reference, and what is absent is left out")
  func happening() {
    let thread = Happening.Subject(id: Samples.id, name: nil)
    let time = Moment(nanoseconds: 1_700_000_000_123_000_000)
    let happening = Happening(number: 3, time: time, instant: Instant(nanoseconds: 1), what: .suspended, thread: thread)
    let text = WireJSON.text(happening)
    #expect(text.contains(#""time":"2023-11-14T22:13:20.123Z""#))
    #expect(text.contains(#""reference":"id:7f3a""#) && text.contains(#""kind":"HAPPENING_KIND_SUSPENDED""#))
    #expect(!text.contains("death") && !text.contains("break_kind") && text.contains(#""by":"""#))
  }

  @Test("a line that is no text is there in base64, too")
  func line() {
    let thread = ThreadSummary(id: Samples.id, name: Samples.name("web"), state: .running)
    #expect(
      WireJSON.line([0x61], at: 0, of: thread)
        == #"{"v":1,"thread":32570,"name":"web","reference":"id:7f3a","offset":0,"text":"a"}"#
    )
    let broken = WireJSON.line([0x61, 0xFF], at: 7, of: thread)
    #expect(broken.contains("\"offset\":7,\"text\":\"a\u{FFFD}\",\"text_bytes\":\"Yf8=\""), "\(broken)")
  }
}
