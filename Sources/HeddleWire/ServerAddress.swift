internal import HeddleMessages

/// Where a server listens.
package enum ServerAddress: Hashable, Codable, Sendable, CustomStringConvertible {
  /// A numeric host, or "" for all addresses of the machine; port 0 is one of the system's choice.
  case internet(host: String, port: UInt16)
  /// The absolute path of a Unix socket, without NUL.
  case unix(path: [UInt8])

  /// "127.0.0.1:80", "[::1]:80", ":80", "/run/echo.sock"
  package var description: String {
    switch self {
    case .internet(let host, let port) where host.utf8.contains(UInt8(ascii: ":")): "[\(host)]:\(port)"
    case .internet(let host, let port): "\(host):\(port)"
    case .unix(let path): String(decoding: path, as: UTF8.self)
    }
  }
}

extension ServerAddress {
  /// The most bytes of a Unix socket's path; unix(7).
  package static let pathBytesMax = 107

  init(field: String, _ proto: ProtoServerAddress) throws(WireDecodingError) {
    switch proto.address {
    case .internet(let address):
      guard let port = UInt16(exactly: address.port) else {
        throw .outOfRange(field: "\(field).internet.port", number: UInt64(address.port))
      }
      self = .internet(host: address.host, port: port)
    case .unix(let path):
      guard path.first == UInt8(ascii: "/"), !path.contains(0), path.count <= Self.pathBytesMax else {
        throw .form(
          field: "\(field).unix",
          reason: "it is an absolute path of at most \(Self.pathBytesMax) bytes, no NUL"
        )
      }
      self = .unix(path: [UInt8](path))
    case nil: throw .missing(field: field)
    }
  }

  var proto: ProtoServerAddress {
    var proto = ProtoServerAddress()
    switch self {
    case .internet(let host, let port):
      proto.internet.host = host
      proto.internet.port = UInt32(port)
    case .unix(let path): proto.unix = path.wire()
    }
    return proto
  }
}
