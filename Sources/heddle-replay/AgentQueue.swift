internal import DequeModule
internal import HeddleThreads
internal import Synchronization

/// The private queue of an agent that is a process, and what the agent is doing.
final class AgentQueue: Sendable {
  private enum Activity {
    /// It takes the next command, if there is one.
    case idle
    case performing(AgentCommand)
    /// It makes a nested process, which does not run yet.
    case beginningToNest
    /// It waits for a nested process.
    case nesting
  }

  private struct State: Sendable {
    var commands: Deque<(AgentCommand, AgentMeanings)> = []
    /// Kept if there is a command.
    var filled = Promise<Void>()
    var activity = Activity.idle
    var figures = AgentFigures()
  }

  private let state = Mutex(State())

  // MARK: - Commands

  /// Puts a command at the end.
  func add(_ command: AgentCommand, _ meanings: AgentMeanings) {
    let filled = state.withLock { state in
      state.commands.append((command, meanings))
      return state.filled
    }
    // Outside of the lock, since whoever waits goes on by it.
    filled.fulfill(())
  }

  /// Ready when there is a command, which it leaves there.
  var filled: Promise<Void> { state.withLock(\.filled) }

  /// Takes the first command, which the agent performs from here on.
  func take() -> (AgentCommand, AgentMeanings) {
    state.withLock { state in
      let first = state.commands.removeFirst()
      if state.commands.isEmpty { state.filled = Promise() }
      state.activity = .performing(first.0)
      state.figures.commands += 1
      return first
    }
  }

  // MARK: - What the agent does

  /// The command is done.
  func noteIdle() { state.withLock { $0.activity = .idle } }

  func noteReport() { state.withLock { $0.figures.reports += 1 } }

  func noteNestingBegins() { state.withLock { $0.activity = .beginningToNest } }

  func noteNestingHasBegun() { state.withLock { $0.activity = .nesting } }

  /// What has been done so far; nil if the agent is to go on, provided that its thread waits.
  var figuresIfParked: AgentFigures? {
    state.withLock { state in
      switch state.activity {
      case .idle: state.commands.isEmpty ? state.figures : nil
      case .performing, .nesting: state.figures
      case .beginningToNest: nil
      }
    }
  }

  /// How many things the agent asks the supervisor at most, one after the other, before it waits.
  var questionsMax: Int {
    state.withLock { state in
      if case .performing(let command) = state.activity { command.questionsMax } else { 0 }
    }
  }
}

extension AgentCommand {
  fileprivate var questionsMax: Int {
    switch self {
    case .receive, .rewind, .breaks, .breakState, .raise, .exit: 0
    case .tryReceive, .wait, .selfSuspend, .nest: 1
    // What follows a kill that was none, for one that suspends on kill.
    case .selfKill: 2
    case .sync(let branches, _): branches.count
    }
  }
}
