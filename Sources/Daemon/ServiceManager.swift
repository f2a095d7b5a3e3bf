internal import Glibc

/// What started this process as a service, if something did, by systemd's conventions: it is told how the service is,
/// sd_notify(3), and may have bound the socket, sd_listen_fds(3).
package struct ServiceManager: Sendable {
  /// The sockets that were handed over begin with this descriptor.
  private static let firstDescriptor: Int32 = 3

  /// Where it takes notifications: a path, or an abstract name behind an `@`; nil if it wants none.
  private let notifySocket: [UInt8]?
  /// The listening sockets that it has handed over.
  let listeners: [Int32]

  /// Takes its variables out of the environment: they are meant for this process, and for none that it starts.
  package static func takeFromEnvironment() -> ServiceManager {
    let manager = ServiceManager(processID: getpid()) { name in
      guard let value = unsafe getenv(name) else { return nil }
      return unsafe String(cString: value)
    }
    for name in ["NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    for descriptor in manager.listeners { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return manager
  }

  /// - Parameters:
  ///   - processID: sockets for another process than this are none of ours.
  ///   - variable: the value of an environment variable; nil if it is not set.
  package init(processID: Int32, variable: (String) -> String?) {
    notifySocket = variable("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? Array($0.utf8) : nil }
    guard variable("LISTEN_PID").flatMap({ Int32($0) }) == processID,
      let count = variable("LISTEN_FDS").flatMap({ Int32($0) }), (1...1_024).contains(count)
    else {
      listeners = []
      return
    }
    listeners = (0..<count).map { Self.firstDescriptor + $0 }
  }

  /// The socket to listen at in place of one of our own; nil if none was handed over.
  ///
  /// - Throws: `DaemonError` if there are several, or it is not the one at `path`.
  func listener(at path: String) throws -> Int32? {
    guard let descriptor = listeners.first else { return nil }
    guard listeners.count == 1 else {
      throw DaemonError(
        "cannot use the \(listeners.count) sockets that were handed over: one is enough (ListenStream=)"
      )
    }
    guard Self.isListening(descriptor) else {
      throw DaemonError("cannot use the socket that was handed over: it is no listening Unix socket (ListenStream=)")
    }
    let bound = Self.path(of: descriptor)
    guard bound == path else {
      throw DaemonError(
        "cannot use the socket that was handed over: it is at \(bound), and this daemon's is at \(path); name that one with "
          + "--socket"
      )
    }
    return descriptor
  }

  /// Says how the service is: lines of `NAME=VALUE`. Nobody is told when that fails, nor does it matter.
  func tell(_ state: String) {
    guard let notifySocket, var address = Self.address(notifySocket) else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + notifySocket.count)
    let bytes = Array(state.utf8)
    unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, size)
      }
    }
  }
}

// MARK: - Unix sockets

extension ServiceManager {
  /// unix(7); nil for a name that has no room.
  private static func address(_ name: [UInt8]) -> sockaddr_un? {
    var address = sockaddr_un()
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
      unsafe path.copyBytes(from: name)
      // An abstract name begins with a NUL.
      if name.first == UInt8(ascii: "@") { unsafe path[0] = 0 }
    }
    return address
  }

  private static func isListening(_ descriptor: Int32) -> Bool {
    var accepts: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts == 1
  }

  /// What it is bound to; empty for what has no path.
  private static func path(of descriptor: Int32) -> String {
    var address = sockaddr_un()
    var size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let status = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &size) }
    }
    guard status == 0, address.sun_family == sa_family_t(AF_UNIX) else { return "" }
    return unsafe withUnsafeBytes(of: address.sun_path) { path in
      unsafe String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
