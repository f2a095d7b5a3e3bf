import Foundation
import HeddleClient
import HeddleModel
import HeddleThreads
import HeddleWire
import Testing

/// A thread, and what its program says line by line. Most are `heddle-test-agent`, which does what its steps say.
actor Agent {
  nonisolated let thread: RemoteThread
  private let output: RemoteStream
  private var unread: [UInt8] = []

  /// Listens to all that the thread's program has said and says.
  init(_ thread: RemoteThread) async throws {
    self.thread = thread
    output = try await thread.supervisor.attach(to: .log, of: .id(thread.id), from: 0)
  }

  /// The next line; nil when it is dead, and there is none.
  func line() async throws -> String? {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      guard let chunk = try await output.read() else { return nil }
      unread += chunk.bytes
    }
  }

  /// The lines up to its death.
  func lastLines() async throws -> [String] {
    var lines: [String] = []
    while let line = try await line() { lines.append(line) }
    return lines
  }
}

extension Supervisor {
  /// A worker that performs these steps, below `/main` unless it is said where.
  func agent(
    _ steps: String...,
    named name: String? = nil,
    in custodian: RemoteCustodian? = nil,
    suspendsOnKill: Bool = false
  ) async throws -> Agent {
    try await agent(steps, named: name, in: custodian, suspendsOnKill: suspendsOnKill)
  }

  /// As with steps one by one.
  func agent(
    _ steps: [String],
    named name: String? = nil,
    in custodian: RemoteCustodian? = nil,
    suspendsOnKill: Bool = false
  ) async throws -> Agent {
    var program = Program(command: [HostedDaemon.program("heddle-test-agent")] + steps, channel: .frames)
    program.name = name
    program.custodian = try custodian ?? self.custodian("/main")
    program.suspendsOnKill = suspendsOnKill
    return try await Agent(spawn(program))
  }

  /// A thread whose program is a script for `sh`.
  func shell(_ script: String, in custodian: RemoteCustodian? = nil) async throws -> Agent {
    var program = Program("/bin/sh", "-c", script)
    program.custodian = try custodian ?? self.custodian("/main")
    return try await Agent(spawn(program))
  }

  /// A thread that does nothing for long.
  func sleeper(
    named name: String? = nil,
    in custodian: RemoteCustodian? = nil,
    suspendsOnKill: Bool = false
  ) async throws -> RemoteThread {
    var program = Program("/bin/sleep", "1000")
    program.name = name
    program.custodian = try custodian ?? self.custodian("/main")
    program.suspendsOnKill = suspendsOnKill
    return try await spawn(program)
  }

  /// A custodian directly below `/main`.
  func custodian(named name: String) async throws -> RemoteCustodian {
    try await custodian("/main").makeCustodian(named: name)
  }
}

extension HostedDaemon {
  /// The path of a program of this package.
  static func program(_ name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }
}

/// Performs `attempt`, which a supervisor is to refuse for this reason.
func expectRefusal(
  _ code: ClientError.Code,
  at place: SourceLocation = #_sourceLocation,
  _ attempt: () async throws -> Void
) async {
  await #expect(sourceLocation: place) { try await attempt() } throws: { ($0 as? ClientError)?.code == code }
}
