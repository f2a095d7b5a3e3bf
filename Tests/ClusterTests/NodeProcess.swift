import Foundation
import Glibc
import TestPrograms

/// A `heddle daemon` that lets clients in.
final class NodeProcess: Sendable {
  private let process: StartedProgram

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let path = "\(Command.binDirectory.path):/usr/bin:/bin"
    process = try StartedProgram(
      Command.binDirectory.appending(path: "heddle").path,
      arguments,
      environment: ProcessInfo.processInfo.environment.merging(["PATH": path]) { $1 }.merging(environment) { $1 }
    )
    try process.awaitError("listening for links on")
  }

  /// What it has said so far.
  var log: String { process.errors.text }

  func kill() {
    process.signal(SIGKILL)
    _ = try? process.wait()
  }
}
