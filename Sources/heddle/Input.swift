internal import Glibc
internal import HeddleClient

/// Standard input.
enum Input {
  private static let chunkMax = 64 << 10

  /// What comes next on standard input, at most 64 KiB; empty at its end. Waits for it.
  static func read() throws(Failure) -> [UInt8] {
    while true {
      var count = 0
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: chunkMax) { buffer, initialized in
        count = unsafe Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        initialized = max(count, 0)
      }
      if count >= 0 { return chunk }
      if errno != EINTR { throw Failure(.failed, "cannot read standard input: \(SystemError.text(errno))") }
    }
  }
}
