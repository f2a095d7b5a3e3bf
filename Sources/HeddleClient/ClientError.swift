package import HeddleLoop
package import HeddleWire

/// Why a supervisor did not do what a client asked of it.
package enum ClientError: Error, Equatable, Sendable {
  /// Nobody answers at the socket.
  case connectFailed(socketPath: String, LoopError)
  /// What answers there does not want this client, or is no supervisor.
  case handshake(socketPath: String, reason: String)
  /// The connection has ended; what became of open requests and unacknowledged mail is not known.
  case connectionLost(reason: String)
  /// The supervisor said something that the protocol does not allow; the connection is closed.
  case protocolBroken(reason: String)
  /// The supervisor answered with a refusal.
  case refused(WireRefusal)
}

extension ClientError: CustomStringConvertible {
  /// A sentence: what was attempted, on what, and why it failed.
  package var description: String {
    switch self {
    case .connectFailed(let path, let error): "cannot connect to the supervisor at \(path): \(error.message)"
    case .handshake(let path, let reason): "cannot agree with the supervisor at \(path): \(reason)"
    case .connectionLost(let reason): "cannot go on without the supervisor: \(reason)"
    case .protocolBroken(let reason): "cannot understand the supervisor: \(reason)"
    case .refused(let refusal): refusal.description
    }
  }

  /// The supervisor's refusal, if that is what it is.
  package var refusal: WireRefusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}
