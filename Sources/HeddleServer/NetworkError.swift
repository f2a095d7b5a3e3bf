internal import Glibc
internal import HeddleLoop

/// Why bytes could not be moved, or a connection not be made. Racket: `exn:fail:network`.
public struct NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was wrong; stable, so a program may depend on it.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The port or the listener was closed on this side, perhaps by its custodian's shutdown.
    case closed
    /// The other side is gone without an end of its stream.
    case disconnected
    /// Nobody listens at the address.
    case refused
    /// The other side did not answer in time.
    case timedOut
    /// Somebody has the address already.
    case addressInUse
    /// The address is none, or none of this machine.
    case badAddress
    /// This user may not do that.
    case notPermitted
    /// The process, or the system, has no descriptors or no memory left for another connection.
    case exhausted
    /// A line is longer than it may be.
    case lineTooLong
    /// An argument is outside of its range.
    case badArgument
    /// Something else; the description says what.
    case other
  }

  /// What was wrong.
  public let code: Code
  /// What was attempted, on what, and what can be done.
  public let description: String

  /// An error of a transport of one's own; see `runServer`.
  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  init(_ error: LoopError) { self.init(Code(errorNumber: error.code), error.description) }

  static func closed(_ attempt: String, _ name: String) -> NetworkError {
    NetworkError(.closed, "cannot \(attempt) \(name): it was closed here, by close() or by its custodian's shutdown")
  }

  static func lineTooLong(_ limit: Int, _ name: String) -> NetworkError {
    let sentence = "cannot read a line from \(name): it is longer than \(limit) bytes"
    return NetworkError(.lineTooLong, sentence + "; read it in chunks, or allow for longer ones")
  }
}

extension NetworkError.Code {
  fileprivate init(errorNumber: Int32) {
    self =
      switch errorNumber {
      case EPIPE, ECONNRESET, ENOTCONN, ECONNABORTED: .disconnected
      case ECONNREFUSED, ENOENT: .refused
      case ETIMEDOUT, EHOSTUNREACH, ENETUNREACH: .timedOut
      case EADDRINUSE: .addressInUse
      case EADDRNOTAVAIL, EINVAL, ENAMETOOLONG, EAFNOSUPPORT: .badAddress
      case EACCES, EPERM: .notPermitted
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: .exhausted
      case EBADF, ECANCELED: .closed
      default: .other
      }
  }
}
