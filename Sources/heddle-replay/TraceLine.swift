/// One line of a trace: an operation and what is to be observed after it.
package struct TraceLine: Equatable, Sendable {
  package var operation: Operation
  package var observation: Observation

  package init(_ operation: Operation, _ observation: Observation) {
    self.operation = operation
    self.observation = observation
  }
}

/// The keys of a line's JSON object.
enum TraceKey: String, CodingKey {
  case line = "i"
  case operation = "op"
  case id
  case parent
  case custodian = "cust"
  case suspendToKill = "s2k"
  case thread = "t"
  case caller = "as"
  case benefactor = "ben"
  case shutDown = "c"
  case value = "v"
  case onFailure = "fail"
  case kind
  case command = "cmd"
  case event = "e"
  case semaphore = "s"
  case count
  case milliseconds = "ms"
  case result
  case events
  case states
  case down
}

typealias TraceObject = KeyedDecodingContainer<TraceKey>

extension TraceLine: Decodable {
  package init(from decoder: any Decoder) throws {
    let object = try decoder.container(keyedBy: TraceKey.self)
    _ = try object.decode(Int.self, forKey: .line)
    operation = try Operation(from: object)
    observation = Observation(
      result: try Outcome(of: operation, from: object),
      events: try object.decode([Observation.Event].self, forKey: .events),
      states: try TraceLine.states(from: object),
      down: try object.decode([CustodianName].self, forKey: .down)
    )
  }

  private static func states(from object: TraceObject) throws -> [ThreadName: ThreadState] {
    var states: [ThreadName: ThreadState] = [:]
    for (text, state) in try object.decode([String: ThreadState].self, forKey: .states) {
      guard let name = ThreadName(text) else {
        throw object.corrupted(.states, "\"\(text)\" does not name \(ThreadName.noun)")
      }
      states[name] = state
    }
    return states
  }
}

extension KeyedDecodingContainer {
  /// The error for a value that is no good, with the reason.
  func corrupted(_ key: Key, _ reason: String) -> DecodingError {
    .dataCorruptedError(forKey: key, in: self, debugDescription: reason)
  }

  /// The value under a key that has to be there but may be null.
  func decodeNullable<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    try decodeNil(forKey: key) ? nil : decode(type, forKey: key)
  }
}
