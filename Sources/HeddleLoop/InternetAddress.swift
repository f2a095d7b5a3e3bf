internal import CLibuv

/// An address for TCP: a numeric host of IPv4 or IPv6, and a port.
package struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
  /// "127.0.0.1", "::1", "fe80::1%eth0".
  package let host: String
  package let port: UInt16

  /// - Parameter port: 0 is one of the system's choice, where the address is to be listened at.
  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// "127.0.0.1:80", "[::1]:80"
  package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension InternetAddress {
  /// One of IPv4 that came by way of IPv6, as what it is (RFC 4291, 2.5.5.2); any other as it is.
  package var unmapped: InternetAddress {
    let mapped = "::ffff:"
    guard host.hasPrefix(mapped), host.utf8.contains(UInt8(ascii: ".")) else { return self }
    return InternetAddress(host: String(host.dropFirst(mapped.count)), port: port)
  }

  /// Calls `body` with the address as the system has it.
  ///
  /// - Throws: EINVAL if the host is no numeric address; names are looked up by nobody here.
  func withAddress(
    _ attempt: @autoclosure () -> String,
    _ body: (UnsafePointer<sockaddr>) throws(LoopError) -> Void
  ) throws(LoopError) {
    var storage = sockaddr_storage()
    let isNumeric = unsafe withUnsafeMutablePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe uv_ip4_addr(host, Int32(port), $0) == 0
      }
        || storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          unsafe uv_ip6_addr(host, Int32(port), $0) == 0
        }
    }
    guard isNumeric else {
      let advice = "\(host.debugDescription) is not the number of a host; give one such as 127.0.0.1 or ::1"
      throw LoopError(code: EINVAL, attempt: attempt(), advice: advice)
    }
    try unsafe withUnsafePointer(to: &storage) { (storage) throws(LoopError) in
      try unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { (address) throws(LoopError) in
        try unsafe body(address)
      }
    }
  }

  /// The address that `ask` fills in.
  init(
    _ attempt: @autoclosure () -> String,
    askedBy ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
  ) throws(LoopError) {
    var storage = sockaddr_storage()
    var size = Int32(MemoryLayout<sockaddr_storage>.size)
    var status: Int32 = 0
    var host = ""
    var port: UInt16 = 0
    unsafe withUnsafeMutablePointer(to: &storage) { storage in
      unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        status = unsafe ask(address, &size)
        guard status >= 0 else { return }
        host = unsafe String(unsafeUninitializedCapacity: 64) { room in
          unsafe room.withMemoryRebound(to: CChar.self) { text in
            status = unsafe uv_ip_name(address, text.baseAddress, text.count)
            return unsafe text.firstIndex(of: 0) ?? 0
          }
        }
      }
      // Both families have the port at the same place, in the network's order.
      port = unsafe storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe UInt16(bigEndian: $0.pointee.sin_port)
      }
    }
    try LoopError.check(status, attempt())
    self.init(host: host, port: port)
  }
}
