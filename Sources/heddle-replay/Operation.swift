/// One thing that the driver of a trace does, with its arguments. The driver's current custodian is R, above every root.
package enum Operation: Equatable, Sendable {
  /// A new custodian below R, after the root before it went down.
  case newRoot(CustodianName)
  /// A new custodian below `parent`; a contract failure when that is down, and the name is then unused.
  case makeCustodian(CustodianName, parent: CustodianName)
  /// A new agent thread; a contract failure when the custodian is down, and the name is then unused.
  case thread(ThreadName, under: CustodianName, suspendToKill: Bool)
  /// Suspends with `caller` as the current custodian; nil: R.
  case suspend(ThreadName, as: CustodianName?)
  /// Kills with `caller` as the current custodian; nil: R.
  case kill(ThreadName, as: CustodianName?)
  case resume(ThreadName, benefactor: Benefactor?)
  case shutdown(CustodianName)
  case send(ThreadName, Int, onFailure: SendFailure)
  case breakThread(ThreadName, BreakKind)
  /// Appends a command to the agent's private queue.
  case command(ThreadName, AgentCommand)
  /// Asks for a state event now and keeps it under the name.
  case event(EventName, StateEventKind, of: ThreadName)
  case poll(Pollable)
  case semaphore(SemaphoreName, count: Int)
  case post(SemaphoreName)
  case channel(ChannelName)
  /// The clock goes on by so many milliseconds; it stands at 0 at the start.
  case tick(milliseconds: Int)
  /// The managers of a thread.
  case managers(ThreadName)
  /// What a custodian manages directly.
  case members(CustodianName)
}

/// Who vouches for a resumed thread.
package enum Benefactor: Equatable, Sendable {
  case thread(ThreadName)
  case custodian(CustodianName)
}

/// What a send does when the target is dead.
package enum SendFailure: String, Sendable, Codable, CaseIterable {
  /// It raises.
  case raises = "default"
  /// Its result is false.
  case givesFalse = "false"
  /// It calls a thunk that gives `"failed"`.
  case callsThunk = "thunk"
}

/// The strength of a break, weakest first.
package enum BreakKind: Int, Comparable, Sendable, CaseIterable {
  case interrupt
  case hangUp
  case terminate

  package static func < (left: BreakKind, right: BreakKind) -> Bool { left.rawValue < right.rawValue }
}

/// Which of a thread's state events.
package enum StateEventKind: String, Sendable, Codable, CaseIterable {
  case dead
  case suspend
  case resume
}

/// What the driver can poll.
package enum Pollable: Equatable, Sendable {
  case event(EventName)
  case nack(NackName)
}
