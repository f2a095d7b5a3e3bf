internal import ArgumentParser
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// Which daemon.
struct SocketOption: ParsableArguments {
  @Option(help: ArgumentHelp("The daemon's socket.", valueName: "path"), completion: .file())
  var socket: String?

  /// The socket's path.
  var path: String { location.text }

  var location: SocketPath { SocketPath(flag: socket) }

  /// Calls `body` with a connection to the daemon, which is closed afterwards.
  ///
  /// - Parameter autostart: starts a daemon if there is none; nil fails then.
  /// - Throws: a `Failure`, also for what `body` throws as a `ClientError`.
  func withSupervisor(
    _ autostart: Autostart? = nil,
    _ body: (Supervisor) async throws -> Void
  ) async throws {
    let path = location
    try path.checkDirectory()
    do {
      let loop = try EventLoop.start()
      defer { loop.stop() }
      let own = try Self.ownCustodian()
      let connect = {
        try await Supervisor.connect(
          to: path.text,
          clientName: "heddle",
          clientVersion: Version.text,
          as: own,
          on: loop
        )
      }
      let supervisor = if let autostart { try await autostart.connect(connect) } else { try await connect() }
      do {
        try await body(supervisor)
        await supervisor.close()
      } catch {
        await supervisor.close()
        throw error
      }
    } catch let error as ClientError {
      throw Failure(error, at: path)
    } catch let error as LoopError {
      throw Failure(.failed, error.description)
    }
  }

  /// The custodian of the thread that this process belongs to, whose authority all requests have; nil outside of threads.
  static func ownCustodian() throws(Failure) -> CustodianPath? {
    guard let text = Environment.value("HEDDLE_CUSTODIAN") else { return nil }
    do throws(CustodianPathError) { return try CustodianPath(parsing: text) } catch {
      throw Failure(.usage, "cannot use $HEDDLE_CUSTODIAN, \(text): \(error)")
    }
  }
}

extension SocketPath {
  /// Makes sure that whoever listens at a default path is this user.
  ///
  /// - Throws: why the directory can't be trusted.
  func checkDirectory() throws(Failure) {
    guard let reason = distrust else { return }
    throw Failure(
      .permission,
      "cannot use directory \(directory): \(reason); remove it, or name a socket with --socket"
    )
  }
}
