internal import ArgumentParser
internal import Glibc
internal import HeddleWire

/// Where a server is to listen, as arguments have it: "127.0.0.1:7000", "[::1]:7000", ":7000", "/run/echo.sock".
enum ServerAddressArgument {
  static let forms =
    "127.0.0.1:7000, [::1]:7000, :7000 for all of the machine's addresses, or the path of a Unix socket"

  /// - Throws: a `ValidationError` that says what is wrong with it.
  static func parse(_ text: String) throws -> ServerAddress {
    if text.utf8.contains(UInt8(ascii: "/")) { return try unix(text) }
    guard let colon = text.lastIndex(of: ":") else {
      throw ValidationError("'\(text)' is no address: give \(forms).")
    }
    let digits = text[text.index(after: colon)...]
    guard let port = UInt16(digits), digits.allSatisfy(\.isNumber) else {
      throw ValidationError("'\(text)' has no port: a number from 0, which is any, to 65535 stands behind the colon.")
    }
    return .internet(host: try host(String(text[..<colon]), of: text), port: port)
  }

  private static func host(_ text: String, of address: String) throws -> String {
    if text.isEmpty || text == "*" { return "" }
    if text == "localhost" { return "127.0.0.1" }
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let host = isBracketed ? String(text.dropFirst().dropLast()) : text
    if isBracketed, isNumeric(host, AF_INET6) { return host }
    if !isBracketed, isNumeric(host, AF_INET) { return host }
    let advice =
      isNumeric(host, AF_INET6) ? "write [\(host)]" : "names are not looked up; give a number, as in \(forms)"
    throw ValidationError("'\(address)' has no host that heddle knows: \(advice).")
  }

  private static func isNumeric(_ host: String, _ family: Int32) -> Bool {
    var room = in6_addr()
    // A zone, as in fe80::1%eth0, is no part of the number.
    let number = family == AF_INET6 ? String(host.prefix { $0 != "%" }) : host
    return unsafe inet_pton(family, number, &room) == 1
  }

  private static func unix(_ text: String) throws -> ServerAddress {
    var path = text.hasPrefix("unix:") ? String(text.dropFirst(5)) : text
    if !path.hasPrefix("/") {
      guard let directory = unsafe getcwd(nil, 0) else { throw ValidationError("There is no current directory.") }
      defer { unsafe free(directory) }
      path = unsafe "\(String(cString: directory))/\(path)"
    }
    guard path.utf8.count <= ServerAddress.pathBytesMax else {
      throw ValidationError(
        "'\(path)' is too long for a socket: \(path.utf8.count) bytes, where \(ServerAddress.pathBytesMax) is the most."
      )
    }
    return .unix(path: Array(path.utf8))
  }
}
