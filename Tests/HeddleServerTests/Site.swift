import HeddleServer
import HeddleThreads

/// A server in a thread of its own, for a story's clients.
struct Site: Sendable {
  /// What it is served over.
  enum Transport: String, CaseIterable, Sendable {
    case tcp
    case unix
    case fake
  }

  typealias Connection = @Sendable (InputPort, OutputPort) async throws -> Void
  typealias Ports = (input: InputPort, output: OutputPort)

  /// Calls `runServer`.
  let thread: LocalThread
  /// Current in that call.
  let custodian: Custodian
  let connect: @Sendable () async throws -> Ports
  let closings: Count
  /// What came out of the call.
  let outcome: Promise<any Error>

  /// Begins to serve; returns when clients can connect.
  static func serve(
    over transport: Transport = .tcp,
    timeout: Duration? = nil,
    breaks: BreakSetting = .enabled,
    onError: @escaping @Sendable (any Error) async -> Void = { _ in },
    _ connection: @escaping Connection
  ) async throws -> Site {
    switch transport {
    case .tcp:
      try await serve(timeout, breaks, onError, connection) { backlog, reuses in
        try await Listener(port: 0, host: "127.0.0.1", backlog: backlog, reusesAddress: reuses)
      }
    case .unix:
      try await serve(timeout, breaks, onError, connection) { backlog, _ in
        try await Listener(path: "/tmp/heddle-server-\(UInt32.random(in: 0 ... .max))", backlog: backlog)
      }
    case .fake: try await serveFake(timeout, breaks, onError, connection)
    }
  }

  private static func serve(
    _ timeout: Duration?,
    _ breaks: BreakSetting,
    _ onError: @escaping @Sendable (any Error) async -> Void,
    _ connection: @escaping Connection,
    listen: @escaping @Sendable (_ backlog: Int, _ reuses: Bool) async throws -> Listener
  ) async throws -> Site {
    let opened = Promise<Listener>()
    let closings = Count()
    return try await begin(closings, connect: { try await openConnection(to: sync(opened).address) }) {
      _ = try await LocalThread.withBreaks(breaks) { () async throws -> Void in
        try await runServer(
          port: 1,
          connectionTimeout: timeout,
          onError: onError,
          listen: { _, backlog, reuses in
            let listener = try await listen(backlog, reuses)
            opened.fulfill(listener)
            return listener
          },
          close: { listener in
            closings.increase()
            listener.close()
          },
          connection: connection
        )
      }
    }
  }

  private static func serveFake(
    _ timeout: Duration?,
    _ breaks: BreakSetting,
    _ onError: @escaping @Sendable (any Error) async -> Void,
    _ connection: @escaping Connection
  ) async throws -> Site {
    let fake = FakeListener()
    let closings = Count()
    return try await begin(closings, connect: { try await fake.connect() }) {
      _ = try await LocalThread.withBreaks(breaks) { () async throws -> Void in
        try await runServer(
          port: 1,
          connectionTimeout: timeout,
          onError: onError,
          listen: { _, _, _ in fake },
          close: { _ in closings.increase() },
          accept: { try await $0.accept(enablingBreaks: false) },
          acceptEnablingBreaks: { try await $0.accept(enablingBreaks: true) },
          connection: connection
        )
      }
    }
  }

  private static func begin(
    _ closings: Count,
    connect: @escaping @Sendable () async throws -> Ports,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Site {
    let custodian = try await Custodian()
    let outcome = Promise<any Error>()
    let thread = try await Custodian.current.withValue(custodian) {
      try await LocalThread { do { try await body() } catch { outcome.fulfill(error) } }
    }
    return Site(thread: thread, custodian: custodian, connect: connect, closings: closings, outcome: outcome)
  }
}

/// A listener without a socket: a connection is a pair of pipes.
final class FakeListener: Sendable {
  private let arrivals = Channel<Site.Ports>()

  /// The client's side of a new connection, once it is accepted.
  func connect() async throws -> Site.Ports {
    let (there, back) = (try await openPipe(), try await openPipe())
    try await arrivals.put((there.input, back.output))
    return (back.input, there.output)
  }

  func accept(enablingBreaks: Bool) async throws -> (InputPort, OutputPort) {
    let (input, output) = try await sync(arrivals.getting, enablingBreaks: enablingBreaks)
    _ = try await Custodian.current.value.onShutdown {
      input.close()
      output.close()
    }
    return (input, output)
  }
}
