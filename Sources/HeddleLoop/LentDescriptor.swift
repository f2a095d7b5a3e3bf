internal import CLibuv
internal import Glibc

/// A stream's descriptor, for use on any thread beside the loop's.
///
/// It stays the stream's. Whoever uses it sees to it that the stream is open meanwhile, by a lock under which it is also
/// closed: after that the number may be another's.
package struct LentDescriptor: Sendable {
  private let number: Int32
  private let isSocket: Bool
  private let name: String

  init(_ number: Int32, isSocket: Bool, name: String) {
    self.number = number
    self.isSocket = isSocket
    self.name = name
  }

  /// Gives the kernel what it takes of `bytes` at once; never waits, and raises no SIGPIPE.
  ///
  /// - Returns: how many bytes it took; 0 when it has no room.
  /// - Throws: EPIPE or ECONNRESET when the peer is gone, and whatever else write(2) says.
  package func writeAvailable(_ bytes: Span<UInt8>) throws(LoopError) -> Int {
    guard !bytes.isEmpty else { return 0 }
    while true {
      let (count, code) = unsafe bytes.withUnsafeBytes { unsafe write($0) }
      if count >= 0 { return count }
      switch code {
      case EINTR: continue
      case EAGAIN: return 0
      default: throw LoopError(code: code, attempt: "write to \(name)")
      }
    }
  }

  /// Ends both directions of a socket now, whatever is queued: the peer reads the end. No effect on a pipe.
  package func disconnect() { if isSocket { Glibc.shutdown(number, Int32(SHUT_RDWR)) } }

  /// The address of this end of a TCP connection.
  package var localAddress: InternetAddress {
    get throws(LoopError) {
      try unsafe InternetAddress("ask for the address of \(name)") { unsafe Self.ask(getsockname(number, $0, $1)) }
    }
  }

  /// The address of the other end of a TCP connection.
  package var remoteAddress: InternetAddress {
    get throws(LoopError) {
      try unsafe InternetAddress("ask for the peer of \(name)") { unsafe Self.ask(getpeername(number, $0, $1)) }
    }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) -> (count: Int, code: Int32) {
    if isSocket {
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      let count = unsafe send(number, bytes.baseAddress, bytes.count, flags)
      return (count, count < 0 ? errno : 0)
    }
    return withoutBrokenPipeSignal {
      let count = unsafe Glibc.write(number, bytes.baseAddress, bytes.count)
      return (count, count < 0 ? errno : 0)
    }
  }

  private static func ask(_ status: Int32) -> Int32 { status == 0 ? 0 : -errno }
}

extension ByteStream {
  /// The stream's descriptor for use on other threads.
  package func lendDescriptor() throws(LoopError) -> LentDescriptor {
    let number = try descriptor("lend the descriptor of \(name)")
    var status = stat()
    let isSocket = unsafe isTCP || fstat(number, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    return LentDescriptor(number, isSocket: isSocket, name: name)
  }
}

extension LoopHandle {
  fileprivate final var isTCP: Bool { unsafe uv_handle_get_type(raw()) == UV_TCP }
}

/// Performs a write to a pipe of which the reader may be gone. The SIGPIPE that it would raise is blocked in this thread
/// and taken back; one that was pending before stays (sigtimedwait(2)).
private func withoutBrokenPipeSignal(_ write: () -> (count: Int, code: Int32)) -> (count: Int, code: Int32) {
  var (pipe, former, pending) = (sigset_t(), sigset_t(), sigset_t())
  unsafe sigemptyset(&pipe)
  unsafe sigaddset(&pipe, SIGPIPE)
  unsafe sigpending(&pending)
  let wasPending = unsafe sigismember(&pending, SIGPIPE) == 1
  unsafe pthread_sigmask(SIG_BLOCK, &pipe, &former)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }
  let result = write()
  if result.code == EPIPE, !wasPending {
    var now = timespec()
    while unsafe sigtimedwait(&pipe, nil, &now) == -1, errno == EINTR {}
  }
  return result
}
