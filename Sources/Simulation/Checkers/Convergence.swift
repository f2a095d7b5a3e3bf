internal import HeddleModel

/// Some time after the faults are over every node has its stay and the registrar's keys, takes what the others send, has
/// stopped nothing, and no name is a dead one's.
struct Convergence: Checker {
  static let name = "convergence"
  private(set) var violation: String?

  mutating func see(_ sighting: Sighting, at now: Instant) {
    guard case .atEnd(let ending) = sighting, violation == nil else { return }
    violation = complaint(of: ending).map { "node \(ending.node) \($0)" }
  }

  private func complaint(of ending: Ending) -> String? {
    if !ending.isRunning { return "does not run" }
    if !ending.hasStay { return "has no stay in the cluster" }
    if !ending.isCurrent { return "does not have the registrar's keys" }
    if !ending.admitsAll { return "does not take what the others send" }
    if let thread = ending.frozenThreads.first { return "has stopped thread \(thread), and does not let it go on" }
    if let name = ending.deadNames.first { return "has \(name) for a name whose holder is dead" }
    return nil
  }
}
