internal import HeddleModel
internal import HeddleWire

/// A thread whose program is being started, and who is told.
struct PendingSpawn: Sendable {
  /// nil once the connection is gone.
  var connection: ConnectionID?
  let request: RequestID
  /// The dead thread that had the name before; it has it again if the program cannot be started.
  let formerHolder: ThreadID?
  /// What the program's start waits for; nil if it is being started.
  var delay: StartDelay?
}

/// A request or a watch that waits for something, and what it is told when that has come.
struct Answer: Sendable {
  enum Subject: Sendable {
    /// Tell how the thread died.
    case death(ThreadID)
    /// Tell what the kill of the thread came to.
    case kill(ThreadID)
    /// Tell that it is so.
    case done
    /// No request: the watch fires.
    case watch(WatchID)
    /// Tell what the nested call comes to that the thread was made for.
    case nested(ThreadID)
    /// Give mail of the thread, which is the client's own, at most so many messages.
    case mail(ThreadID, most: Int)
    /// Tell that the thread, which is the client's own, has mail, or will have none.
    case mailArrival(ThreadID)
  }

  let connection: ConnectionID
  let request: RequestID
  let subject: Subject
  /// What the request attempted, and on what; for the case that it is withdrawn.
  let attempted: String
  let on: String
}
