import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

/// A `heddle daemon` process of its own, at a place of its own.
final class DaemonProcess: Sendable {
  let process: StartedProgram
  let directory: URL
  var socketPath: String { directory.appending(path: "s.sock").path }

  /// - Parameters:
  ///   - containment: the value of `--containment`.
  ///   - descriptors: the most that it may have open, the hard limit.
  ///   - state: the value of `--state`, if any.
  ///   - prefix: the words in front of its command line.
  ///   - directory: where its socket is, perhaps after another one.
  init(
    containment: String = "auto",
    descriptors: Int = 1_024,
    state: String? = nil,
    prefix: [String] = [],
    in directory: URL = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
  ) throws {
    self.directory = directory
    let command =
      prefix + [Command.binDirectory.appending(path: "heddle").path, "daemon", "--containment", containment]
      + ["--socket", directory.appending(path: "s.sock").path] + (state.map { ["--state", $0] } ?? [])
    process = try StartedProgram("/bin/sh", ["-c", "ulimit -n \(descriptors); exec \"$0\" \"$@\""] + command)
    try process.awaitError("listening on")
  }

  /// What the daemon has said so far.
  var log: String { process.errors.text }

  /// The keeper's pid.
  var keeper: Int32 {
    get throws {
      let path = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
      let children = try String(contentsOfFile: path, encoding: .utf8).split(separator: " ").compactMap { Int32($0) }
      return try #require(children.first, "the daemon has no keeper")
    }
  }

  /// Ends it if nobody has: for a test that fails.
  func endIfRunning() {
    if process.isRunning { _ = end(SIGKILL) } else { try? FileManager.default.removeItem(at: directory) }
  }

  /// Sends a signal, and gives the exit status, or the number of the signal that ended it. One that has no end is killed, and
  /// is an issue.
  func end(_ signal: Int32) -> Int32 {
    process.signal(signal)
    defer { try? FileManager.default.removeItem(at: directory) }
    do {
      return try process.wait().number
    } catch {
      Issue.record(error)
      return SIGKILL
    }
  }
}

extension Supervisor {
  /// Starts `sh -c script`.
  func start(_ script: String) async throws -> ThreadReference {
    let words = ["/bin/sh", "-c", script].map { Array($0.utf8) }
    let spawn = Spawn(argv: words, environment: [Array("PATH=/usr/bin:/bin".utf8)], cwd: Array("/".utf8))
    return .id(try await self.spawn(spawn).id)
  }
}
