internal import Glibc

/// The claim to be the one daemon of a socket, for as long as this process lives: flock(2) on a file beside the socket.
///
/// A socket file whose lock is free is what a dead daemon left; whoever gets the lock may remove it.
struct InstanceLock: ~Copyable {
  private let descriptor: Int32

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
    try prepare(directory(of: path))
    let lock = InstanceLock(descriptor: try openLocked(path + ".lock", for: path, patience: patience))
    lock.sign()
    guard !keepsSocket else { return lock }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return lock }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw DaemonError("cannot listen at \(path): there is a file that is no socket; name another with --socket")
    }
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove the stale socket \(path)") }
    return lock
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  private static func openLocked(_ lockPath: String, for path: String, patience: Duration) throws -> Int32 {
    let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("open \(lockPath)") }
    let end = ContinuousClock.now + patience
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else {
        let failure = failure("lock \(lockPath)")
        close(descriptor)
        throw failure
      }
      guard ContinuousClock.now < end else {
        defer { close(descriptor) }
        throw DaemonError(
          "cannot start a daemon at \(path): \(holder(descriptor)); stop that one (heddle daemon stop), or name another "
            + "socket with --socket"
        )
      }
      usleep(pause)
    }
    return descriptor
  }

  /// Between two looks at a lock that another holds, in microseconds.
  private static let pause: UInt32 = 10_000

  /// Says in the lock's file who holds it.
  private func sign() {
    let text = Array("\(getpid())\n".utf8)
    // For messages alone: where it cannot be written they say less.
    guard ftruncate(descriptor, 0) == 0 else { return }
    _ = unsafe pwrite(descriptor, text, text.count, 0)
  }

  /// Who says in the file that the lock is theirs.
  private static func holder(_ descriptor: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(descriptor, &text, text.count, 0)
    let pid = count > 0 ? Int32(String(decoding: text.prefix(count).prefix { $0 != 10 }, as: UTF8.self)) : nil
    return pid.map { "process \($0) is the daemon there" } ?? "one is running there"
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  private static func prepare(_ directory: String) throws {
    guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw failure("make the directory \(directory)")
    }
    var status = stat()
    guard unsafe lstat(directory, &status) == 0 else { throw failure("look at \(directory)") }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw DaemonError("cannot use \(directory) for the socket: it is not a directory; name another with --socket")
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw DaemonError(
        "cannot use \(directory) for the socket: others may enter it, or own it; "
          + "make it yours with mode 0700 (chmod 700), or name another with --socket"
      )
    }
  }

  private static func failure(_ attempt: String) -> DaemonError {
    let code = errno
    return DaemonError("cannot \(attempt): \(unsafe String(cString: strerror(code))); name another place with --socket")
  }
}
