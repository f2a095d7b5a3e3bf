internal import Glibc

/// A call of the operating system that failed.
struct SystemFailure: Error, Equatable, CustomStringConvertible {
  /// What was attempted, and on what: "open /run/heddle/socket.lock".
  let attempt: String
  /// errno(3).
  let code: Int32

  /// - Parameter code: by default what the last call has left.
  init(_ attempt: String, code: Int32 = errno) {
    self.attempt = attempt
    self.code = code
  }

  /// "cannot open /run/heddle/socket.lock: Permission denied"
  var description: String { "cannot \(attempt): \(unsafe String(cString: strerror(code)))" }
}

extension DaemonError {
  /// - Parameter advice: what to do; ends the sentence.
  init(_ failure: SystemFailure, _ advice: String) { self.init("\(failure); \(advice)") }
}

/// What `attempt` gives.
///
/// - Throws: what it throws, with what to do at the sentence's end.
func advising<Value: ~Copyable>(
  _ advice: String,
  _ attempt: () throws(SystemFailure) -> Value
) throws(DaemonError) -> Value {
  do throws(SystemFailure) { return try attempt() } catch { throw DaemonError(error, advice) }
}
