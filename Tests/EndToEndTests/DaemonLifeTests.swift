import Foundation
import HeddleLoop
import TestPrograms
import Testing

@Suite("a daemon's life, from a shell", .serialized, .timeLimit(.minutes(2)))
final class DaemonLifeTests: Sendable {
  private let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
  private var socket: String { directory.appending(path: "s.sock").path }
  private var log: String { socket + ".log" }

  deinit {
    // For a test that failed; the daemon's socket is its own.
    let pid = try? String(contentsOfFile: socket + ".lock", encoding: .utf8).split(separator: "\n").first
    if FileManager.default.fileExists(atPath: socket), let pid = pid.flatMap({ Int32($0) }) { kill(pid, SIGKILL) }
    try? FileManager.default.removeItem(at: directory)
  }

  private func heddle(_ arguments: String..., environment: [String: String] = [:]) async throws -> Command {
    try await Command.run(
      Command.binDirectory.appending(path: "heddle"),
      arguments,
      environment: environment.merging(["HEDDLE_SOCKET": socket]) { $1 }
    )
  }

  private func pid() async throws -> Int32 {
    try #require(Int32(try await heddle("daemon", "status", "--pid").output.dropLast()))
  }

  /// Returns when a process is gone.
  private func end(of pid: Int32) async throws {
    let loop = try EventLoop.start()
    await ForeignProcess(pid)?.end(beside: loop)
    loop.stop()
  }

  // MARK: - In the background

  @Test("in the background it returns when clients are let in, and has a session, a log and a directory of its own")
  func detached() async throws {
    let start = try await heddle("daemon", "--detach")
    #expect(start.status == 0, "\(start.errors)")
    let pid = try await pid()
    #expect(start.output == "daemon \(pid)  listening on \(socket)  (log \(log))\n")
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("listening on \(socket)"))
    #expect(getsid(pid) == pid)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd") == "/")
    for (descriptor, target) in [("0", "/dev/null"), ("1", log), ("2", log), ("3", "/dev/null")] {
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(descriptor)") == target)
    }
    let status = try await heddle("daemon", "status")
    #expect(
      status.output.contains("\nlog          \(log)\n") && status.output.contains("\nleaves       when it is told to\n")
    )
    let json = try await heddle("daemon", "status", "--json").output
    #expect(json.hasPrefix(#"{"v":1,"pid":\#(pid),"#) && json.contains(#""socket":"\#(socket)""#))
    #expect(try await heddle("daemon", "status", "--pid", "--json").status == 2)
    #expect(try await heddle("daemon", "stop").status == 0)
  }

  @Test("a second daemon says who is there, in the background as well")
  func second() async throws {
    #expect(try await heddle("daemon", "--detach", "-q").output == "")
    let pid = try await pid()
    for arguments in [["daemon"], ["daemon", "--detach"]] {
      let second = try await Command.run(
        Command.binDirectory.appending(path: "heddle"),
        arguments,
        environment: ["HEDDLE_SOCKET": socket]
      )
      #expect(second.status == 1 && second.output == "")
      #expect(second.errors.contains("process \(pid) is the daemon there"), "\(second.errors)")
    }
    #expect(try await heddle("ps").status == 0)
    #expect(try await heddle("daemon", "stop").status == 0)
  }

  @Test("what keeps it from starting is told by whoever wanted it, and is in its log")
  func cannotStart() async throws {
    let start = try await heddle("daemon", "--detach", environment: ["HEDDLE_KEEPER": "/bin/false"])
    #expect(start.status == 1)
    #expect(start.errors.contains("the keeper is lost"), "\(start.errors)")
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("the keeper is lost"))
    #expect(try await heddle("daemon", "status").status == 6)
  }

  // MARK: - The end

  @Test("stop returns when the daemon is gone with all of its threads, and starts no argument about it")
  func stop() async throws {
    _ = try await heddle("daemon", "--detach")
    let pid = try await pid()
    let marked = MarkedProcesses()
    let deaf =
      "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done' & while :; do sleep 1; done"
    for _ in 0..<2 { _ = try await heddle("run", "-d", "--env", marked.mark, "--", "sh", "-c", deaf) }
    #expect(await eventually { marked.all.count >= 4 })
    let stop = try await heddle("daemon", "stop", "--grace", "300ms")
    #expect(stop.status == 0 && stop.output.hasPrefix("daemon \(pid)  gone  ("), "\(stop.errors)")
    #expect(stop.errors == "heddle: waiting for 2 threads, and killing what is left in 300ms\n")
    #expect(marked.all == [] && ProcStat(pid).map(\.isZombie) != false)
    #expect(!FileManager.default.fileExists(atPath: socket))
    #expect(try await heddle("daemon", "stop").status == 6)
  }

  @Test("threads that listen make the grace short, and the end is told in JSON")
  func politeStop() async throws {
    _ = try await heddle("daemon", "--detach")
    let pid = try await pid()
    _ = try await heddle("run", "-d", "--", "sleep", "1000")
    let stop = try await heddle("daemon", "stop", "--grace", "1h", "--json")
    #expect(stop.output.hasPrefix(#"{"v":1,"pid":\#(pid),"took_ns":"#) && stop.errors == "")
    #expect(try await heddle("daemon", "stop", "--grace", "soon").status == 2)
  }

  @Test("one that leaves when nobody has used it does so, and stays as long as it has a thread")
  func leaves() async throws {
    #expect(try await heddle("daemon", "--detach", "--leave-after", "300ms").status == 0)
    let pid = try await pid()
    _ = try await heddle("run", "-d", "--name", "keeps", "--", "sleep", "1000")
    #expect(try await heddle("sync", "--timeout", "600ms", "dead:keeps").status == 124)
    #expect(try await heddle("daemon", "status").output.contains("when nobody has used it for 300ms"))
    _ = try await heddle("kill", "keeps")
    try await end(of: pid)
    #expect(!FileManager.default.fileExists(atPath: socket))
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("nobody has used this daemon"))
  }

  // MARK: - Autostart

  @Test("run starts a daemon where there is none, says so, and the next one uses it; nothing else starts one")
  func autostart() async throws {
    #expect(try await heddle("ps").status == 6)
    let run = try await heddle("run", "--", "echo", "here")
    #expect(run.status == 0 && run.output == "here\n", "\(run.errors)")
    let pid = try await pid()
    #expect(run.errors == "heddle: started a daemon: process \(pid) at \(socket), with its log in \(log)\n")
    #expect(try await heddle("run", "--", "true").errors == "")
    #expect(try await heddle("daemon", "status").output.contains("when nobody has used it for 600s"))
    #expect(try await heddle("daemon", "stop").status == 0)
    let quiet = try await heddle("run", "-d", "-q", "--", "true")
    #expect(quiet.status == 0 && quiet.output == "" && quiet.errors == "")
    #expect(try await heddle("daemon", "stop").status == 0)
  }

  @Test("of several at once one starts the daemon, and all use it")
  func autostartAtOnce() async throws {
    let runs = try await withThrowingTaskGroup { group in
      for number in 0..<4 {
        group.addTask { try await self.heddle("run", "-d", "--name", "t\(number)", "--", "sleep", "99") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(runs.allSatisfy { $0.status == 0 }, "\(runs)")
    #expect(runs.count { $0.errors.contains("started a daemon") } == 1)
    #expect(try await heddle("ps").output.split(separator: "\n").count == 5)
    #expect(try await heddle("daemon", "stop").status == 0)
  }

  @Test("a socket that a dead daemon left is nobody's, and is replaced without a word")
  func staleSocket() async throws {
    _ = try await heddle("daemon", "--detach")
    let first = try await pid()
    kill(first, SIGKILL)
    try await end(of: first)
    #expect(FileManager.default.fileExists(atPath: socket))
    let run = try await heddle("run", "-q", "--", "true")
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
    #expect(try await pid() != first)
    #expect(try await heddle("daemon", "stop").status == 0)
  }

  @Test("where no daemon can be started a foreground run is 125, and says why")
  func autostartFails() async throws {
    let run = try await heddle("run", "--", "true", environment: ["HEDDLE_KEEPER": "/bin/false"])
    #expect(run.status == 125 && run.errors.contains("the keeper is lost"), "\(run.errors)")
    let nowhere = try await heddle("run", "-d", "--socket", "relative.sock", "--", "true")
    #expect(nowhere.status == 2 && nowhere.errors.contains("not absolute"), "\(nowhere.errors)")
  }
}
