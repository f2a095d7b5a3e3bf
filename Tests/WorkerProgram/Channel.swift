import Glibc
import HeddleModel
import HeddleWire

/// The program's descriptor 3, or a connection to a supervisor's socket, on which it waits and writes without a library.
struct Channel {
  /// Why the other end is not what it should be.
  struct Broken: Error {
    let call: String
    let errno: Int32
  }

  private let descriptor: Int32
  private var reader = FrameReader()
  private var unread: ArraySlice<UInt8> = []
  var writer = FrameWriter()

  /// - Parameter path: a supervisor's socket; nil is descriptor 3.
  init(to path: String? = nil) throws {
    guard let path else {
      descriptor = 3
      return
    }
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
    }
    guard connected == 0 else { throw Broken(call: "connect", errno: errno) }
  }

  /// Says HELLO and waits for the answer.
  mutating func greet(credit: MailTotals? = nil) throws -> Welcome {
    try writer.hello(Hello(clientName: "heddle-test-worker", clientVersion: "0", mailCredit: credit))
    try flush()
    guard let frame = try next(), frame.header.kind == .welcome else { throw Broken(call: "greet", errno: EPROTO) }
    let welcome = try Welcome(decoding: frame.body)
    writer.bodyMax = welcome.bodyMax
    reader.bodyMax = welcome.bodyMax
    return welcome
  }

  /// The next frame, when it has come; nil at the end.
  mutating func next() throws -> Frame? {
    while true {
      var offset = 0
      let chunk = unread
      let frame = try reader.next(in: chunk.span, at: &offset)
      unread = unread.dropFirst(offset)
      if let frame { return frame }
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let size = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if size == 0 { return nil }
      guard size > 0 else { throw Broken(call: "read", errno: errno) }
      unread = bytes[..<size]
    }
  }

  /// Whether a frame or a part of one has come and was not looked at.
  var hasMore: Bool { !unread.isEmpty }

  /// Writes what was appended to `writer`.
  mutating func flush() throws { try write(writer.take()) }

  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let size = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard size > 0 else { throw Broken(call: "write", errno: errno) }
      rest = rest.dropFirst(size)
    }
  }

  func close() { _ = Glibc.close(descriptor) }
}
