import Glibc
import HeddleServer

/// A client that knows nothing of ports: a blocking TCP socket.
final class RawSocket: Sendable {
  struct Failure: Error {
    let call: String
    let number = errno
  }

  private let descriptor: Int32

  init(connectedTo address: SocketAddress) throws {
    guard case .internet(_, let port) = address else { throw Failure(call: "only TCP") }
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket") }
    var to = sockaddr_in()
    to.sin_family = sa_family_t(AF_INET)
    to.sin_port = port.bigEndian
    to.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let status = unsafe withUnsafePointer(to: &to) { to in
      unsafe to.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure(call: "connect") }
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Failure(call: "send")
    }
  }

  /// Has the other side see a reset in place of an end.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    // A connect to nowhere ends the connection, and the descriptor stays until nobody holds it.
    var nowhere = sockaddr(sa_family: sa_family_t(AF_UNSPEC), sa_data: sockaddr().sa_data)
    unsafe connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
  }
}
