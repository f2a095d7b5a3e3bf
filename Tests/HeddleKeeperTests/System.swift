import Glibc

/// A call to the system that failed.
struct SystemError: Error {
  let call: String
  let errno: Int32
}

/// `result`, unless it is -1.
func check(_ call: String, _ result: Int32) throws -> Int32 {
  guard result >= 0 else { throw SystemError(call: call, errno: errno) }
  return result
}

/// A descriptor, closed when the last reference goes.
final class Descriptor: Sendable {
  let number: Int32
  init(_ number: Int32) { self.number = number }
  deinit { close(number) }

  /// Waits until something can be read, or the other end is closed. False: not within `milliseconds`.
  func isReadable(within milliseconds: Int32) -> Bool {
    var watched = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&watched, 1, milliseconds) == 1
  }

  /// What can be read now; nil: nothing yet; empty: the end.
  func readSome() throws -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
    if count < 0 && errno == EAGAIN { return nil }
    return Array(bytes.prefix(Int(try check("read", Int32(count)))))
  }

  /// Reads until `isEnough`, the end, or the deadline, which is an error.
  func read(until isEnough: (String) -> Bool) throws -> String {
    var all: [UInt8] = []
    while !isEnough(String(decoding: all, as: UTF8.self)) {
      guard isReadable(within: deadline) else { throw SystemError(call: "poll", errno: ETIMEDOUT) }
      guard let some = try readSome() else { continue }
      if some.isEmpty { break }
      all += some
    }
    return String(decoding: all, as: UTF8.self)
  }

  func readToEnd() throws -> String { try read(until: { _ in false }) }

  /// Writes all, waiting for nothing: the tests write little.
  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == ENOTSOCK {
        let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
        rest = rest.dropFirst(Int(try check("write", Int32(written))))
      } else {
        rest = rest.dropFirst(Int(try check("send", Int32(count))))
      }
    }
  }

  /// Writes a little, with a descriptor (SCM_RIGHTS, unix(7)).
  func write(_ bytes: [UInt8], passing descriptor: Descriptor) throws {
    var bytes = bytes
    // struct cmsghdr is a length, a level and a type, in 16 bytes; the descriptor follows, in 8.
    var control: [Int32] = [20, 0, SOL_SOCKET, Int32(SCM_RIGHTS), descriptor.number, 0]
    let count = unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe control.withUnsafeMutableBytes { control in
        var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return unsafe withUnsafeMutablePointer(to: &part) { part in
          var message = unsafe msghdr()
          unsafe message.msg_iov = part
          unsafe message.msg_iovlen = 1
          unsafe message.msg_control = control.baseAddress
          unsafe message.msg_controllen = control.count
          return unsafe sendmsg(number, &message, Int32(MSG_NOSIGNAL))
        }
      }
    }
    guard count == bytes.count else { throw SystemError(call: "sendmsg", errno: errno) }
  }

  /// Receives bytes and the descriptors that came with them; empty at the end.
  func receive() throws -> (bytes: [UInt8], descriptors: [Descriptor]) {
    var bytes = [UInt8](repeating: 0, count: 65536)
    // struct cmsghdr is a length, a level and a type, in 16 bytes; the descriptors follow.
    var control = [Int32](repeating: 0, count: 64)
    var controlSize = 0
    let count = unsafe bytes.withUnsafeMutableBytes { bytes in
      unsafe control.withUnsafeMutableBytes { control in
        var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        return unsafe withUnsafeMutablePointer(to: &part) { part in
          var message = unsafe msghdr()
          unsafe message.msg_iov = part
          unsafe message.msg_iovlen = 1
          unsafe message.msg_control = control.baseAddress
          unsafe message.msg_controllen = control.count
          let count = unsafe recvmsg(number, &message, Int32(MSG_CMSG_CLOEXEC))
          controlSize = unsafe message.msg_controllen
          return count
        }
      }
    }
    let received = Int(try check("recvmsg", Int32(count)))
    let descriptors = controlSize >= 16 ? control[4..<Int(control[0]) / 4].map { Descriptor($0) } : []
    return (Array(bytes.prefix(received)), descriptors)
  }
}

/// The longest that a test waits for one event, in milliseconds. It is a safety net: no test waits so long to succeed.
let deadline: Int32 = 20_000

/// One process, as proc(5) shows it.
struct ProcessState: Equatable {
  let pid: Int32
  let parent: Int32
  let state: Character

  /// Nil if there is no such process.
  init?(pid: Int32) {
    // "pid (name) state parent ...", where the name may hold anything.
    guard let text = contents(of: "/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: name)...].split(separator: " ")
    guard fields.count > 1, let state = fields[0].first, let parent = Int32(fields[1]) else { return nil }
    self.pid = pid
    self.parent = parent
    self.state = state
  }
}

/// The text of a file, or nil if it can't be read.
func contents(of path: String) -> String? {
  let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard number >= 0 else { return nil }
  let file = Descriptor(number)
  var all: [UInt8] = []
  while let some = try? file.readSome() {
    if some.isEmpty { return String(decoding: all, as: UTF8.self) }
    all += some
  }
  return nil
}

/// The names in a directory, without the two dots, sorted.
func names(in path: String) -> [String] {
  guard let directory = unsafe opendir(path) else { return [] }
  defer { unsafe closedir(directory) }
  var names: [String] = []
  while let entry = unsafe readdir(directory) {
    let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// A string in the environment of all processes of one test, by which they are found wherever they went.
struct Mark {
  let entry = "HEDDLE_KEEPER_TEST=\(getpid())-\(UInt64.random(in: 0...UInt64.max))"

  /// The processes that carry it. A process that has exited no longer does.
  var bearers: [ProcessState] {
    names(in: "/proc").compactMap { Int32($0) }.filter { pid in
      contents(of: "/proc/\(pid)/environ")?.split(separator: "\0").contains { $0 == entry } ?? false
    }.compactMap { ProcessState(pid: $0) }
  }
}

/// Whether `condition` comes true before the deadline. For what proc(5) shows only, which announces nothing.
func eventually(_ condition: () -> Bool) -> Bool {
  let end = ContinuousClock.now + .milliseconds(deadline)
  while ContinuousClock.now < end {
    if condition() { return true }
    _ = poll(nil, 0, 1)
  }
  return condition()
}
