internal import Foundation
internal import HeddleClient
internal import HeddleLoop

/// What the traces that are replayed against a supervisor have in common: a daemon of their own, a connection to it, and a
/// door for the agents.
final class SupervisorStage: Sendable {
  let supervisor: Supervisor
  let door: AgentDoor
  private let daemon: DaemonProgram
  private let loop: EventLoop

  /// Calls `body` with a stage whose daemon has started, and ends that with all that it had.
  static func with<Result>(_ body: (SupervisorStage) async throws -> Result) async throws -> Result {
    // Short, since a socket's path has no more than 107 bytes.
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "heddle-replay-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(at: directory) }
    let stage = try await SupervisorStage(in: directory)
    let result: Result
    do { result = try await body(stage) } catch {
      try await stage.end()
      throw error
    }
    try await stage.end()
    return result
  }

  /// - Parameter directory: where the sockets go.
  private init(in directory: URL) async throws {
    let socketPath = directory.appending(path: "daemon").path
    daemon = try await DaemonProgram(at: socketPath)
    loop = try EventLoop.start()
    door = AgentDoor(at: directory.appending(path: "agents").path, on: loop)
    try await door.open()
    supervisor = try await Supervisor.connect(to: socketPath, clientName: "heddle-replay", on: loop)
  }

  private func end() async throws {
    await supervisor.close()
    await door.close()
    try await daemon.end()
    loop.stop()
  }
}
