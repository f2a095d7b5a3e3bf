/// What an agent is told to do through its private queue.
package enum AgentCommand: Equatable, Sendable {
  case tryReceive
  case receive
  /// Pushes back one by one, so that the last is received first.
  case rewind([Int])
  /// Sets whether breaks are enabled; reports nothing itself.
  case breaks(enabled: Bool)
  /// Waits until the thread is dead.
  case wait(ThreadName)
  /// Suspends itself, under the agent's current custodian.
  case selfSuspend
  /// Kills itself, under the agent's current custodian.
  case selfKill
  /// Raises something that nobody catches.
  case raise
  /// Returns from the agent's body.
  case exit
  /// Waits for the first ready branch; `enablingBreaks` lets a break in while it waits, also when breaks are disabled.
  case sync([Branch], enablingBreaks: Bool)
  /// Runs a nested agent and blocks until it is done.
  case nest(ThreadName, under: CustodianName)
  /// Reports whether breaks are enabled.
  case breakState
}
