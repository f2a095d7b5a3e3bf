import Glibc
import HeddleClient
import HeddleLoop
import HeddleWire

/// `heddle serve`, which has a process for each connection, under clients that connect for each line. Its limit is tcpserver
/// (Debian's ucspi-tcp), with the same program, if it is in PATH: it contains nothing.
struct ProgramServeBenchmarks {
  /// How long each run goes on, in nanoseconds.
  private static let length: UInt64 = 1_000_000_000
  private static let connectionsMax = 256
  private static let backlog = 4_096

  let runs: Int
  /// How the daemon holds trees of processes.
  let containment: String
  let report: (Figure) -> Void

  func run() async throws {
    let daemon = try BenchDaemon.start(containment: containment)
    defer { daemon.end() }
    let loop = try EventLoop.start()
    defer { loop.stop() }
    let supervisor = try await daemon.connect(on: loop)
    let port = try await serve(over: supervisor)
    let other = try BenchServer.startTCPServer(Self.echo(), connectionsMax: Self.connectionsMax, backlog: Self.backlog)
    defer { other?.end() }
    for clients in [1, 64, 1_000] { try await measure(clients, port, other?.port) }
    await supervisor.close()
  }

  /// - Returns: the port.
  private func serve(over supervisor: Supervisor) async throws -> UInt16 {
    let spawn = Spawn(argv: [Array(try Self.echo().utf8)], cwd: Array("/".utf8))
    var serve = Serve(spawn, at: .internet(host: "127.0.0.1", port: 0))
    (serve.connectionsMax, serve.backlog) = (Self.connectionsMax, Self.backlog)
    let server = try await supervisor.serve(serve)
    guard case .internet(_, let port)? = server.server?.address else {
      throw BenchError(what: "find the port of a server", errno: 0)
    }
    return port
  }

  private func measure(_ clients: Int, _ port: UInt16, _ otherPort: UInt16?) async throws {
    let figure = try await Figure("serve.program.\(clients)", unit: .connectionsPerSecond, runs: runs) {
      try otherPort.map { try Self.connections(clients, $0) }
    } measure: {
      try Self.connections(clients, port)
    }
    report(figure)
  }

  /// How many connections have their line echoed in a second.
  private static func connections(_ clients: Int, _ port: UInt16) throws -> Double {
    var load = try LoadGenerator(.new, clients: clients, port: port)
    let lines = try load.run(for: length)
    load.end()
    return lines
  }

  /// `example-echo`, beside this program.
  private static func echo() throws -> String {
    let path = try BenchDaemon.ownPath()
    return path[..<(path.lastIndex(of: "/") ?? path.endIndex)] + "/example-echo"
  }
}
