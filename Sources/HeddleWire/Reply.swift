package import HeddleModel

/// A supervisor's answer to a request, which closes it.
package enum Reply: Hashable, Codable, Sendable {
  /// What was asked for is so.
  case done
  /// The thread was made.
  case spawned(ThreadInfo)
  case thread(ThreadInfo)
  /// By ascending id; with `more`, ask again after the last of them.
  case threads([ThreadInfo], more: Bool)
  case killed(KillOutcome)
  /// Which thread, since a wait may have named it otherwise, and how.
  case died(ThreadID, DeathRecord)
  case log(LogText)
  case custodianTree(CustodianListing)
  case shutDown(ShutdownReport)
  case daemonStatus(DaemonStatus)
  case stateEvent(StateEvent)
  case nestedEnded(NestedEnd)
  /// So many MAIL frames came right before, which are the messages. None: there is no mail now, or, with `isEnd`, ever.
  case received(messages: Int, isEnd: Bool)
  case history(HistoryPage)
  indirect case threadDetail(ThreadDetail)
  case shutdownPlan(ShutdownPlan)
  case nodes(NodeListing)
  /// By name.
  case names([GlobalName])
  case custodianShared(CustodianPath)
}

/// What a kill came to.
package enum KillOutcome: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// The thread's end has begun. Only without `wait`.
  case ending = 1
  /// It is dead by this kill.
  case died = 2
  /// It was made suspend-to-kill, and is suspended.
  case suspended = 3
  /// It was dead before.
  case wasDead = 4
}

/// What is kept of a thread's output.
package struct LogText: Hashable, Codable, Sendable {
  package let text: [UInt8]
  /// Bytes that came before the oldest that is kept, and are lost.
  package let droppedBytes: Int
  /// The place of the first byte of `text` in all that the thread wrote.
  package let offset: Int

  /// - Parameter offset: nil is right behind what was dropped.
  package init(text: [UInt8], droppedBytes: Int, offset: Int? = nil) {
    self.text = text
    self.droppedBytes = droppedBytes
    self.offset = offset ?? droppedBytes
  }
}

/// What a custodian's shutdown, now complete, came to.
package struct ShutdownReport: Hashable, Codable, Sendable {
  /// Threads that died of it.
  package let threads: Int
  /// Processes that their trees had.
  package let processes: Int
  /// Suspend-to-kill threads that are suspended now, without a custodian.
  package let leftSuspended: Int
  package let duration: Duration

  package init(threads: Int, processes: Int, leftSuspended: Int, duration: Duration) {
    self.threads = threads
    self.processes = processes
    self.leftSuspended = leftSuspended
    self.duration = duration
  }
}
