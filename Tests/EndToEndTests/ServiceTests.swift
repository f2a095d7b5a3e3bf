import Foundation
import TestPrograms
import Testing

@Suite("a daemon as a service", .serialized, .timeLimit(.minutes(1)))
final class ServiceTests: Sendable {
  private let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
  private var socketPath: String { directory.appending(path: "s.sock").path }

  init() throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: directory.path)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// A daemon, which has `socket` as descriptor 3 if it is given.
  private func daemon(environment: [String: String], handing socket: UnixSocket? = nil) throws -> StartedProgram {
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let script =
      socket == nil
      ? "exec \"$0\" daemon"
      : "LISTEN_PID=${PID:-$$} LISTEN_FDNAMES=heddle.socket exec \"$0\" daemon"
    return try StartedProgram(
      "/bin/sh",
      ["-c", script, heddle],
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      third: socket?.descriptor
    )
  }

  private func end(_ process: StartedProgram) throws -> Int32 {
    process.signal(SIGTERM)
    return try process.wait().number
  }

  @Test("who wants to be told is told when clients are let in, and when it ends", arguments: [false, true])
  func notifications(isAbstract: Bool) async throws {
    let path = directory.appending(path: "notify").path
    let name = isAbstract ? "@heddle-\(UUID().uuidString)" : path
    let manager = try UnixSocket(SOCK_DGRAM, at: name)
    let process = try daemon(environment: ["HEDDLE_SOCKET": socketPath, "NOTIFY_SOCKET": name])
    #expect(manager.receive() == "READY=1\nSTATUS=listening on \(socketPath)")
    #expect(try await Command.heddle("ps", at: socketPath).status == 0)
    // What it was told is not for those that it starts.
    let children = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
    let keeper = try #require(try String(contentsOfFile: children, encoding: .utf8).split(separator: " ").first)
    let environment = String(decoding: FileBytes.beginning(of: "/proc/\(keeper)/environ", count: 65_536), as: UTF8.self)
    #expect(!environment.contains("NOTIFY_SOCKET") && environment.contains("HEDDLE_SOCKET"))
    #expect(try end(process) == 0)
    #expect(manager.receive() == "STOPPING=1\nSTATUS=ending its threads")
  }

  @Test("it listens at the socket that was bound for it, answers who came before it, and leaves the socket there")
  func activation() async throws {
    let listener = try UnixSocket(SOCK_STREAM, at: socketPath)
    async let early = Command.heddle("run", "-d", "--name", "early", "--", "sleep", "1000", at: socketPath)
    let process = try daemon(environment: ["HEDDLE_SOCKET": socketPath, "LISTEN_FDS": "1"], handing: listener)
    #expect(try await early.status == 0)
    let status = try await Command.heddle("daemon", "status", at: socketPath)
    #expect(status.output.contains("daemon       \(process.processIdentifier),"))
    #expect(try end(process) == 0)
    #expect(FileManager.default.fileExists(atPath: socketPath))
  }

  @Test("a socket that is another's, or is not at its place, is not used")
  func otherSockets() async throws {
    let elsewhere = directory.appending(path: "other.sock").path
    let listener = try UnixSocket(SOCK_STREAM, at: elsewhere)
    let process = try daemon(
      environment: ["HEDDLE_SOCKET": socketPath, "LISTEN_FDS": "1"],
      handing: listener
    )
    let ending = try process.waitForAll()
    let said = process.errors.text
    #expect(ending == .exited(1) && said.contains("it is at \(elsewhere)"), "\(said)")

    let other = try daemon(
      environment: ["HEDDLE_SOCKET": socketPath, "LISTEN_FDS": "1", "PID": "1"],
      handing: listener
    )
    try other.awaitError("listening on")
    #expect(try await Command.heddle("ps", at: socketPath).status == 0)
    #expect(try end(other) == 0)
    #expect(!FileManager.default.fileExists(atPath: socketPath))
  }
}

/// A bound Unix socket; a name with an `@` in front is abstract. Streams are listened on.
private final class UnixSocket {
  let descriptor: Int32

  init(_ kind: __socket_type, at name: String) throws {
    descriptor = socket(AF_UNIX, Int32(kind.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
      unsafe path.copyBytes(from: name.utf8)
      if name.hasPrefix("@") { unsafe path[0] = 0 }
    }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    let status = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
    }
    try #require(status == 0, "bind \(name): errno \(errno)")
    if kind == SOCK_STREAM { try #require(listen(descriptor, 8) == 0) }
  }

  deinit { close(descriptor) }

  /// The next datagram; waits for it, for at most 30 seconds. Empty if none comes.
  func receive() -> String {
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
