internal import Foundation
internal import HeddleClient
internal import HeddleLoop

/// What the traces that are replayed against a supervisor have in common: a daemon of their own, a connection to it, and a
/// door for the agents.
final class SupervisorStage: Sendable {
  let supervisor: Supervisor
  let door: AgentDoor
  private let daemon: DaemonProgram
  private let directory: URL
  private let loop: EventLoop

  /// Starts a daemon in a new directory.
  private init() async throws {
    // Short, since a socket's path has no more than 107 bytes.
    directory = FileManager.default.temporaryDirectory.appending(path: "heddle-replay-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    let socketPath = directory.appending(path: "daemon").path
    daemon = try await DaemonProgram(at: socketPath)
    loop = try EventLoop.start()
    door = AgentDoor(at: directory.appending(path: "agents").path, on: loop)
    try await door.open()
    supervisor = try await Supervisor.connect(to: socketPath, clientName: "heddle-replay", on: loop)
  }

  /// Calls `body` with a stage, and ends it.
  static func with<Result>(_ body: (SupervisorStage) async throws -> Result) async throws -> Result {
    let stage = try await SupervisorStage()
    let result: Result
    do { result = try await body(stage) } catch {
      try await stage.end()
      throw error
    }
    try await stage.end()
    return result
  }

  /// Ends the daemon, and all that it had.
  private func end() async throws {
    await supervisor.close()
    await door.close()
    try await daemon.end()
    loop.stop()
    try FileManager.default.removeItem(at: directory)
  }
}
