import Foundation
import TestPrograms
import Testing

/// The recorded traces, with each thread a process below a real daemon.
@Suite("heddle-replay, against a supervisor", .timeLimit(.minutes(5)))
struct ReplayTests {
  private static let traces = Command.packageDirectory.appending(path: "Tests/HeddleModelTests/Resources/traces")
  private static let processes = Command.packageDirectory.appending(path: "Tests/EndToEndTests/Traces/processes.jsonl")

  /// Runs `heddle-replay`, and makes sure that it leaves nothing where it kept its sockets.
  private func replay(against implementation: String = "supervisor", _ paths: [String]) async throws -> Command {
    let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    let run = try await Command.run(
      Command.binDirectory.appending(path: "heddle-replay"),
      ["--against", implementation] + paths,
      environment: ["TMPDIR": directory.path]
    )
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    try FileManager.default.removeItem(at: directory)
    return run
  }

  @Test("every line of the recorded traces agrees", arguments: [1...10, 11...20])
  func agrees(_ numbers: ClosedRange<Int>) async throws {
    let paths = numbers.map { Self.traces.appending(path: String(format: "trace-%03d.jsonl", $0)).path }
    let run = try await replay(paths)
    #expect(run.output == paths.map { "\($0): ok 200 operations\n" }.joined())
    #expect(run.errors == "")
    #expect(run.status == 0)
  }

  @Test(
    "what the recorded traces leave out agrees, too: choices of events, nested processes, managers and members",
    arguments: ["core", "local", "supervisor"]
  )
  func beyond(_ implementation: String) async throws {
    let run = try await replay(against: implementation, [Self.processes.path])
    #expect(run.output == "\(Self.processes.path): ok 41 operations\n")
    #expect(run.status == 0)
  }

  @Test("a line that differs is shown, and the next trace is replayed all the same")
  func differs() async throws {
    let lines = """
      {"i":0,"op":"thread","id":"t1","cust":"root","s2k":false,"result":"void","events":[],"states":{"t1":"running"},"down":[]}
      {"i":1,"op":"cmd","t":"t1","cmd":["raise"],"result":"queued","events":[],"states":{"t1":"running"},"down":[]}
      """
    let path = URL(filePath: "/tmp/heddle-\(UUID().uuidString).jsonl")
    try lines.write(to: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: path) }
    let run = try await replay([path.path, Self.processes.path])
    let difference = """
      \(path.path):2: differs
        operation  {"op":"cmd","t":"t1","cmd":["raise"]}
        states: expected  {"t1":"running"}
        states: observed  {"t1":"dead"}
      \(Self.processes.path): ok 41 operations

      """
    #expect(run.output == difference)
    #expect(run.status == 1)
  }

  @Test("what needs one process is refused by name")
  func meaningless() async throws {
    let line = #"{"i":0,"op":"channel","id":"h1","result":"void","events":[],"states":{},"down":[]}"#
    let path = URL(filePath: "/tmp/heddle-\(UUID().uuidString).jsonl")
    try line.write(to: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: path) }
    let run = try await replay([path.path])
    #expect(run.errors == "\(path.path):1: not a trace: channel has no meaning on a supervisor\n")
    #expect(run.status == 2)
  }
}
