internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleWire

/// Why a command did not do what it was asked for: a sentence, and how the program exits.
struct Failure: Error, Equatable {
  let status: ExitStatus
  /// Without the program's name in front.
  let sentence: String
  /// Nobody listens at the socket.
  private(set) var isNoDaemon = false

  init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The same sentence with another exit status.
  func exiting(with status: ExitStatus) -> Failure { Failure(status, sentence) }
}

extension Failure {
  /// - Parameter socket: where the daemon is that it happened with.
  init(any error: any Error, at socket: SocketPath) {
    switch error {
    case let failure as Failure: self = failure
    case let error as ClientError: self.init(error, at: socket)
    case let error as LoopError: self.init(.failed, error.description)
    default: self.init(.failed, "\(error)")
    }
  }

  init(_ error: ClientError, at socket: SocketPath) {
    switch error.cause {
    case .connectFailed(let path, let error) where error.code == ENOENT || error.code == ECONNREFUSED:
      let start = socket.isDefault ? "heddle daemon" : "heddle daemon --socket \(path)"
      self.init(.unreachable, "no daemon at \(path) (\(error.message)). Start one: \(start)")
      isNoDaemon = true
    case .connectFailed(_, let error):
      let isForbidden = error.code == EACCES || error.code == EPERM
      self.init(
        isForbidden ? .permission : .unreachable,
        "\(ClientError.connectFailed(socketPath: socket.text, error))"
      )
    case .handshake, .connectionLost: self.init(.unreachable, error.description)
    case .protocolBroken, .nested: self.init(.failed, error.description)
    case .refused(let refusal): self.init(refusal)
    }
  }

  init(_ refusal: WireRefusal) {
    guard let errorNumber = refusal.errorNumber else {
      self.init(ExitStatus(refusal.code), refusal.description)
      return
    }
    let explained = WireRefusal(
      refusal.code,
      attempted: refusal.attempted,
      subject: refusal.subject,
      reason: "\(refusal.reason) (\(SystemError.text(errorNumber)))",
      advice: refusal.advice
    )
    self.init(ExitStatus(refusal.code), explained.description)
  }
}
