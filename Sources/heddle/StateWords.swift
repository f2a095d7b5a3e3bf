internal import Glibc
internal import HeddleClient
internal import HeddleWire

/// Threads' states and deaths, in words for people.
enum StateWords {
  /// A glyph and a word: "‖ suspended".
  static func state(of thread: ThreadInfo, isUTF8: Bool) -> String {
    let (glyph, ascii, word) =
      switch thread.state {
      case .starting: ("◐", "~", "starting")
      case .running: ("●", "*", "running")
      case .suspended: ("‖", "=", "suspended")
      case .ending: ("◌", "-", "ending")
      case .dead: thread.death?.cause.isFailure == true ? ("✗", "x", "failed") : ("○", "o", "dead")
      }
    return "\(isUTF8 ? glyph : ascii) \(word)"
  }

  static func tone(of thread: ThreadInfo) -> Palette.Tone {
    switch thread.state {
    case .running: .good
    case .starting, .suspended, .ending: .waiting
    case .dead: thread.death?.cause.isFailure == true ? .bad : .faint
    }
  }

  /// What happened to a thread last: "suspended 0s ago by /main/job".
  static func last(of thread: ThreadInfo) -> String {
    if let death = thread.death { return "\(cause(death.cause)) \(thread.sinceChange.age) ago" }
    let by = thread.lastChange.by.isEmpty ? "" : " by \(thread.lastChange.by)"
    return "\(thread.lastChange.what) \(thread.sinceChange.age) ago\(by)"
  }

  static func cause(_ cause: DeathCause) -> String {
    switch cause {
    case .exited(let code): "exited with \(code)"
    case .signalled(let number, let coreDumped): "ended by signal \(number)\(coreDumped ? " (core dumped)" : "")"
    case .failedToStart(let errorNumber, let stage): "failed to start (\(stage): \(SystemError.text(errorNumber)))"
    case .killed(let by): by.isEmpty ? "killed" : "killed by \(by)"
    case .custodianShutDown(let path): "shut down with \(path)"
    case .daemonEnded: "ended with the daemon"
    case .timedOut(let time): "timed out after \(time.took)"
    case .nodeLost(let node): "lost with node \(node)"
    }
  }
}

extension DeathCause {
  /// Whether the program itself went wrong.
  var isFailure: Bool {
    switch self {
    case .exited(let code): code != 0
    // Who ends by one of these was asked to.
    case .signalled(let number, _): ![SIGHUP, SIGINT, SIGTERM].contains(number)
    case .failedToStart: true
    case .timedOut, .nodeLost: true
    case .killed, .custodianShutDown, .daemonEnded: false
    }
  }
}
