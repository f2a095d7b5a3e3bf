import Glibc

/// Clients of a line echo on one thread, each with one line under way at a time.
struct LoadGenerator {
  enum Kind: String, CaseIterable {
    /// Each line goes over a connection of its own: connect, write, read, close.
    case new
    /// Each client keeps one connection.
    case kept
  }

  private static let line = [UInt8](repeating: UInt8(ascii: "x"), count: 31) + [UInt8(ascii: "\n")]

  private let port: UInt16
  private let kind: Kind
  /// What each client waits for.
  private var polls: [pollfd] = []
  /// How much of its line has come back to each client.
  private var counts: [Int] = []
  /// How many connections were made.
  private var connections: UInt32 = 0

  /// Makes the clients, and has them begin.
  init(_ kind: Kind, clients count: Int, port: UInt16) throws {
    (self.kind, self.port) = (kind, port)
    polls = Array(repeating: pollfd(fd: -1, events: 0, revents: 0), count: count)
    counts = Array(repeating: 0, count: count)
    for index in 0..<count { try connect(index) }
  }

  /// Ends all connections.
  consuming func end() { for poll in polls where poll.fd >= 0 { close(poll.fd) } }

  /// Goes on for so many nanoseconds.
  ///
  /// - Returns: how many lines came back in a second.
  mutating func run(for nanoseconds: UInt64) throws -> Double {
    let start = Self.now
    var (lines, elapsed): (Int, UInt64) = (0, 0)
    while elapsed < nanoseconds {
      unsafe poll(&polls, nfds_t(polls.count), 100)
      for index in polls.indices where polls[index].revents != 0 {
        if try handle(index) { lines += 1 }
      }
      elapsed = Self.now - start
    }
    return Double(lines) * 1e9 / Double(elapsed)
  }

  /// - Returns: whether a line came back.
  private mutating func handle(_ index: Int) throws -> Bool {
    guard polls[index].events == Int16(POLLIN) else {
      // It can be written to: the connection is made.
      try send(index)
      return false
    }
    var room = [UInt8](repeating: 0, count: 64)
    let count = unsafe recv(polls[index].fd, &room, room.count, 0)
    guard count > 0 else { throw BenchError(what: "read a line back", errno: count < 0 ? errno : 0) }
    counts[index] += count
    guard counts[index] == Self.line.count else { return false }
    switch kind {
    case .kept: try send(index)
    case .new:
      close(polls[index].fd)
      try connect(index)
    }
    return true
  }

  private mutating func send(_ index: Int) throws {
    let flags = Int32(MSG_NOSIGNAL)
    let count = unsafe Glibc.send(polls[index].fd, Self.line, Self.line.count, flags)
    guard count == Self.line.count else { throw BenchError(what: "write a line", errno: errno) }
    polls[index].events = Int16(POLLIN)
    counts[index] = 0
  }

  private mutating func connect(_ index: Int) throws {
    let flags = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
    let descriptor = try Self.check(socket(AF_INET, Int32(flags), 0), "make a socket")
    polls[index] = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    var yes: Int32 = 1
    unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    // The addresses take turns, and the port is chosen at the connect: so ports do not run out by TIME_WAIT. (24 is
    // IP_BIND_ADDRESS_NO_PORT, see ip(7).)
    unsafe setsockopt(descriptor, Int32(IPPROTO_IP), 24, &yes, 4)
    connections += 1
    try unsafe Self.withAddress(0x7f00_0002 + connections % 128, 0) { address, size in
      _ = try Self.check(unsafe bind(descriptor, address, size), "choose an address")
    }
    try unsafe Self.withAddress(0x7f00_0001, port) { address, size in
      guard unsafe Glibc.connect(descriptor, address, size) < 0, errno != EINPROGRESS else { return }
      throw BenchError(what: "connect to port \(port)", errno: errno)
    }
  }

  private static func withAddress(
    _ host: UInt32,
    _ port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
  ) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = host.bigEndian
    try unsafe withUnsafePointer(to: &address) { address in
      try unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func check(_ status: Int32, _ what: String) throws -> Int32 {
    guard status >= 0 else { throw BenchError(what: what, errno: errno) }
    return status
  }

  private static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
