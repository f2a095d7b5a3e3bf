import Glibc
import HeddleServer
import HeddleThreads

/// The server that the figures of `serve` are of: each line comes back, and a connection has ten minutes.
enum EchoServer {
  /// Prints the port when clients can connect, and serves until the program is ended.
  ///
  /// - Parameter port: 0 is one of the system's choice.
  static func hold(at port: Int) async -> Never {
    await LocalThread.runMain {
      try await run(port: port) { port in
        print(port)
        fflush(nil)
      }
    }
  }

  private static func run(port: Int, onListening: @escaping @Sendable (Int) -> Void) async throws -> Never {
    try await runServer(
      port: max(port, 1),
      connectionTimeout: .seconds(600),
      listen: { _, _, _ in
        // A thousand clients connect at the same time; the page's backlog of 5 would have most of them try again.
        let listener = try await Listener(port: port, host: "127.0.0.1", backlog: 4_096)
        onListening(listener.port ?? 0)
        return listener
      },
      connection: { input, output in
        while var line = try await input.readLine() {
          line.append(UInt8(ascii: "\n"))
          try await output.write(line)
        }
      }
    )
  }
}
