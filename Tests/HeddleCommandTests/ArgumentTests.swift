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
