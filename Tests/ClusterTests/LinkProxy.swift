import Foundation
import Glibc
import Synchronization

/// A Unix socket that leads to another one as long as it may: a network that can be cut.
final class LinkProxy: Sendable {
  private struct State {
    var listener: Int32 = -1
    var streams: [Int32] = []
  }
  private let state = Mutex(State())
  private let path: String
  private let target: String

  init(from path: String, to target: String) {
    self.path = path
    self.target = target
    join()
  }

  /// Connections come through from now on.
  func join() {
    unsafe unlink(path)
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    _ = unsafe Self.withAddress(path) { unsafe bind(listener, $0, $1) }
    listen(listener, 8)
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [self] in
      while case let stream = accept(listener, nil, nil), stream >= 0 { lead(stream) }
    }
  }

  /// All connections end, and none can be made.
  func cut() {
    state.withLock { state in
      unsafe unlink(path)
      for descriptor in [state.listener] + state.streams { shutdown(descriptor, Int32(SHUT_RDWR)) }
      close(state.listener)
      state = State()
    }
  }

  private func lead(_ stream: Int32) {
    let other = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard unsafe Self.withAddress(target, { unsafe connect(other, $0, $1) }) == 0 else {
      close(stream)
      close(other)
      return
    }
    state.withLock { $0.streams += [stream, other] }
    for (from, to) in [(stream, other), (other, stream)] { Thread.detachNewThread { Self.copy(from, to) } }
  }

  /// To the end of either; the descriptors are left to the end of the process, since another thread may use them.
  private static func copy(_ from: Int32, _ to: Int32) {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while case let count = unsafe read(from, &bytes, bytes.count), count > 0 {
      var sent = 0
      while sent < count {
        let more = unsafe bytes[sent..<count].withUnsafeBytes {
          unsafe send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard more > 0 else { return }
        sent += more
      }
    }
    shutdown(to, Int32(SHUT_RDWR))
    shutdown(from, Int32(SHUT_RDWR))
  }

  private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Says `bytes` to a socket, and gives all that comes back to the end.
  static func say(_ bytes: [UInt8], to path: String) -> [UInt8] {
    let stream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(stream) }
    guard unsafe withAddress(path, { unsafe connect(stream, $0, $1) }) == 0 else { return [] }
    _ = unsafe bytes.withUnsafeBytes { unsafe send(stream, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    var (answer, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while case let count = unsafe read(stream, &chunk, chunk.count), count > 0 { answer += chunk[..<count] }
    return answer
  }
}
