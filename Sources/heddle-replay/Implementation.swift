internal import ArgumentParser

/// The implementations of the model that traces can be replayed against.
enum Implementation: String, CaseIterable, ExpressibleByArgument {
  /// The pure kernel.
  case core
  /// Threads inside one process.
  case local
  /// Processes, and a daemon.
  case supervisor

  /// Calls `body` with what makes the implementation at the start of a new world, given a number of its own.
  func serve<Result>(
    _ body: (@escaping (Int) async throws -> any Subject) async throws -> Result
  ) async throws -> Result {
    switch self {
    case .core: try await body { _ in CoreSubject() }
    case .local: try await body { _ in LocalSubject() }
    case .supervisor:
      try await SupervisorStage.with { stage in
        try await body { try await SupervisorSubject(on: stage, named: "trace-\($0)") }
      }
    }
  }
}
