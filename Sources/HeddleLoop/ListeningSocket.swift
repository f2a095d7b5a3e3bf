// Whichever of the two modules the compiler reads first has the constants of sockets.
internal import CLibuv
internal import Glibc

/// A socket that listens and that no loop knows yet. It can be made on any thread.
package struct ListeningSocket: Sendable {
  let descriptor: Int32
  /// The path, or the address, that it was asked to listen at.
  package let name: String
  /// The file of a Unix socket.
  let file: BoundSocket?

  /// Binds `path`, for its owner only (the file's mode is 0600), and listens there.
  ///
  /// - Throws: EADDRINUSE if there is a file at `path`; ENAMETOOLONG for a path of more than 107 bytes.
  package init(path: String, backlog: Int32) throws(LoopError) {
    let attempt = "listen on \(path)"
    let file = try BoundSocket(UnixPath(path, attempt: attempt), attempt: attempt)
    self.file = file
    descriptor = file.descriptor
    name = path
    guard Glibc.listen(descriptor, backlog) != 0 else { return }
    let code = errno
    discard()
    throw LoopError(code: code, attempt: attempt)
  }

  /// Binds a TCP socket to `address` and listens there.
  ///
  /// - Parameter reusesAddress: whether an address can be bound that was in use a moment ago (SO_REUSEADDR).
  /// - Throws: EINVAL for a host that is no number, EADDRINUSE, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT.
  package init(address: InternetAddress, backlog: Int32, reusesAddress: Bool) throws(LoopError) {
    let attempt = "listen on \(address)"
    var made: Int32 = -1
    try unsafe address.withAddress(attempt) { (address) throws(LoopError) in
      made = try unsafe Self.bound(to: address, reusesAddress: reusesAddress, attempt)
    }
    descriptor = made
    name = address.description
    file = nil
    guard Glibc.listen(descriptor, backlog) != 0 else { return }
    let code = errno
    discard()
    throw LoopError(code: code, attempt: attempt)
  }

  /// Listens at a TCP port on all of the machine's addresses, of IPv6 and IPv4.
  package init(port: UInt16, backlog: Int32, reusesAddress: Bool) throws(LoopError) {
    func address(_ host: String) -> InternetAddress { InternetAddress(host: host, port: port) }
    do throws(LoopError) {
      try self.init(address: address("::"), backlog: backlog, reusesAddress: reusesAddress)
    } catch {
      // A machine without IPv6 still has the other.
      guard [EAFNOSUPPORT, EADDRNOTAVAIL].contains(error.code) else { throw error }
      try self.init(address: address("0.0.0.0"), backlog: backlog, reusesAddress: reusesAddress)
    }
  }

  private static func bound(
    to address: UnsafePointer<sockaddr>,
    reusesAddress: Bool,
    _ attempt: String
  ) throws(LoopError) -> Int32 {
    let family = unsafe Int32(address.pointee.sa_family)
    let flags = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(family, Int32(flags), 0)
    guard descriptor >= 0 else { throw LoopError(code: errno, attempt: attempt) }
    let size = family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
    if reusesAddress {
      var yes: Int32 = 1
      unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    }
    guard unsafe Glibc.bind(descriptor, address, socklen_t(size)) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw LoopError(code: code, attempt: attempt)
    }
    return descriptor
  }

  /// The address that a TCP socket is bound to: with the port that the system chose for 0.
  package var localAddress: InternetAddress {
    get throws(LoopError) {
      try unsafe InternetAddress("ask for the address of \(name)") {
        unsafe getsockname(descriptor, $0, $1) == 0 ? 0 : -errno
      }
    }
  }

  /// How many connections wait to be accepted; nil where the system does not say.
  var waitingCount: Int? {
    let count = file == nil ? heddle_waiting_internet(descriptor) : heddle_waiting_unix(descriptor)
    return count >= 0 ? Int(count) : nil
  }

  /// Refuses from now on whoever would connect, and whoever waits to be accepted. May be called on any thread for as long
  /// as the socket is not discarded.
  package func refuse() { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Ends it; the file goes first, and only if it is still the one that `init` made.
  package func discard() {
    file?.unlink()
    Glibc.close(descriptor)
  }
}
