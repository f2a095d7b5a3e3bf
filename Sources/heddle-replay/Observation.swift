/// What is seen of the world after one operation, once everything has settled.
package struct Observation: Equatable, Sendable {
  package var result: Outcome
  /// What threads reported: ordered by creation of the thread, and by time within one.
  package var events: [Event]
  /// Every thread so far.
  package var states: [ThreadName: ThreadState]
  /// The custodians that are shut down, in creation order.
  package var down: [CustodianName]

  package init(result: Outcome, events: [Event], states: [ThreadName: ThreadState], down: [CustodianName]) {
    self.result = result
    self.events = events
    self.states = states
    self.down = down
  }

  /// A report and the thread that made it.
  package struct Event: Equatable, Sendable {
    package var thread: ThreadName
    package var report: Report

    package init(_ thread: ThreadName, _ report: Report) {
      self.thread = thread
      self.report = report
    }
  }
}

/// What a thread is seen to be.
package enum ThreadState: String, Sendable, Codable {
  case running
  case suspended
  case dead
}

/// The class of a raised failure.
package enum FailureClass: String, Sendable, Codable {
  case contract = "exn:fail:contract"
  case general = "exn:fail"
}

/// What an operation returned, or the failure that it raised.
package enum Outcome: Equatable, Sendable {
  case void
  case failure(FailureClass)
  /// A command went to an agent's queue.
  case queued
  /// A send that failed, told to give false.
  case sendGaveFalse
  /// A send that failed, told to call the thunk.
  case sendCalledThunk
  /// An event that is identical to none that the driver keeps.
  case fresh
  /// An event that is identical to an earlier one; its oldest name.
  case same(EventName)
  case notReady
  /// A polled event is ready and gives the thread.
  case ready(ThreadName)
  /// A polled event is ready and gives itself.
  case readyItself
  /// A thread's managers, in creation order.
  case managers([CustodianName])
  /// A custodian's live immediate members, each list in creation order.
  case members(threads: [ThreadName], custodians: [CustodianName])
}

/// What an agent says about a command, or about a break.
package enum Report: Equatable, Sendable {
  /// The message, or nil when there was none.
  case tryReceive(Int?)
  case receive(Int)
  case rewind
  case waited(ThreadName)
  /// The agent suspended itself and was resumed.
  case selfSuspend
  /// The agent was suspended instead of killed, and was resumed.
  case selfKill
  case broken(BreakKind)
  /// The command failed.
  case error(FailureClass)
  /// The branch that was taken, and the value that came with it.
  case sync(index: Int, value: Int?)
  case nested(NestedOutcome)
  case breakState(enabled: Bool)
}

/// How a nested thread ended, as its creator sees it.
package enum NestedOutcome: String, Sendable, Codable {
  /// It left by `exit`.
  case returned
  /// It left by `raise`.
  case raised
  /// It was killed, or its value was lost.
  case failed
}
