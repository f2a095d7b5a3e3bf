internal import Glibc

/// A claim that one process at a time has, for as long as this value lives: flock(2) on a file, which says whose it is.
struct FileLock: ~Copyable {
  enum Refusal: Error {
    /// Another has it: which process, if the file says so.
    case held(by: Int32?)
    case failed(SystemFailure)
  }

  private let file: Descriptor

  /// Makes the file if it is missing, and takes the lock.
  ///
  /// - Parameter patience: how long to wait for one who has it and may be about to leave.
  static func take(_ path: String, patience: Duration = .zero) throws(Refusal) -> FileLock {
    let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw .failed(SystemFailure("open \(path)")) }
    let lock = FileLock(file: Descriptor(owning: number))
    let end = ContinuousClock.now + patience
    while flock(number, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw .failed(SystemFailure("lock \(path)")) }
      guard ContinuousClock.now < end else { throw .held(by: lock.holder) }
      usleep(pause)
    }
    lock.sign()
    return lock
  }

  private init(file: consuming Descriptor) { self.file = file }

  /// Between two looks at a lock that another holds, in microseconds.
  private static let pause: UInt32 = 10_000

  /// Says in the file who has the lock.
  private func sign() {
    let text = Array("\(getpid())\n".utf8)
    // For messages alone: where it cannot be written they say less.
    guard ftruncate(file.number, 0) == 0 else { return }
    _ = unsafe pwrite(file.number, text, text.count, 0)
  }

  /// Who says in the file that the lock is theirs.
  private var holder: Int32? {
    var text = [UInt8](repeating: 0, count: 16)
    let count = unsafe pread(file.number, &text, text.count, 0)
    return count > 0 ? Int32(String(decoding: text.prefix(count).prefix { $0 != 10 }, as: UTF8.self)) : nil
  }
}
