import Glibc
import HeddleWire

/// A connection to a supervisor without a library: bytes go out as they are given, also such as make no sense.
final class RawConnection {
  private let descriptor: Int32
  private var reader = FrameReader(bodyMax: BodyLimit.usual)
  private var unread: ArraySlice<UInt8> = []

  /// A call to the system that failed.
  struct Failed: Error {
    let call: String
    let errno: Int32
  }

  /// Connects, and says nothing yet. A read that waits for longer than 20 seconds fails with EAGAIN.
  init(to path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    _ = unsafe setsockopt(
      descriptor,
      SOL_SOCKET,
      SO_RCVTIMEO,
      &patience,
      socklen_t(MemoryLayout<timeval>.size)
    )
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
    }
    guard connected == 0 else { throw Failed(call: "connect", errno: errno) }
  }

  deinit { close(descriptor) }

  /// Says HELLO and takes the answer.
  func greet() throws {
    try write(Self.hello)
    while try next()?.header.kind != .welcome {}
  }

  /// HELLO, byte for byte.
  static var hello: [UInt8] {
    get throws {
      var writer = FrameWriter()
      try writer.hello(Hello(clientName: "raw", clientVersion: "0"))
      return writer.take()
    }
  }

  /// A request, byte for byte.
  static func request(_ command: Request.Command, id: UInt64) throws -> [UInt8] {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    try writer.request(Request(command), id: RequestID(rawValue: id))
    return writer.take()
  }

  /// Writes all, or as much as is taken before the other end closes.
  ///
  /// - Returns: whether all was taken.
  @discardableResult
  func write(_ bytes: [UInt8]) throws -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let size = unsafe rest.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if size < 0, errno == EPIPE || errno == ECONNRESET { return false }
      guard size > 0 else { throw Failed(call: "send", errno: errno) }
      rest = rest.dropFirst(size)
    }
    return true
  }

  /// Says no more; what is answered can still be read.
  func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next frame; nil at the end of the connection.
  func next() throws -> Frame? {
    while true {
      var offset = 0
      let chunk = unread
      let frame = try reader.next(in: chunk.span, at: &offset)
      unread = unread.dropFirst(offset)
      if let frame { return frame }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let size = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if size == 0 || size < 0 && errno == ECONNRESET { return nil }
      guard size > 0 else { throw Failed(call: "read", errno: errno) }
      unread = bytes[..<size]
    }
  }

  /// All frames to the end of the connection.
  func readToEnd() throws -> [Frame] {
    var frames: [Frame] = []
    while let frame = try next() { frames.append(frame) }
    return frames
  }

  /// How many bytes the other end has not read yet; unix(7).
  var unreadByOther: Int32 {
    var count: Int32 = 0
    return unsafe ioctl(descriptor, UInt(TIOCOUTQ), &count) == 0 ? count : 0
  }
}
