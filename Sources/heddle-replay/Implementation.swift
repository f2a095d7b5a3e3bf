internal import ArgumentParser

/// The implementations of the model that traces can be replayed against.
enum Implementation: String, CaseIterable, ExpressibleByArgument {
  /// The pure kernel.
  case core
  /// Threads inside one process.
  case local

  /// The implementation at the start of a new world.
  func makeSubject() -> any Subject {
    switch self {
    case .core: CoreSubject()
    case .local: LocalSubject()
    }
  }
}
