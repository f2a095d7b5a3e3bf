/// An implementation of the model, offered to the replayer. A new subject stands at the start of a world: one custodian,
/// `root`, no threads, the clock at 0.
package protocol Subject {
  /// Performs `operation`, lets everything settle, and gives what is then to be seen.
  ///
  /// - Throws: `NameError` when the operation belongs to no trace; anything else when the implementation itself broke.
  mutating func perform(_ operation: Operation) async throws -> Observation

  /// The world ends, at whatever operation: nothing of it is left.
  func end() async throws
}

extension Subject {
  package func end() {}
}

/// An operation that belongs to no trace, because of a name in it.
package enum NameError: Error, Equatable, CustomStringConvertible {
  /// No operation before has made it.
  case unknown(String)
  /// An operation before has made it, or has given it to a nested thread to come.
  case taken(String)

  package var description: String {
    switch self {
    case .unknown(let name): "\"\(name)\" was not made by any line before"
    case .taken(let name): "\"\(name)\" was already given by a line before"
    }
  }
}
