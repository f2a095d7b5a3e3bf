import Glibc

/// A blocking TCP socket on the loopback interface; closed when nobody holds it any more.
final class Socket: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ call: String) { description = unsafe "\(call): \(String(cString: strerror(errno)))" }
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  private convenience init() throws { self.init(try check(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), "socket")) }

  deinit { close(descriptor) }

  /// Waits for connections at a port that the system chooses.
  convenience init(listening: Void) throws {
    try self.init()
    try unsafe withAddress { address, length in
      try check(unsafe bind(descriptor, address, length.pointee), "bind")
    }
    try check(listen(descriptor, 1), "listen")
  }

  convenience init(connectedTo port: UInt16) throws {
    try self.init()
    try unsafe withAddress(port: port) { address, length in
      try check(unsafe connect(descriptor, address, length.pointee), "connect")
    }
  }

  var port: UInt16 {
    get throws {
      try unsafe withAddress { address, length in
        try check(unsafe getsockname(descriptor, address, length), "getsockname")
      }
    }
  }

  func accept() throws -> Socket { try Socket(check(Glibc.accept(descriptor, nil, nil), "accept")) }

  func send(_ bytes: [UInt8]) throws {
    try check(unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)), "send")
  }

  /// What comes until the other side has no more to send, or somebody hangs up.
  func readToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = try check(unsafe recv(descriptor, &piece, piece.count, 0), "recv")
      guard count > 0 else { return all }
      all += piece[..<count]
    }
  }

  /// Ends the connection for both sides, and whatever waits for it here.
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Waits for the other side to hang up.
  func isHungUp(within milliseconds: Int32) throws -> Bool {
    var question = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return try check(unsafe poll(&question, 1, milliseconds), "poll") > 0
  }
}

/// - Returns: the port that the address has afterwards.
@discardableResult
private func withAddress<Ignored>(
  port: UInt16 = 0,
  _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) throws -> Ignored
) rethrows -> UInt16 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  try unsafe withUnsafeMutablePointer(to: &address) { address in
    try unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = try unsafe body($0, &length) }
  }
  return UInt16(bigEndian: address.sin_port)
}

@discardableResult
private func check<Status: SignedInteger>(_ status: Status, _ call: String) throws -> Status {
  guard status >= 0 else { throw Socket.Failure(call) }
  return status
}
