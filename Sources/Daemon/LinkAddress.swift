package import HeddleLoop

/// Where another node can be dialed, or where this one can be.
package enum LinkAddress: Hashable, Sendable, CustomStringConvertible {
  /// TCP, within this machine: what goes over a link is not encrypted.
  case loopback(InternetAddress)
  /// A Unix socket: that for links, or that for clients.
  case unix(String)
  /// The standard input and output of a command, which the shell carries out. Only to dial.
  case command(String)

  package var description: String {
    switch self {
    case .loopback(let address): address.description
    case .unix(let path): "unix:\(path)"
    case .command(let command): "exec:\(command)"
    }
  }

  /// The address that `text` is.
  ///
  /// - Throws: `DaemonError`: what is wrong with it, and what to write instead.
  package init(parsing text: String) throws(DaemonError) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".count))
      guard path.hasPrefix("/") else { throw Self.wrong(text, "the path of a socket is one from / on") }
      self = .unix(path)
    } else if text.hasPrefix("exec:") {
      let command = String(text.dropFirst("exec:".count))
      guard !command.isEmpty else { throw Self.wrong(text, "the command is missing") }
      self = .command(command)
    } else {
      self = .loopback(try Self.loopback(text))
    }
  }

  private static func loopback(_ text: String) throws(DaemonError) -> InternetAddress {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      throw wrong(text, "write HOST:PORT, unix:PATH or exec:COMMAND")
    }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    if host == "localhost" { host = "127.0.0.1" }
    guard host == "::1" || isLoopback(host) else {
      throw wrong(
        text,
        "only 127.0.0.1 and ::1 are taken, since what goes over a link is not encrypted; to reach another machine, run "
          + "the link over a command: exec:'ssh HOST heddle link'"
      )
    }
    return InternetAddress(host: host, port: port)
  }

  /// Whether it is a number of IPv4 that begins with 127.
  private static func isLoopback(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func wrong(_ text: String, _ reason: String) -> DaemonError {
    DaemonError("cannot use the address \(text): \(reason)")
  }
}
