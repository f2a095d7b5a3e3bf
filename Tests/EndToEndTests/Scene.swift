import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

/// A daemon process and a connection to it.
final class Scene: Sendable {
  let daemon: DaemonProcess
  let loop: EventLoop
  let client: Supervisor
  let keeper: Int32
  /// In the environment of every program that is started through `start`.
  let processes = MarkedProcesses()

  private init(_ daemon: DaemonProcess) async throws {
    self.daemon = daemon
    loop = try EventLoop.start()
    client = try await Supervisor.connect(to: daemon.socketPath, clientName: "tests", on: loop)
    keeper = try daemon.keeper
  }

  /// Plays a scene, after which neither daemon nor program is left.
  static func play(with daemon: DaemonProcess, _ body: (Scene) async throws -> Void) async throws {
    defer { daemon.endIfRunning() }
    let scene = try await Scene(daemon)
    defer { scene.loop.stop() }
    try await body(scene)
    await scene.client.close()
    #expect(!daemon.process.isRunning || daemon.end(SIGKILL) == SIGKILL)
    #expect(await eventually { scene.processes.all.isEmpty })
  }

  /// Plays a scene on a rung, or skips the test where the machine has not that rung.
  static func play(on rung: Rung, _ body: (Scene) async throws -> Void) async throws {
    let daemon: DaemonProcess
    do {
      daemon = try DaemonProcess(containment: rung.rawValue)
    } catch {
      try Test.cancel("this machine has not the rung \(rung)")
    }
    try await play(with: daemon, body)
  }

  /// Another connection to the daemon.
  func connect(as authority: CustodianPath? = nil) async throws -> Supervisor {
    try await Supervisor.connect(to: daemon.socketPath, clientName: "tests", as: authority, on: loop)
  }

  /// What starts a program of this package, or one that is found in PATH.
  func spawn(
    _ words: String...,
    name: String? = nil,
    in custodian: CustodianPath? = .main,
    channel: ChannelMode = .none,
    limits: ResourceLimits = ResourceLimits()
  ) throws -> Spawn {
    let isOurs = words[0].hasPrefix("heddle-")
    let program = isOurs ? Command.binDirectory.appending(path: words[0]).path : words[0]
    return Spawn(
      name: try name.map { try EntityName($0) },
      in: custodian,
      argv: ([program] + words.dropFirst()).map { Array($0.utf8) },
      environment: [processes.mark, "PATH=/usr/bin:/bin"].map { Array($0.utf8) },
      cwd: Array("/".utf8),
      channel: channel,
      limits: limits
    )
  }

  /// How many descriptors the daemon has open.
  var daemonDescriptors: Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon.process.processIdentifier)/fd").count) ?? 0
  }

  /// The zombies among the children of daemon, keeper and wardens.
  var zombies: [Int32] {
    let stats = MarkedProcesses.pids.compactMap { pid in ProcStat(pid).map { (pid, $0) } }
    let wardens = stats.filter { $0.1.parent == keeper }.map(\.0)
    let parents = Set([daemon.process.processIdentifier, keeper] + wardens)
    return stats.filter { $0.1.isZombie && parents.contains($0.1.parent) }.map(\.0)
  }
}
