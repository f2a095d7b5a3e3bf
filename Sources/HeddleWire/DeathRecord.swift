package import HeddleModel

/// What stays known of a dead thread.
package struct DeathRecord: Hashable, Codable, Sendable {
  package let cause: DeathCause
  /// Messages that the thread left unread.
  package let unreadMail: Int

  package init(cause: DeathCause, unreadMail: Int) {
    self.cause = cause
    self.unreadMail = unreadMail
  }
}

/// Why a thread died.
package enum DeathCause: Hashable, Codable, Sendable {
  /// The program returned, with this status.
  case exited(code: UInt8)
  /// A signal that is not the supervisor's ended the program; signal(7).
  case signalled(number: Int32, coreDumped: Bool)
  /// The program never ran: the step `stage` of its start failed; errno(3).
  case failedToStart(errorNumber: Int32, stage: String)
  /// A request ended it; `by` says whose, in words for people.
  case killed(by: String)
  /// It lost its last custodian when this one was shut down.
  case custodianShutDown(CustodianPath)
  /// The supervisor ended, and its threads with it.
  case daemonEnded
  /// It was not dead by itself when the time that it was made with was up.
  case timedOut(after: Duration)
  /// Its node's stay in the cluster has ended, and all that depended on it.
  case nodeLost(EntityName)
}
