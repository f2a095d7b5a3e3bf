internal import Glibc
internal import HeddleClient
internal import HeddleLoop

/// The start of a daemon where one is needed and none is there.
struct Autostart {
  let socket: SocketPath
  /// Whether it is not told of.
  let isQuiet: Bool

  /// Such a daemon leaves when nobody has used it for so long.
  static let patience = Duration.seconds(600)

  /// Connects, to a daemon that is started first if there is none.
  func connect(_ connect: () async throws -> Supervisor) async throws -> Supervisor {
    do { return try await connect() } catch let error as ClientError where Self.isNobodyThere(error) {}
    try DetachedDaemon.requireAbsolute(socket)
    try DetachedDaemon.makeDirectory(of: socket.text)
    try socket.checkDirectory()
    let lock = try StartLock(at: socket)
    defer { lock.release() }
    // Whoever had the lock before has started one.
    do { return try await connect() } catch let error as ClientError where Self.isNobodyThere(error) {}
    let failure = start()
    do { return try await connect() } catch { throw failure ?? error }
  }

  /// - Returns: why it did not start. There may be another one all the same, which somebody has started by hand just now.
  private func start() -> Failure? {
    let daemon = DetachedDaemon(socket: socket, leaveAfter: Self.patience)
    do throws(Failure) {
      let pid = try daemon.start()
      if !isQuiet {
        Output.complain("started a daemon: process \(pid) at \(socket.text), with its log in \(daemon.logPath)")
      }
      return nil
    } catch {
      return error
    }
  }

  /// Whether no daemon lets clients in there; one that is about to leave closes connections that it has not looked at.
  static func isNobodyThere(_ error: ClientError) -> Bool {
    switch error.cause {
    case .connectFailed(_, let error): [ENOENT, ECONNREFUSED, ECONNRESET, EPIPE].contains(error.code)
    case .connectionLost: true
    case .handshake, .protocolBroken, .nested, .refused: false
    }
  }
}

/// The right to start a daemon at a socket: flock(2) on a file beside it.
private struct StartLock {
  private let descriptor: Int32

  /// Waits until nobody else has it.
  init(at socket: SocketPath) throws(Failure) {
    let path = "\(socket.text).start"
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw Failure(.unreachable, "cannot start a daemon: cannot open \(path): \(SystemError.text(errno))")
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno != EINTR else { continue }
      let reason = SystemError.text(errno)
      close(descriptor)
      throw Failure(.unreachable, "cannot start a daemon: cannot lock \(path): \(reason)")
    }
  }

  func release() { close(descriptor) }
}
