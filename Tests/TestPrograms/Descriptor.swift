import Glibc
import TestSpawn

/// A descriptor, closed when the last reference goes.
final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }
  deinit { close(number) }

  /// What comes next, at most 64 KiB of it; blocks for it. Empty at the end.
  func read() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { bytes, count in
      var result = -1
      repeat { result = unsafe Glibc.read(number, bytes.baseAddress, bytes.count) } while result < 0 && errno == EINTR
      count = max(result, 0)
    }
  }

  /// Writes all of it, or as much as is read. For a thread of its own, since it blocks, and keeps SIGPIPE from the thread.
  func write(_ bytes: [UInt8]) {
    var broken = sigset_t()
    unsafe sigemptyset(&broken)
    unsafe sigaddset(&broken, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &broken, nil)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
      guard count >= 0 || errno == EINTR else { return }
      rest = rest.dropFirst(max(count, 0))
    }
  }
}

/// Both ends of a pipe, which no program inherits by chance.
struct PipeEnds {
  let reading: Descriptor
  let writing: Descriptor

  init() throws {
    var ends: [Int32] = [-1, -1]
    let error = unsafe spawning_pipe(&ends)
    guard error == 0 else { throw ProgramError(commandLine: "pipe2", what: "errno \(error)", said: "") }
    (reading, writing) = (Descriptor(ends[0]), Descriptor(ends[1]))
  }
}
