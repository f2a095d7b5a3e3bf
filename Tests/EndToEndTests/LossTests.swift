import Foundation
import TestPrograms
import Testing

/// The ways in which process trees are held together; what this machine has not is skipped, by name.
enum Rung: String, CaseIterable, Sendable {
  case cgroup
  case pidns
  case subreaper
}

/// Which process is killed.
enum Loss: String, CaseIterable, Sendable {
  case daemon
  case keeper
}

@Suite("what is lost takes every process with it", .serialized, .timeLimit(.minutes(1)))
struct LossTests {
  @Test("SIGKILL to the daemon, or to its keeper, leaves no process", arguments: Rung.allCases, Loss.allCases)
  func killed(rung: Rung, loss: Loss) async throws {
    let daemon = try await daemon(on: rung)
    let trees = try await Trees(at: daemon.socketPath)
    #expect(trees.processes.count >= 6)
    switch loss {
    case .daemon: #expect(daemon.end(SIGKILL) == SIGKILL)
    case .keeper:
      kill(try daemon.keeper, SIGKILL)
      #expect(try daemon.process.wait() == .exited(1))
      // A daemon whose threads are in cgroups has ended them itself when it leaves.
      if rung == .cgroup { #expect(trees.processes == []) }
    }
    trees.awaitEnd()
  }

  @Test("SIGTERM to the daemon ends all trees before it leaves", arguments: Rung.allCases)
  func terminated(rung: Rung) async throws {
    let daemon = try await daemon(on: rung)
    let trees = try await Trees(at: daemon.socketPath)
    #expect(daemon.end(SIGTERM) == 0)
    #expect(trees.processes == [])
  }

  @Test("what a daemon and a keeper that were killed at once leave in cgroups is ended before the next one listens")
  func succeeded() async throws {
    let first = try await daemon(on: .cgroup)
    let trees = try await Trees(at: first.socketPath)
    // Stopped, the keeper can do nothing about the daemon's end.
    let keeper = try first.keeper
    kill(keeper, SIGSTOP)
    first.process.signal(SIGKILL)
    try first.process.wait()
    kill(keeper, SIGKILL)
    #expect(!trees.processes.isEmpty)
    let second = try DaemonProcess(containment: "cgroup", in: first.directory)
    #expect(trees.processes == [])
    #expect(second.end(SIGTERM) == 0)
  }

  @Test("a program is started with the limits that run is given")
  func limits() async throws {
    let daemon = try await daemon(on: .subreaper)
    let place = daemon.socketPath
    _ = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "bound",
      "--limit",
      "nofile=77",
      "--limit",
      "core=0",
      "--",
      "sh",
      "-c",
      "ulimit -n; ulimit -c",
      at: place
    )
    #expect(try await Command.heddle("wait", "bound", at: place).status == 0)
    #expect(try await Command.heddle("logs", "bound", at: place).output == "77\n0\n")
    #expect(try await Command.heddle("run", "-d", "--limit", "luck=1", "--", "true", at: place).status == 2)
    #expect(daemon.end(SIGTERM) == 0)
  }

  /// A daemon on `rung`, or the end of the test, which is skipped.
  private func daemon(on rung: Rung) async throws -> DaemonProcess {
    do {
      return try DaemonProcess(containment: rung.rawValue)
    } catch {
      try Test.cancel("this machine has not the rung \(rung)")
    }
  }
}

/// Three threads with trees of processes of two sessions each.
private struct Trees {
  /// A sleep of this many seconds is ours.
  let nap = "\(UInt32.random(in: 100_000...UInt32.max))"

  init(at place: String) async throws {
    for _ in 1...3 {
      let script = "setsid sleep \(nap) & exec sleep \(nap)"
      _ = try await Command.heddle("run", "-d", "--", "sh", "-c", script, at: place)
    }
    while processes.count < 6 {}
  }

  /// Those that sleep for our time; zombies don't.
  var processes: [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { pid in
      guard let file = FileHandle(forReadingAtPath: "/proc/\(pid)/cmdline") else { return false }
      defer { try? file.close() }
      return (try? file.readToEnd())?.split(separator: 0).map { String(decoding: $0, as: UTF8.self) } == ["sleep", nap]
    }
  }

  /// Waits for the end of the last; the suite's limit of time is what ends the wait otherwise.
  func awaitEnd() { while !processes.isEmpty {} }
}
