import Foundation
import TestPrograms
import Testing

/// A daemon with a server, from a shell, and clients of it.
final class ServedScene: Sendable {
  let daemon: DaemonProcess
  let port: UInt16
  /// In the environment of every program that it starts.
  let processes: MarkedProcesses
  var place: String { daemon.socketPath }

  let name: String

  /// Starts a server at a port of the system's choice, and a daemon if there is none.
  init(
    _ options: String...,
    on daemon: DaemonProcess? = nil,
    program: [String] = ["cat"],
    name: String = "echo"
  ) async throws {
    let daemon = try daemon ?? DaemonProcess()
    let processes = MarkedProcesses()
    let mark = processes.mark.split(separator: "=").map(String.init)
    let arguments = ["serve", "-d", "--json", "--name", name, "127.0.0.1:0"] + options + ["--"] + program
    let serve = try await Command.run(
      Command.binDirectory.appending(path: "heddle"),
      arguments,
      environment: ["HEDDLE_SOCKET": daemon.socketPath, mark[0]: mark[1], "TCPREMOTEHOST": "elsewhere"]
    )
    guard serve.status == 0 else { throw Refused(errors: serve.errors) }
    self.daemon = daemon
    self.name = name
    self.processes = processes
    port = try #require(try Self.server(in: serve.output).port)
  }

  /// For a test that fails.
  deinit { daemon.endIfRunning() }

  struct Refused: Error {
    let errors: String
  }

  /// What JSON of a thread says of the server that it is.
  struct Server {
    let fields: [String: Any]
    var port: UInt16? {
      let internet = (fields["address"] as? [String: Any])?["internet"] as? [String: Any]
      return (internet?["port"] as? Int).flatMap { UInt16(exactly: $0) }
    }
    var stage: String { fields["stage"] as? String ?? "" }
    func count(_ name: String) -> Int { fields[name] as? Int ?? 0 }
  }

  static func server(in json: String) throws -> Server {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let thread = object["thread"] as? [String: Any] ?? object
    return Server(fields: try #require(thread["server"] as? [String: Any], "\(json)"))
  }

  /// What `heddle show` says of the server now.
  func show() async throws -> Server {
    try Self.server(in: await Command.heddle("show", "--json", name, at: place).output)
  }

  /// Asks again and again until it is so.
  func showUntil(_ isSo: (Server) -> Bool) async throws -> Server {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      let server = try await show()
      if isSo(server) || ContinuousClock.now > deadline { return server }
    }
  }

  @discardableResult
  func heddle(_ arguments: String...) async throws -> Command { try await Command.heddle(arguments, at: place) }

  func connect() throws -> Caller { try Caller(port: port) }

  /// Ends the daemon, after which no program is left.
  func end() async {
    #expect(daemon.end(SIGTERM) == 0)
    #expect(await eventually { processes.all.isEmpty })
  }
}

/// A client of a TCP server that knows nothing of heddle: a blocking socket. Waits for at most 30 seconds.
final class Caller: Sendable {
  struct Failure: Error {
    let call: String
    let number: Int32
  }

  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] { unsafe setsockopt(descriptor, SOL_SOCKET, option, &patience, size) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let status = unsafe withUnsafePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure(call: "connect", number: errno) }
  }

  deinit { close(descriptor) }

  /// Its own port, as the server sees it.
  var port: UInt16 { Self.port(of: descriptor) }

  private static func port(of descriptor: Int32) -> UInt16 {
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { address in
      unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe getsockname(descriptor, $0, &size)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  func say(_ text: String) throws {
    let bytes = Array(text.utf8)
    let count = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    guard count == bytes.count else { throw Failure(call: "send", number: errno) }
  }

  /// Says no more, and still listens.
  func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next line; without its newline, or what there is, at the end.
  func hearLine() throws -> String {
    var (line, byte) = ([UInt8](), UInt8(0))
    while true {
      let count = unsafe recv(descriptor, &byte, 1, 0)
      guard count >= 0 else { throw Failure(call: "recv", number: errno) }
      if count == 0 || byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
  }

  /// Whether the server has ended the connection, with an end or a reset: waited for.
  func hearEnd() -> Bool {
    var byte: UInt8 = 0
    let count = unsafe recv(descriptor, &byte, 1, 0)
    return count == 0 || count < 0 && errno == ECONNRESET
  }

  /// Ends the connection by a reset.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    shutdown(descriptor, Int32(SHUT_RD))
    var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: sockaddr().sa_data)
    unsafe Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
  }
}

extension Caller {
  /// A port at which nobody listens.
  static var freePort: UInt16 {
    get throws {
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(listener) }
      guard listen(listener, 1) == 0 else { throw Failure(call: "listen", number: errno) }
      return port(of: listener)
    }
  }
}
