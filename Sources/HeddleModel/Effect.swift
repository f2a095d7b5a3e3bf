/// What a shell has to do after a step, in this order, before the next input.
package enum Effect: Equatable, Codable, Sendable {
  // Orders to a thread's body. Each is answered by `bodyRunning`, `bodyStopped` or `bodyEnded`, whenever it is true.

  /// Let the body go on; answer with `bodyRunning` and the same generation.
  case runBody(ThreadID, generation: UInt64)
  /// Let the body stand still; nothing is delivered to it from now on. Answer with `bodyStopped` and the generation.
  case stopBody(ThreadID, generation: UInt64)
  /// End the body for good, running or standing still; answer with `bodyEnded`.
  case endBody(ThreadID, EndReason)

  // The ends of waits: each wait has exactly one.

  /// This branch of the wait was chosen.
  case chosen(WaitID, branch: Int, Choice)
  /// A break ended the wait; raise it in the thread, at the wait.
  case broken(WaitID, BreakKind)
  /// The thread that waited is ending, or the wait was given up.
  case withdrawn(WaitID)

  // News.

  /// A break is pending and enabled and the thread is in no wait that it could end: ask `takeBreak` at a safe point.
  case breakReady(ThreadID)
  /// The suspension or resumption was seen to have happened, or the thread is dead.
  case happened(StateEvent)
  /// The custodian manages nothing from now on: close what is registered with it.
  case shutDown(CustodianID)
  /// Every thread that the custodian and those below it managed is seen to be dead, or was left suspended.
  case shutdownComplete(CustodianID)
}

/// What choosing a branch brought beside the choice itself.
package enum Choice: Equatable, Codable, Sendable {
  /// The event alone.
  case ready
  /// The first message of the thread's mailbox is the waiter's: take it out now.
  case message(from: ThreadID)
  /// The wait on the other end of the channel, and the branch of it that was chosen.
  case met(WaitID, branch: Int)
  /// The nested thread is done: it returned, raised something, or was killed.
  case nested(BodyEnd)
}

/// Why a body is to end.
package enum EndReason: Equatable, Codable, Sendable {
  case killed
  /// Its last custodian was shut down.
  case lostCustodian(CustodianID)
  /// It is suspended, and nobody can resume it: the body goes, and the thread never dies of it.
  case unreachable
}
