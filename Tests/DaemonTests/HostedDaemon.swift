import Daemon
import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import Synchronization

/// A daemon on a thread of this process, with a keeper and programs of its own, and a connection to it.
final class HostedDaemon: Sendable {
  let directory: URL
  let client: Supervisor
  /// In the environment of every program that is started through `start`.
  let mark = "MARK=\(UUID().uuidString)"
  private let loop: EventLoop
  private let ended: Task<Int32, any Error>
  private let said: Said

  /// What the daemon said in its own log.
  private final class Said: Sendable {
    let lines = Mutex<[String]>([])
  }

  /// What the daemon has said so far in its own log.
  var logLines: [String] { said.lines.withLock { $0 } }

  var socketPath: String { directory.appending(path: "s.sock").path }

  static var keeperPath: String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "heddle-keeper").path
  }

  static func configuration(
    at socketPath: String,
    stateDirectory: String? = nil,
    log: @escaping @Sendable (String) -> Void
  ) -> DaemonConfiguration {
    DaemonConfiguration(
      socketPath: socketPath,
      keeperPath: keeperPath,
      nodeName: "loom",
      version: "0",
      endSignals: [],
      stateDirectory: stateDirectory,
      log: log
    )
  }

  init(stateDirectory: String? = nil) async throws {
    let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
    self.directory = directory
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    let socketPath = directory.appending(path: "s.sock").path
    let (lines, telling) = AsyncStream<String>.makeStream()
    let said = Said()
    self.said = said
    let configuration = Self.configuration(at: socketPath, stateDirectory: stateDirectory) { line in
      said.lines.withLock { $0.append(line) }
      telling.yield(line)
    }
    ended = Task.detached { try await Self.serve(configuration) }
    for await line in lines where line.hasPrefix("listening") { break }
    loop = try EventLoop.start()
    client = try await Supervisor.connect(to: socketPath, clientName: "tests", on: loop)
  }

  /// On a thread that may block as long as the daemon lives.
  private static func serve(_ configuration: DaemonConfiguration) async throws -> Int32 {
    try await withCheckedThrowingContinuation { continuation in
      Foundation.Thread.detachNewThread { continuation.resume(with: Result { try Daemon.serve(configuration) }) }
    }
  }

  /// Starts `sh -c script`.
  func start(
    _ script: String,
    name: String? = nil,
    in custodian: CustodianPath = .main,
    channel: ChannelMode = .none
  ) async throws -> ThreadReference {
    let spawn = Spawn(
      name: try name.map { try EntityName($0) },
      in: custodian,
      argv: ["/bin/sh", "-c", script].map { Array($0.utf8) },
      environment: [mark, "PATH=/usr/bin:/bin"].map { Array($0.utf8) },
      cwd: Array("/".utf8),
      channel: channel
    )
    return .id(try await client.spawn(spawn).id)
  }

  /// Whether a process is stopped, or frozen with its cgroup, which shows as asleep.
  static func standsStill(_ pid: Int32) throws -> Bool {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    if stat.contains(") T ") { return true }
    let groups = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8).split(separator: "\n")
    let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
    guard let group = groups.first(where: { $0.hasPrefix("0::") })?.dropFirst(3),
      let mount = mounts.first(where: { $0.contains(" - cgroup2 ") })?.split(separator: " ")[4]
    else { return false }
    return try String(contentsOfFile: "\(mount)\(group)/cgroup.events", encoding: .utf8).contains("frozen 1")
  }

  /// The program's output as text, once the thread is dead.
  func output(of thread: ThreadReference) async throws -> String {
    _ = try await client.wait(for: thread)
    return String(decoding: try await client.logs(of: thread).text, as: UTF8.self)
  }

  /// The processes that were started through `start` and still are.
  var survivors: [Int] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap(Int.init).filter { pid in
      // Through a handle: the size of such a file is not known beforehand.
      guard let file = FileHandle(forReadingAtPath: "/proc/\(pid)/environ") else { return false }
      defer { try? file.close() }
      guard let bytes = try? file.readToEnd() else { return false }
      return bytes.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
    }
  }

  /// Shuts the root custodian down, and gives the status that the daemon would exit with.
  func end() async throws -> Int32 {
    _ = try await client.custodianShutdown(.root)
    let status = try await ended.value
    await client.close()
    loop.stop()
    try FileManager.default.removeItem(at: directory)
    return status
  }
}
