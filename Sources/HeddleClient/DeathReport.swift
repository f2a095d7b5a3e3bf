internal import HeddleModel
internal import HeddleWire

/// How a process thread died.
public struct DeathReport: Hashable, Sendable {
  /// Why it died.
  public enum Cause: Hashable, Sendable, CustomStringConvertible {
    /// The program returned, with this exit status.
    case exited(status: UInt8)
    /// A signal that was not the supervisor's ended the program; signal(7). That of a break is one of them.
    case signalled(number: Int32, coreDumped: Bool)
    /// The program never ran: the step `stage` of its start failed; errno(3).
    case failedToStart(errorNumber: Int32, stage: String)
    /// A request ended it; `by` says whose, in words for people.
    case killed(by: String)
    /// It lost its last custodian when the one at this path was shut down.
    case custodianShutDown(path: String)
    /// The supervisor ended, and its threads with it.
    case supervisorEnded
    /// It was not dead when the time was up that it was made with.
    case timedOut(after: Duration)
    /// The node that it was on has lost its place in the cluster, and all that depended on that: the thread never acts again.
    case nodeLost(node: String)

    public var description: String {
      switch self {
      case .exited(let status): "it exited with status \(status)"
      case .signalled(let number, let coreDumped): "signal \(number) ended it\(coreDumped ? ", with a core file" : "")"
      case .failedToStart(let number, let stage): "it did not start: \(stage): \(SystemError.text(number))"
      case .killed(let by): by.isEmpty ? "it was killed" : "it was killed by \(by)"
      case .custodianShutDown(let path): "its custodian \(path) was shut down"
      case .supervisorEnded: "its supervisor ended"
      case .timedOut(let time): "its time was up, after \(time)"
      case .nodeLost(let node): "its node, \(node), was lost"
      }
    }
  }

  public let cause: Cause
  /// How many messages it left unread.
  public let unreadMail: Int

  /// The program's exit status; nil if it did not return by itself.
  public var exitStatus: UInt8? {
    if case .exited(let status) = cause { status } else { nil }
  }

  init(_ record: DeathRecord) {
    unreadMail = record.unreadMail
    cause =
      switch record.cause {
      case .exited(let code): .exited(status: code)
      case .signalled(let number, let coreDumped): .signalled(number: number, coreDumped: coreDumped)
      case .failedToStart(let number, let stage): .failedToStart(errorNumber: number, stage: stage)
      case .killed(let by): .killed(by: by)
      case .custodianShutDown(let path): .custodianShutDown(path: path.description)
      case .daemonEnded: .supervisorEnded
      case .timedOut(let time): .timedOut(after: time)
      case .nodeLost(let node): .nodeLost(node: node.text)
      }
  }
}
