internal import CLibuv

/// Why the operating system, through libuv, refused what was attempted.
package struct LoopError: Error, Equatable, CustomStringConvertible {
  /// The errno(3) value, positive: `ECONNREFUSED`, `EPIPE`.
  package let code: Int32
  /// What was attempted, and on what: "connect to /run/user/0/heddle/socket".
  package let attempt: String
  /// A sentence of our own where the system's message would not help, else nil.
  private let advice: String?

  package init(code: Int32, attempt: String, advice: String? = nil) {
    self.code = code
    self.attempt = attempt
    self.advice = advice
  }

  /// The symbolic name of `code`: "ECONNREFUSED".
  package var name: String { unsafe Self.text(of: -code, uv_err_name_r) }

  /// What `code` means: "connection refused".
  package var message: String { unsafe advice ?? Self.text(of: -code, uv_strerror_r) }

  /// "cannot connect to /tmp/s: connection refused (ECONNREFUSED)"
  package var description: String { "cannot \(attempt): \(message) (\(name))" }

  /// Errors are equal when the same attempt met the same code.
  package static func == (left: Self, right: Self) -> Bool { left.code == right.code && left.attempt == right.attempt }

  /// The text that one of libuv's reentrant describers has for `status`; the plain ones leak on unknown codes.
  private static func text(
    of status: Int32,
    _ describe: (Int32, UnsafeMutablePointer<CChar>?, Int) -> UnsafeMutablePointer<CChar>?
  ) -> String {
    unsafe String(unsafeUninitializedCapacity: 128) { room in
      unsafe room.withMemoryRebound(to: CChar.self) { text in
        _ = unsafe describe(status, text.baseAddress, text.count)
        return unsafe text.firstIndex(of: 0) ?? text.count
      }
    }
  }
}

extension LoopError {
  /// Turns a libuv status into an error at once.
  ///
  /// - Parameter status: a libuv result; negative is an errno with its sign changed, the rest is success.
  /// - Returns: `status`, when it is a success.
  @discardableResult
  static func check(_ status: Int32, _ attempt: @autoclosure () -> String) throws(LoopError) -> Int32 {
    guard status < 0 else { return status }
    throw LoopError(code: -status, attempt: attempt())
  }

  /// The error of a libuv status that arrived in a callback, or nil for success.
  static func from(_ status: Int32, _ attempt: @autoclosure () -> String) -> LoopError? {
    status < 0 ? LoopError(code: -status, attempt: attempt()) : nil
  }

  /// The answer to every attempt to make a handle on a loop that was told to stop.
  static func stopped(_ attempt: String) -> LoopError {
    LoopError(code: ECANCELED, attempt: attempt, advice: "the event loop has stopped")
  }

  /// The answer to an operation on a handle after its `close()`.
  static func closed(_ attempt: String) -> LoopError {
    LoopError(code: EBADF, attempt: attempt, advice: "the handle is closed")
  }
}
