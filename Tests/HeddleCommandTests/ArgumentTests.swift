import HeddleModel
import HeddleThreads
import Testing

@testable import heddle

@Suite("what arguments mean")
struct ArgumentTests {
  @Test(
    "a time span has a unit for each number",
    arguments: [
      ("500ms", .milliseconds(500)), ("10s", .seconds(10)), ("1.5s", .milliseconds(1_500)), ("2m30s", .seconds(150)),
      ("1h", .seconds(3_600)), ("0s", .zero), ("7d", .seconds(604_800)), ("", nil), ("10", nil), ("s", nil),
      ("-1s", nil), ("1y", nil), ("99999999d", nil), ("1e3s", nil),
    ] as [(String, Duration?)]
  )
  func durations(text: String, duration: Duration?) {
    #expect(DurationArgument(argument: text)?.duration == duration)
  }

  @Test("a date is of today, or whole")
  func dates() throws {
    #expect(MomentArgument(argument: "1970-01-02T00:00:01Z")?.date == WallTime(sinceEpoch: .seconds(86_401)))
    let (early, late) = try (
      #require(MomentArgument(argument: "03:00")), #require(MomentArgument(argument: "03:00:07"))
    )
    #expect(early.date.duration(to: late.date) == .seconds(7))
    for wrong in ["", "3", "24:00", "12:60", "1970-13-01T00:00", "12:30Z", "tomorrow", "1970-01-01"] {
      #expect(MomentArgument(argument: wrong) == nil, "\(wrong)")
    }
  }

  @Test("an event's label is what stands before the sign, or all of it")
  func events() throws {
    #expect(EventArgument(argument: "timer:2s")?.label == "timer:2s")
    let late = try #require(EventArgument(argument: "late=timer:2s"))
    #expect(late.label == "late")
    guard case .timer(let duration) = late.kind else { throw Failure(.failed, "it is another event") }
    #expect(duration == .seconds(2))
    for wrong in ["", "dead", "dead:", "timer:2", "sig:KILL", "a=b", "msg:x", "=timer:1s"] {
      #expect(EventArgument(argument: wrong) == nil, "\(wrong)")
    }
  }

  @Test(
    "a mailbox's bounds are a count and a size; a part that is left out is as usual",
    arguments: [
      ("10,64KiB", 10, 64 << 10), ("10", 10, 8 << 20), ("2MiB", 1_024, 2 << 20), (",2GiB", 1_024, 2 << 30),
      ("7,", 7, 8 << 20), ("unlimited", nil, nil), ("unlimited,1KiB", nil, 1_024), ("5,unlimited", 5, nil),
      (",unlimited", 1_024, nil),
    ] as [(String, Int?, Int?)]
  )
  func mailboxes(text: String, messages: Int?, bytes: Int?) {
    #expect(MailboxArgument(argument: text)?.bounds == MailboxBounds(messagesMax: messages, bytesMax: bytes))
  }

  @Test(
    "what is no mailbox's bounds",
    arguments: ["", ",", "x", "0", "-1", "1,2", "1,2,3", "8MB", "1KiB,1", "1,0KiB", "9999999999GiB", "1,-1KiB", "+,"]
  )
  func noMailbox(text: String) {
    #expect(MailboxArgument(argument: text) == nil)
  }

  @Test("the last lines of a text are counted with the one that wants its newline")
  func lastLines() {
    func last(_ count: Int, _ text: String) -> String {
      String(decoding: LogsCommand.lastLines(count, of: Array(text.utf8)), as: UTF8.self)
    }
    #expect(last(1, "a\nb\nc\n") == "c\n")
    #expect(last(2, "a\nb\nc") == "b\nc")
    #expect(last(9, "a\nb\n") == "a\nb\n")
    #expect(last(0, "a\n") == "")
    #expect(last(1, "") == "")
  }
}
