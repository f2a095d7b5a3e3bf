import HeddleModel
import HeddleWire
import Testing

@Suite("JSON")
struct JSONTests {
  @Test("a list without anything in it is a list")
  func emptyList() { #expect(WireJSON.text([]) == #"{"v":1,"threads":[]}"#) }

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
      #""command":["sh","\#u{FFFD}"]"#,
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

  @Test("what is quoted is escaped")
  func escapes() { #expect(WireJSON.happened("a\"b\n", place: 1) == #"{"v":1,"event":"a\"b\n","place":1}"#) }
}
