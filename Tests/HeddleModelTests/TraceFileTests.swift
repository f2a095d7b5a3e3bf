import Testing
import heddle_replay

@Suite("Files that are not traces")
struct TraceFileTests {
  private static let good =
    #"{"i":0,"op":"shutdown","c":"root","result":"void","events":[],"states":{},"down":["root"]}"#

  /// A line that is none, and a part of the reason that is given.
  struct Bad: Sendable {
    let line: String
    let reason: String
  }

  private static let bad = [
    Bad(line: "shutdown root", reason: "not a JSON object"),
    Bad(line: "", reason: "not a JSON object"),
    Bad(line: "[1]", reason: "found an array"),
    Bad(line: #"{"op":"channel","id":"h1"}"#, reason: "\"i\" is missing"),
    Bad(line: #"{"i":1}"#, reason: "\"op\" is missing"),
    Bad(line: #"{"i":1,"op":"explode"}"#, reason: "no operation \"explode\""),
    Bad(line: #"{"i":1,"op":"suspend","t":"t3"}"#, reason: "\"as\" is missing"),
    Bad(line: #"{"i":1,"op":"post","s":3}"#, reason: "under \"s\""),
    Bad(line: #"{"i":1,"op":"post","s":"t3"}"#, reason: "\"t3\" does not name a semaphore"),
    Bad(line: #"{"i":1,"op":"post","s":"s3","events":[],"states":{},"down":[]}"#, reason: "\"result\""),
    Bad(line: #"{"i":1,"op":"cmd","t":"t3","cmd":["dance"]}"#, reason: "no agent command \"dance\""),
    Bad(line: #"{"i":1,"op":"cmd","t":"t3","cmd":["exit",1]}"#, reason: "a list of 1 items"),
    Bad(line: #"{"i":1,"op":"cmd","t":"t3","cmd":["sync",["mial"]]}"#, reason: "no branch \"mial\""),
    Bad(
      line: #"{"i":1,"op":"cmd","t":"t3","cmd":["sync",[["nack","n1",["nack","n2","mail"]]]]}"#,
      reason: "a nack inside a nack"
    ),
    Bad(line: #"{"i":1,"op":"tick","ms":9223372036854775807}"#, reason: "is not between 0 and"),
    Bad(line: #"{"i":1,"op":"semaphore","id":"s1","count":-5}"#, reason: "-5 is not between 0 and"),
    Bad(line: #"{"i":1,"op":"cmd","t":"t3","cmd":["sync",[["alarm",-1]]]}"#, reason: "-1 is not between 0 and"),
    Bad(
      line: #"{"i":1,"op":"post","s":"s3","result":"perhaps","events":[],"states":{},"down":[]}"#,
      reason: "no result \"perhaps\""
    ),
    Bad(
      line: #"{"i":1,"op":"post","s":"s3","result":"void","events":[["t3","sings"]],"states":{},"down":[]}"#,
      reason: "no agent reports \"sings\""
    ),
    Bad(
      line: #"{"i":1,"op":"post","s":"s3","result":"void","events":[],"states":{"t3":"asleep"},"down":[]}"#,
      reason: "under \"states"
    ),
  ]

  @Test("a line that is no trace line is refused with file, line and reason", arguments: bad)
  func refused(bad: Bad) {
    do {
      _ = try TraceFile(text: TraceFileTests.good + "\n" + bad.line + "\n", path: "some.jsonl")
      Issue.record("accepted: \(bad.line)")
    } catch {
      #expect(error.path == "some.jsonl")
      #expect(error.line == 2)
      #expect(error.reason.contains(bad.reason), "\(error)")
    }
  }

  @Test("a file without lines is no trace")
  func empty() {
    #expect(throws: TraceFileError(path: "empty", line: nil, reason: "it holds no lines")) {
      try TraceFile(text: "", path: "empty")
    }
  }

  @Test("the newline at the end may be missing")
  func noNewline() throws {
    #expect(try TraceFile(text: TraceFileTests.good, path: "one").lines.count == 1)
  }

  @Test("a difference says which parts differ, and only those")
  func difference() async throws {
    let text = TraceFileTests.good.replacing(#""result":"void""#, with: #""result":"queued""#)
    var model = NaiveModel()
    let difference = try #require(try await replay(TraceFile(text: text, path: "one").lines, against: &model))
    let expected = """
        operation  {"op":"shutdown","c":"root"}
        result: expected  "queued"
        result: observed  "void"
      """
    #expect("\(difference)" == expected)
  }
}
