internal import ArgumentParser
internal import Glibc
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// Something that `heddle sync` waits for: "dead:web", "late=timer:10s".
struct EventArgument: ExpressibleByArgument {
  enum Kind {
    /// Of several threads, the first of them.
    case state(StateEvent.Kind, Selector)
    /// Mail of the thread that this process is a part of.
    case mail
    case timer(Duration)
    case at(WallTime)
    case standardInput
    case signal(Int32)
  }

  /// What is printed when it is the one: what stands before `=`, else the whole of it.
  let label: String
  let kind: Kind

  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> EventArgument {
    if let event = EventArgument(argument: text) { return event }
    let what = text.split(separator: "=", maxSplits: 1).last ?? ""
    let parts = what.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { throw noEvent(text) }
    switch parts[0] {
    case "timer": _ = try DurationArgument.parse(String(parts[1]))
    case "at":
      throw ValidationError("'\(parts[1])' is no time to wait for: give \(MomentArgument.forms).")
    case "sig":
      throw ValidationError(
        "'\(parts[1])' is no signal to wait for: give one of \(SignalName.names.joined(separator: ", ")), as in sig:USR1."
      )
    case "dead", "suspended", "resumed": _ = try Selector.parse(String(parts[1]))
    default: break
    }
    throw noEvent(text)
  }

  private static func noEvent(_ text: String) -> ValidationError {
    ValidationError("'\(text)' is no event: an event is \(forms), with NAME= before it or not.")
  }

  /// What stands before the colon and a thread, and what needs no thread.
  static let threadWords = ["dead", "resumed", "suspended"]
  static let otherWords = ["msg", "stdin"] + SignalName.names.map { "sig:\($0)" }

  static let forms = "dead:THREAD, suspended:THREAD, resumed:THREAD, msg, timer:10s, at:18:30, stdin or sig:TERM"

  init?(argument: String) {
    let name = argument.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    let isLabelled = !name.isEmpty && argument.dropFirst(name.count).first == "="
    label = isLabelled ? String(name) : argument
    guard let kind = Kind(isLabelled ? argument.dropFirst(name.count + 1) : argument[...]) else { return nil }
    self.kind = kind
  }
}

extension EventArgument.Kind {
  /// Whether a daemon tells of it.
  var isOfDaemon: Bool {
    switch self {
    case .state, .mail: true
    case .timer, .at, .standardInput, .signal: false
    }
  }

  fileprivate init?(_ text: Substring) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let subject = parts.count > 1 ? String(parts[1]) : nil
    switch (String(parts[0]), subject) {
    case ("stdin", nil): self = .standardInput
    case ("msg", nil): self = .mail
    case ("timer", let text?):
      guard let timer = DurationArgument(argument: text) else { return nil }
      self = .timer(timer.duration)
    case ("at", let text?):
      guard let moment = MomentArgument(argument: text) else { return nil }
      self = .at(moment.date)
    case ("sig", let name?):
      guard let number = SignalName.number(of: name) else { return nil }
      self = .signal(number)
    case (let word, let name?):
      guard let kind = Self.stateWords[word], let threads = Selector(argument: name) else { return nil }
      self = .state(kind, threads)
    default: return nil
    }
  }

  private static let stateWords: [String: StateEvent.Kind] = [
    "dead": .death, "suspended": .suspension, "resumed": .resumption,
  ]
}

/// Signals by name, without SIG in front or with it; signal(7). Only those that a program may watch for.
enum SignalName {
  private static let numbers: [String: Int32] = [
    "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "USR1": SIGUSR1, "USR2": SIGUSR2, "ALRM": SIGALRM, "TERM": SIGTERM,
    "CHLD": SIGCHLD, "CONT": SIGCONT, "WINCH": SIGWINCH,
  ]

  static var names: [String] { numbers.sorted { $0.value < $1.value }.map(\.key) }

  static func number(of name: String) -> Int32? {
    let upper = name.uppercased()
    return numbers[upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper]
  }
}
