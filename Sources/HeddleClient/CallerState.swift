internal import Glibc
internal import HeddleWire

/// What a program inherits from whoever runs it. Read from `/proc`, byte for byte, and without changing anything.
package struct CallerState: Sendable {
  package let directory: [UInt8]
  /// Without the variables that the daemon sets anew for each thread.
  package let environment: [[UInt8]]
  package let umask: UInt32

  package init() throws(ClientError) {
    guard let directory = unsafe getcwd(nil, 0) else {
      throw .refused(.unspecified, "find", "the current directory", SystemError.text(errno))
    }
    defer { unsafe free(directory) }
    guard
      let environment = Self.contents(of: "/proc/self/environ"),
      let status = Self.contents(of: "/proc/self/status"),
      let umask = Self.umask(inStatus: String(decoding: status, as: UTF8.self))
    else {
      throw Self.noProc("state")
    }
    // A String would repair what is not UTF-8 in it.
    self.directory = unsafe Array(UnsafeRawBufferPointer(start: directory, count: strlen(directory)))
    self.environment = Self.inherited(from: environment)
    self.umask = umask
  }

  /// The last `count` arguments of this process. `CommandLine` would repair what is not UTF-8 in them.
  package static func lastArguments(_ count: Int) throws(ClientError) -> [[UInt8]] {
    guard let line = contents(of: "/proc/self/cmdline") else { throw noProc("arguments") }
    return strings(in: line).suffix(count)
  }

  /// The file mode creation mask that a process's `/proc/PID/status` tells of; proc_pid_status(5).
  package static func umask(inStatus status: String) -> UInt32? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("Umask:") }
    return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { UInt32($0, radix: 8) }
  }

  /// The variables in `/proc/PID/environ` but those that are heddle's to set.
  package static func inherited(from environ: [UInt8]) -> [[UInt8]] {
    strings(in: environ).filter { isAssignment($0) && !$0.starts(with: "HEDDLE_".utf8) }
  }

  /// A shell may pass on what is none; environ(7).
  private static func isAssignment(_ variable: [UInt8]) -> Bool {
    (variable.firstIndex(of: UInt8(ascii: "=")) ?? 0) > 0
  }

  /// What NUL bytes end in `bytes`, also empty ones.
  private static func strings(in bytes: [UInt8]) -> [[UInt8]] {
    let body = bytes.last == 0 ? bytes.dropLast() : bytes[...]
    return body.isEmpty ? [] : body.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
  }

  private static func noProc(_ what: String) -> ClientError {
    .refused(.unspecified, "read", "this process's \(what)", "/proc does not tell it", advice: "mount /proc")
  }

  /// All of a file of `/proc`; nil if it can't be read.
  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    while true {
      var count = 0
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, initialized in
        repeat { count = unsafe read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
        initialized = max(count, 0)
      }
      if count < 0 { return nil }
      if count == 0 { return contents }
      contents += chunk
    }
  }
}
