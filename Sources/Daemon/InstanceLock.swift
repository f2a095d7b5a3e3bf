internal import Glibc

/// The claim to be the one daemon of a socket, for as long as this process lives: flock(2) on a file beside the socket.
///
/// A socket file whose lock is free is what a dead daemon left; whoever gets the lock may remove it.
struct InstanceLock: ~Copyable {
  private let lock: FileLock

  /// Makes the socket's directory if need be, checks that it is ours alone, takes the lock, and removes the socket that a
  /// dead daemon left.
  ///
  /// - Parameters:
  ///   - keepsSocket: the socket is another program's, which has bound it for us.
  ///   - patience: how long to wait for a daemon there that may be about to leave.
  static func claim(
    socketAt path: String,
    keepsSocket: Bool = false,
    patience: Duration = .zero
  ) throws -> InstanceLock {
    guard path.hasPrefix("/") else {
      throw DaemonError("cannot listen at \(path): its path is not absolute; name one from / on with --socket")
    }
    _ = try PrivateDirectory.open(directory(of: path), for: "the socket", advice: "name another with --socket")
    let lock = InstanceLock(lock: try take(path + ".lock", for: path, patience: patience))
    guard !keepsSocket else { return lock }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return lock }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw DaemonError("cannot listen at \(path): there is a file that is no socket; name another with --socket")
    }
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove the stale socket \(path)") }
    return lock
  }

  private static func take(_ lockPath: String, for path: String, patience: Duration) throws -> FileLock {
    do throws(FileLock.Refusal) {
      return try FileLock.take(lockPath, patience: patience)
    } catch {
      switch error {
      case .held(let holder):
        let reason = holder.map { "process \($0) is the daemon there" } ?? "one is running there"
        throw DaemonError(
          "cannot start a daemon at \(path): \(reason); stop that one (heddle daemon stop), or name another "
            + "socket with --socket"
        )
      case .failed(let failure): throw DaemonError(failure, advice)
      }
    }
  }

  private static let advice = "name another place with --socket"

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  private static func failure(_ attempt: String) -> DaemonError { DaemonError(SystemFailure(attempt), advice) }
}
