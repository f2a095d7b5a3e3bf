import Foundation
import HeddleLoop
import Synchronization
import Testing

/// An actor on a loop of its own, which lends its isolation to a test.
actor Scene {
  nonisolated let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
  /// For tests of the actor's own state.
  var count = 0

  init(on loop: EventLoop) { self.loop = loop }

  /// Runs `body` on the loop.
  func act<Result: Sendable, Failure: Error>(
    _ body: @Sendable (isolated Scene) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(self)
  }

  /// Runs `body` with a scene whose loop is stopped afterwards.
  static func play<Result>(_ body: (Scene) async throws -> Result) async throws -> Result {
    let loop = try EventLoop.start()
    defer { loop.stop() }
    return try await body(Scene(on: loop))
  }
}

/// What happened, told by callbacks on a loop and awaited by a test, in order.
struct Happenings<Event: Sendable>: Sendable {
  private let stream: AsyncStream<Event>
  private let continuation: AsyncStream<Event>.Continuation

  init(of type: Event.Type = Event.self) { (stream, continuation) = AsyncStream.makeStream() }

  func tell(_ event: Event) { continuation.yield(event) }

  /// The oldest event that was not awaited yet.
  func next() async throws -> Event {
    var iterator = stream.makeAsyncIterator()
    guard let event = await iterator.next() else { throw CancellationError() }
    return event
  }

  /// The next `count` events.
  func next(_ count: Int) async throws -> [Event] {
    var events: [Event] = []
    for _ in 0..<count { events.append(try await next()) }
    return events
  }
}

/// Something that happens once.
final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

/// Calls `body` with a directory that is removed afterwards, and whatever is in it.
func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  // Not FileManager's own temporary directory: its path may be too long for a socket.
  let path = "/tmp/heddle-loop-\(UUID().uuidString.prefix(8))"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try await body(path)
}

/// The files, pipes and sockets that this process has open, as /proc names them. Polls and event counters are left out,
/// since the runtime's thread pool makes those when it likes.
func openFiles() -> Set<String> {
  let directory = "/proc/self/fd/"
  let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
  let files = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: directory + $0) }
  return Set(files.filter { !$0.hasPrefix("anon_inode:") })
}

/// Two connected Unix sockets.
func socketPair() throws -> (Int32, Int32) {
  var pair: [Int32] = [-1, -1]
  // Another test may be starting a program, which would hold them open.
  try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
  return (pair[0], pair[1])
}

/// Whether the other end of a socket is closed. Its number tells nothing: another test may have been given it since. What
/// another test is just forking has it for a moment, too.
func hasHungUp(_ socket: Int32) -> Bool {
  var peer = pollfd(fd: socket, events: 0, revents: 0)
  return unsafe poll(&peer, 1, 10_000) == 1 && peer.revents & Int16(POLLHUP) != 0
}

/// The reading and the writing end of a pipe.
func pipeEnds() throws -> (reading: Int32, writing: Int32) {
  var pair: [Int32] = [-1, -1]
  try #require(unsafe pipe(&pair) == 0)
  return (pair[0], pair[1])
}

/// Writes all of `bytes` to a descriptor.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
  try #require(unsafe write(descriptor, bytes, bytes.count) == bytes.count)
}

/// Sends `bytes` with `descriptors` in one message (SCM_RIGHTS, unix(7) and cmsg(3)).
func send(_ bytes: [UInt8], with descriptors: [Int32], over socket: Int32) throws {
  var bytes = bytes
  // One cmsghdr: the length with itself (16 bytes on a 64-bit machine), the level and the type; then the descriptors.
  let headerSize = MemoryLayout<cmsghdr>.size
  let length = headerSize + descriptors.count * MemoryLayout<Int32>.size
  var control = [UInt8](repeating: 0, count: (length + 7) & ~7)
  unsafe control.withUnsafeMutableBytes { control in
    var header = cmsghdr()
    header.cmsg_len = length
    header.cmsg_level = SOL_SOCKET
    header.cmsg_type = Int32(SCM_RIGHTS)
    unsafe control.storeBytes(of: header, as: cmsghdr.self)
    for (index, descriptor) in descriptors.enumerated() {
      unsafe control.storeBytes(of: descriptor, toByteOffset: headerSize + index * 4, as: Int32.self)
    }
  }
  let sent = unsafe bytes.withUnsafeMutableBytes { bytes in
    unsafe control.withUnsafeMutableBytes { control in
      var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      return unsafe withUnsafeMutablePointer(to: &part) { part in
        var message = unsafe msghdr()
        unsafe message.msg_iov = part
        unsafe message.msg_iovlen = 1
        unsafe message.msg_control = control.baseAddress
        unsafe message.msg_controllen = control.count
        return unsafe sendmsg(socket, &message, 0)
      }
    }
  }
  try #require(sent == bytes.count)
}

extension Array where Element == UInt8 {
  init(_ span: Span<UInt8>) {
    self.init()
    reserveCapacity(span.count)
    for index in span.indices { append(span[index]) }
  }
}
