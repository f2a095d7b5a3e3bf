import Glibc
import HeddleWire

/// A client without a library: it writes and reads when it is told to, and not else.
final class RawClient {
  private let descriptor: Int32
  private var reader = FrameReader()

  init(at path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
    }
    guard connected == 0 else { throw Failed(call: "connect", errno: errno) }
    var writer = FrameWriter()
    try writer.hello(Hello(clientName: "raw", clientVersion: "0"))
    try write(writer.take())
    while try next()?.header.kind != .welcome {}
    reader.bodyMax = BodyLimit.usual
  }

  deinit { close(descriptor) }

  struct Failed: Error {
    let call: String
    let errno: Int32
  }

  /// Asks the same so many times, in one go.
  func send(requests count: UInt64, of command: Request.Command) throws {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    for id in 1...count { try writer.request(Request(command), id: RequestID(rawValue: id)) }
    try write(writer.take())
  }

  /// Says no more; what is answered can still be read.
  func endWriting() throws {
    guard shutdown(descriptor, Int32(SHUT_WR)) == 0 else { throw Failed(call: "shutdown", errno: errno) }
  }

  /// Reads so many replies, or to the end of the connection.
  func countReplies(upTo most: Int) throws -> Int {
    var count = 0
    while count < most, let frame = try next() { count += frame.header.kind == .reply ? 1 : 0 }
    return count
  }

  private var unread: ArraySlice<UInt8> = []

  /// The next frame; nil at the end.
  private func next() throws -> Frame? {
    while true {
      var offset = 0
      let chunk = unread
      let frame = try reader.next(in: chunk.span, at: &offset)
      unread = unread.dropFirst(offset)
      if let frame { return frame }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let size = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if size == 0 { return nil }
      guard size > 0 else { throw Failed(call: "read", errno: errno) }
      unread = bytes[..<size]
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let size = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard size > 0 else { throw Failed(call: "write", errno: errno) }
      rest = rest.dropFirst(size)
    }
  }
}
