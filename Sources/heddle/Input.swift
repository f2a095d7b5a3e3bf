internal import Glibc

/// Standard input, and small files.
enum Input {
  private static let chunkMax = 64 << 10

  /// What comes next on standard input, at most 64 KiB; empty at its end. Waits for it.
  static func read() throws(Failure) -> [UInt8] {
    do throws(ReadError) { return try read(from: STDIN_FILENO) } catch {
      throw Failure(.failed, "cannot read standard input: \(SystemError.text(error.number))")
    }
  }

  /// All of a file, for files of `/proc`; nil if it can't be read.
  static func contents(of path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    while let chunk = try? read(from: descriptor) {
      if chunk.isEmpty { return contents }
      contents += chunk
    }
    return nil
  }

  private struct ReadError: Error { let number: Int32 }

  private static func read(from descriptor: Int32) throws(ReadError) -> [UInt8] {
    while true {
      var count = 0
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: chunkMax) { buffer, initialized in
        count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        initialized = max(count, 0)
      }
      if count >= 0 { return chunk }
      if errno != EINTR { throw ReadError(number: errno) }
    }
  }
}
