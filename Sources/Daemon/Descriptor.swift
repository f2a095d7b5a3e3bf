internal import Glibc

/// Sole owner of a file descriptor. Its methods block; the name that they are given is for what they throw.
struct Descriptor: ~Copyable {
  let number: Int32

  /// - Parameter number: open, and nobody else's.
  init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  /// Whether it is a plain file's; fstat(2).
  func isPlainFile(_ name: String) throws(SystemFailure) -> Bool {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw SystemFailure("look at \(name)") }
    return status.st_mode & S_IFMT == S_IFREG
  }

  /// All bytes from where the file stands on.
  func readToEnd(_ name: String) throws(SystemFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = unsafe read(number, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure("read \(name)") }
      guard count > 0 else { return bytes }
      bytes += part[..<count]
    }
  }

  func write(_ bytes: [UInt8], to name: String) throws(SystemFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw SystemFailure("write \(name)", code: count < 0 ? errno : EIO) }
      rest = rest.dropFirst(count)
    }
  }

  /// fsync(2): returns when the disk has the file.
  func sync(_ name: String) throws(SystemFailure) {
    while fsync(number) != 0 {
      guard errno == EINTR else { throw SystemFailure("bring \(name) to the disk") }
    }
  }

  /// fdatasync(2): the same, of what reading the file again needs.
  func syncData(_ name: String) throws(SystemFailure) {
    while fdatasync(number) != 0 {
      guard errno == EINTR else { throw SystemFailure("bring \(name) to the disk") }
    }
  }
}
