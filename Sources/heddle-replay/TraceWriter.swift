/// Writes trace lines as JSON, in the order of keys that the recorded traces have.
///
/// Words and names need no escaping: a name is letters and digits.
package enum TraceWriter {
  /// One line, without the newline. `index` counts from 0.
  package static func line(_ line: TraceLine, index: Int) -> String {
    let observation = line.observation
    return """
      {"i":\(index),\(line.operation.json),"result":\(observation.result.json),"events":\(json(observation.events)),\
      "states":\(json(observation.states)),"down":\(json(observation.down))}
      """
  }

  /// A whole file.
  package static func text(_ lines: [TraceLine]) -> String {
    lines.enumerated().map { line($1, index: $0) + "\n" }.joined()
  }

  static func json(_ events: [Observation.Event]) -> String {
    list(events.map { json($0) })
  }

  static func json(_ event: Observation.Event) -> String { list([event.thread.json] + event.report.items) }

  /// States go by the threads' numbers: in the order in which the names were given out.
  static func json(_ states: [ThreadName: ThreadState]) -> String {
    let entries = states.sorted { ($0.key.text.count, $0.key.text) < ($1.key.text.count, $1.key.text) }
    return "{\(entries.map { "\($0.key.text.quoted):\($0.value.rawValue.quoted)" }.joined(separator: ","))}"
  }

  static func json(_ names: [some Name]) -> String { list(names.map(\.text.quoted)) }

  static func list(_ items: [String]) -> String { "[\(items.joined(separator: ","))]" }
}

extension String {
  /// The text as a JSON string; it holds nothing that needs escaping.
  var quoted: String { "\"\(self)\"" }
}

extension Outcome {
  package var json: String {
    switch self {
    case .void: "void".quoted
    case .failure(let failure): failure.rawValue.quoted
    case .queued: "queued".quoted
    case .sendGaveFalse: "false"
    case .sendCalledThunk: "failed".quoted
    case .fresh: "fresh".quoted
    case .same(let event): TraceWriter.list(["same".quoted, event.text.quoted])
    case .notReady: "not-ready".quoted
    case .ready(let thread): TraceWriter.list(["ready".quoted, thread.text.quoted])
    case .readyItself: TraceWriter.list(["ready".quoted, "itself".quoted])
    case .managers(let custodians): TraceWriter.json(custodians)
    case .members(let threads, let custodians):
      TraceWriter.list(threads.map(\.text.quoted) + custodians.map(\.text.quoted))
    }
  }
}

extension Report {
  /// The report's list without the thread at its front.
  var items: [String] {
    switch self {
    case .tryReceive(let message): ["try-receive".quoted, message.map { "\($0)" } ?? "false"]
    case .receive(let message): ["receive".quoted, "\(message)"]
    case .rewind: ["rewind".quoted]
    case .waited(let thread): ["waited".quoted, thread.text.quoted]
    case .selfSuspend: ["self-suspend".quoted]
    case .selfKill: ["self-kill".quoted]
    case .broken(let kind): ["break".quoted, kind.word.quoted]
    case .error(let failure): ["error".quoted, failure.rawValue.quoted]
    case .sync(let index, let value): ["sync".quoted, "\(index)"] + (value.map { ["\($0)"] } ?? [])
    case .nested(let outcome): ["nested".quoted, outcome.rawValue.quoted]
    case .breakState(let enabled): ["break-state".quoted, "\(enabled)"]
    }
  }
}
