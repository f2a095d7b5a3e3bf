internal import Glibc

/// What a program inherits from whoever runs it. Read from `/proc`, byte for byte, and without changing anything.
struct CallerState {
  let directory: [UInt8]
  /// Without the variables that the daemon sets anew for each thread.
  let environment: [[UInt8]]
  let umask: UInt32

  init() throws(Failure) {
    guard let directory = unsafe getcwd(nil, 0) else {
      throw Failure(.failed, "cannot find the current directory: \(SystemError.text(errno))")
    }
    defer { unsafe free(directory) }
    guard
      let environment = Input.contents(of: "/proc/self/environ"),
      let status = Input.contents(of: "/proc/self/status"),
      let umask = Self.umask(inStatus: String(decoding: status, as: UTF8.self))
    else {
      throw Failure(.failed, "cannot read this process's state from /proc: is it mounted?")
    }
    self.directory = unsafe Array(String(cString: directory).utf8)
    self.environment = Self.inherited(from: environment)
    self.umask = umask
  }

  /// The last `count` arguments of this process. `CommandLine` would repair what is not UTF-8 in them.
  static func lastArguments(_ count: Int) throws(Failure) -> [[UInt8]] {
    guard let line = Input.contents(of: "/proc/self/cmdline") else {
      throw Failure(.failed, "cannot read this process's arguments from /proc: is it mounted?")
    }
    return strings(in: line).suffix(count)
  }

  /// The file mode creation mask that a process's `/proc/PID/status` tells of; proc_pid_status(5).
  static func umask(inStatus status: String) -> UInt32? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("Umask:") }
    return line?.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.flatMap { UInt32($0, radix: 8) }
  }

  /// The variables in `/proc/PID/environ` but those that are heddle's to set.
  static func inherited(from environ: [UInt8]) -> [[UInt8]] {
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
}
