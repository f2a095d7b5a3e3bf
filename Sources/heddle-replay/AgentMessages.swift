internal import Foundation

// What a replayer and an agent that is a process say to each other over the agent's second connection: JSON, a line each.

/// What an agent is told.
enum AgentOrder: Equatable, Sendable {
  /// To say when it is parked, and this number with it.
  case probe(Int)
  /// To do something when it has done what came before. `meanings` tells what the names in the command stand for: threads
  /// by reference, custodians by path, events by their text.
  case perform(AgentCommand, meanings: [String: String])

  var json: String {
    switch self {
    case .probe(let number): return "{\"probe\":\(number)}"
    case .perform(let command, let meanings):
      let entries = meanings.sorted { $0.key < $1.key }.map { "\($0.key.quoted):\($0.value.quoted)" }
      return "{\"command\":\(command.json),\"meanings\":{\(entries.joined(separator: ","))}}"
    }
  }
}

/// What an agent says.
enum AgentWord: Equatable, Sendable {
  /// First of all: which thread it is, by reference.
  case hello(thread: String)
  case report(Observation.Event)
  /// An agent runs that is nested in this one; its thread by reference.
  case nested(ThreadName, thread: String)
  /// The answer to a probe.
  case parked(probe: Int, AgentFigures)

  var json: String {
    switch self {
    case .hello(let thread): "{\"thread\":\(thread.quoted)}"
    case .report(let event): "{\"report\":\(TraceWriter.json(event))}"
    case .nested(let name, let thread): "{\"nested\":\(name.json),\"thread\":\(thread.quoted)}"
    case .parked(let probe, let figures):
      "{\"parked\":\(probe),\"commands\":\(figures.commands),\"reports\":\(figures.reports)}"
    }
  }
}

/// How much a parked agent has done so far.
struct AgentFigures: Equatable, Sendable {
  /// Commands that it has taken.
  var commands = 0
  /// Reports that it has sent.
  var reports = 0
}

// MARK: - Reading

private enum MessageKey: String, CodingKey {
  case probe, command, meanings, thread, report, nested, parked, commands, reports
}

extension Decodable {
  /// What a line of JSON says.
  init(line: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(line.utf8)) }
}

extension AgentOrder: Decodable {
  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: MessageKey.self)
    if let number = try object.decodeIfPresent(Int.self, forKey: .probe) {
      self = .probe(number)
    } else {
      self = .perform(
        try object.decode(AgentCommand.self, forKey: .command),
        meanings: try object.decode([String: String].self, forKey: .meanings)
      )
    }
  }
}

extension AgentWord: Decodable {
  init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: MessageKey.self)
    if let report = try object.decodeIfPresent(Observation.Event.self, forKey: .report) {
      self = .report(report)
    } else if let probe = try object.decodeIfPresent(Int.self, forKey: .parked) {
      let commands = try object.decode(Int.self, forKey: .commands)
      self = .parked(
        probe: probe,
        AgentFigures(commands: commands, reports: try object.decode(Int.self, forKey: .reports))
      )
    } else if let name = try object.decodeIfPresent(ThreadName.self, forKey: .nested) {
      self = .nested(name, thread: try object.decode(String.self, forKey: .thread))
    } else {
      self = .hello(thread: try object.decode(String.self, forKey: .thread))
    }
  }
}
