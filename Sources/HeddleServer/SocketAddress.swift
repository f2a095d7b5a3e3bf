internal import HeddleLoop

/// Where somebody listens.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// A TCP socket. The host is numeric, "127.0.0.1" or "::1": names are not looked up.
  case internet(host: String, port: UInt16)
  /// A Unix socket, by the path of its file, of at most 107 bytes.
  case unix(path: String)

  /// "127.0.0.1:80", "[::1]:80", or the path.
  public var description: String {
    switch self {
    case .internet(let host, let port): InternetAddress(host: host, port: port).description
    case .unix(let path): path
    }
  }

  /// One of IPv4 that came by way of IPv6 is shown as what it is (RFC 4291, 2.5.5.2).
  init(_ address: InternetAddress) {
    let address = address.unmapped
    self = .internet(host: address.host, port: address.port)
  }
}
