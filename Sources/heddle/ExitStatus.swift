internal import Glibc
internal import HeddleWire

/// What the program's exit status says. The numbers are documented and never change.
struct ExitStatus: RawRepresentable, Hashable, Sendable {
  let rawValue: Int32

  static let failed = ExitStatus(rawValue: 1)
  static let usage = ExitStatus(rawValue: 2)
  static let noSuchTarget = ExitStatus(rawValue: 4)
  static let permission = ExitStatus(rawValue: 5)
  static let unreachable = ExitStatus(rawValue: 6)
  static let refused = ExitStatus(rawValue: 7)
  /// The time that was given is up.
  static let timeout = ExitStatus(rawValue: 124)
  /// heddle itself failed where the status is otherwise a program's.
  static let ownFailure = ExitStatus(rawValue: 125)
  static let notExecutable = ExitStatus(rawValue: 126)
  static let notFound = ExitStatus(rawValue: 127)
  /// As if SIGKILL had ended the program, which is how heddle kills.
  static let killed = ExitStatus.signalled(9)

  static func signalled(_ number: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + number) }

  /// Ends this process at once.
  func leave(saying sentence: String) -> Never {
    Output.complain(sentence)
    exit(rawValue)
  }
}

extension ExitStatus {
  init(_ code: RefusalCode) {
    switch code {
    case .noSuchThread, .gone, .noSuchCustodian: self = .noSuchTarget
    case .notInThread: self = .usage
    case .permission: self = .permission
    case .timedOut: self = .timeout
    case .limits, .endedEarly: self = .ownFailure
    case .dead, .suspended, .nameTaken, .alreadyNesting, .custodianShutDown, .pathTaken, .mailboxFull, .endedMail,
      .notALine,
      .noStream, .tooLarge, .shuttingDown, .cancelled:
      self = .refused
    case .unknownNode: self = .noSuchTarget
    case .nodeUnreachable, .nodeLost, .indeterminate: self = .unreachable
    case .notAcrossNodes: self = .usage
    case .wrongSecret, .wrongCluster, .nodeNameTaken: self = .failed
    case .unspecified, .badRequest, .unknownRequest, .version, .cannotStart, .cannotListen: self = .failed
    }
  }
}
