import ArgumentParser
import HeddleClient
import HeddleWire
import Testing

@testable import heddle

@Suite("a program's surroundings, as arguments and files name them")
struct EnvironmentTests {
  private func parsed(_ line: String) -> [String?]? {
    guard let (key, value) = try? EnvironmentFile.parse(Array(line.utf8)[...]) else { return nil }
    return [String(decoding: key, as: UTF8.self), value.map { String(decoding: $0, as: UTF8.self) }]
  }

  private func fault(_ line: String) -> EnvironmentFile.Fault? {
    do throws(EnvironmentFile.Fault) {
      _ = try EnvironmentFile.parse(Array(line.utf8)[...])
      return nil
    } catch { return error }
  }

  @Test(
    "a line of a file is a variable",
    arguments: [
      ("A=b", "A", "b"), ("  export A = b c  ", "", ""), ("A=", "A", ""), ("A= b c \t\r", "A", "b c"),
      ("A=b#c", "A", "b#c"), ("A=b #c", "A", "b"), ("A=#c", "A", ""), ("A=b=c", "A", "b=c"),
      ("export _a1=x", "_a1", "x"), ("A='b #c\\n'", "A", "b #c\\n"), ("A='b' # c", "A", "b"),
      ("A=\"b\\n\\t\\\"\\$x\\\\ #c\"", "A", "b\n\t\"$x\\ #c"), ("A=\"\\q\"", "A", "\\q"), ("A=$B", "A", "$B"),
    ]
  )
  func lines(line: String, key: String, value: String) {
    guard !key.isEmpty else { return #expect(fault(line) == .key) }
    #expect(parsed(line) == [key, value])
  }

  @Test("a name alone is the caller's variable; blank lines and comments are nothing")
  func others() {
    #expect(parsed("A") == ["A", nil])
    for line in ["", "  ", "# A=b", "  #", "\r"] {
      #expect(parsed(line) == nil && fault(line) == nil, "\(line)")
    }
  }

  @Test("what is no variable is told by its kind")
  func faults() {
    for line in ["=b", "1A=b", "A b", "A-B=c", "export =b"] { #expect(fault(line) == .key, "\(line)") }
    for line in ["A='b", "A=\"b", "A=\"b\\\""] { #expect(fault(line) == .open, "\(line)") }
    for line in ["A='b'c", "A=\"b\" c"] { #expect(fault(line) == .rest, "\(line)") }
    #expect(fault("A=b\u{0}c") == .zero)
  }

  @Test("a variable that is set again keeps its place, and one whose name only begins so is another")
  func variables() {
    var variables = Variables(["AB=1", "A=2"].map { Array($0.utf8) })
    variables.set(Array("A".utf8), to: Array("3".utf8))
    variables.set(Array("C".utf8), to: Array("4".utf8))
    #expect(variables.all.map { String(decoding: $0, as: UTF8.self) } == ["AB=1", "A=3", "C=4"])
  }

  @Test("--env takes KEY=VALUE")
  func arguments() {
    #expect(VariableArgument(argument: "A=b=c")?.value == Array("b=c".utf8))
    #expect(VariableArgument(argument: "A=")?.value == [])
    for wrong in ["", "A", "=b"] {
      #expect(VariableArgument(argument: wrong) == nil, "\(wrong)")
      #expect(throws: ValidationError.self) { try VariableArgument.parse(wrong) }
    }
  }

  @Test("--limit takes several, and units of sizes")
  func limits() throws {
    var limits = ResourceLimits()
    try LimitsArgument.parse("nofile=64,as=2GiB,core=1KiB").apply(to: &limits)
    try LimitsArgument.parse("cpu=unlimited").apply(to: &limits)
    #expect(limits.all == [64, nil, 2 << 30, .max, 1 << 10])
    for wrong in [
      "", ",", "nofile", "nofile=", "nofile=1KiB", "as=1kb", "as=GiB", "as=99999999999GiB", "memory=1", "cpu=-1",
      "nofile=1,,as=2", "as=1=2",
    ] {
      let error = #expect(throws: ValidationError.self, "\(wrong)") { try LimitsArgument.parse(wrong) }
      #expect(error?.message.hasSuffix(", as in nofile=256,as=2GiB.") == true)
    }
  }

  @Test("the log of a daemon in the background is where the state is, else beside a socket that was named")
  func logPath() {
    func path(_ isDefault: Bool, state: String? = nil, _ variables: [String: String]) -> String {
      let socket = SocketPath(text: "/run/x/default.sock", isDefault: isDefault)
      return DetachedDaemon.logPath(at: socket, state: state) { variables[$0] }
    }
    #expect(path(true, ["HOME": "/h"]) == "/h/.local/state/heddle/daemon.log")
    #expect(path(true, ["HOME": "/h", "XDG_STATE_HOME": "/s"]) == "/s/heddle/daemon.log")
    #expect(path(false, ["HOME": "/h"]) == "/run/x/default.sock.log")
    #expect(path(false, ["HEDDLE_STATE_DIR": "/v"]) == "/v/daemon.log")
    #expect(path(false, state: "/d", ["HEDDLE_STATE_DIR": "/v"]) == "/d/daemon.log")
    #expect(path(true, [:]) == "/run/x/default.sock.log")
  }

  @Test("a moment in a log is to the second, in UTC")
  func timestamp() { #expect(Timestamp.text(of: 86_400 * 365 + 3_661) == "1971-01-01T01:01:01Z") }
}
