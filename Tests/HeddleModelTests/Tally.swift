import heddle_replay

/// How often each operation, result, command and report occurred.
struct Tally: CustomStringConvertible {
  private(set) var counts: [String: Int] = [:]

  mutating func count(_ operation: Operation, _ observation: Observation) {
    counts["op \(operation.word)", default: 0] += 1
    counts["result \(operation.word) \(observation.result.word)", default: 0] += 1
    if case .command(_, let command) = operation { count(command) }
    for event in observation.events { counts["report \(event.report.words)", default: 0] += 1 }
    for (_, state) in observation.states { counts["state \(state.rawValue)", default: 0] += 1 }
  }

  private mutating func count(_ command: AgentCommand) {
    counts["command \(command.word)", default: 0] += 1
    guard case .sync(let branches, _) = command else { return }
    for branch in branches {
      counts["branch \(branch.source.word)", default: 0] += 1
      if branch.nack != nil { counts["branch nack", default: 0] += 1 }
    }
  }

  /// One line a thing, in alphabetical order.
  var description: String {
    counts.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)" }.joined(separator: "\n")
  }
}

extension Outcome {
  /// The class of the result, without names.
  fileprivate var word: String {
    switch self {
    case .void: "void"
    case .failure(let failure): failure.rawValue
    case .queued: "queued"
    case .sendGaveFalse: "false"
    case .sendCalledThunk: "failed"
    case .fresh: "fresh"
    case .same: "same"
    case .notReady: "not-ready"
    case .ready: "ready"
    case .readyItself: "itself"
    case .managers(let custodians): custodians.count > 1 ? "several" : "\(custodians.count)"
    case .members(let threads, let custodians): "\(threads.isEmpty ? 0 : 1) \(custodians.isEmpty ? 0 : 1)"
    }
  }
}

extension Report {
  /// The report without names and messages.
  fileprivate var words: String {
    switch self {
    case .tryReceive(let message): message == nil ? "try-receive false" : "try-receive"
    case .receive: "receive"
    case .rewind: "rewind"
    case .waited: "waited"
    case .selfSuspend: "self-suspend"
    case .selfKill: "self-kill"
    case .broken(let kind): "break \(kind.word)"
    case .error(let failure): "error \(failure.rawValue)"
    case .sync(let index, let value): "sync \(index)\(value == nil ? "" : " value")"
    case .nested(let outcome): "nested \(outcome.rawValue)"
    case .breakState(let enabled): "break-state \(enabled)"
    }
  }
}

extension Branch.Source {
  fileprivate var word: String {
    switch self {
    case .mail: "mail"
    case .receive: "receive"
    case .always: "always"
    case .never: "never"
    case .semaphore: "semaphore"
    case .peek: "peek"
    case .put: "put"
    case .get: "get"
    case .event: "event"
    case .box: "box"
    case .alarm: "alarm"
    }
  }
}
