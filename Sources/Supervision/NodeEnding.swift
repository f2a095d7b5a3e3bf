internal import Cluster
internal import HeddleModel
internal import HeddleWire

// The supervisor's own end.

extension Node {
  /// Whether it was told to end, or has decided to.
  package var isEnding: Bool { ending != .no }

  /// The supervisor was told to end: its threads are asked to, and are ended after a grace; told again, at once.
  package mutating func askedToEnd(effects: inout Effects) {
    switch ending {
    case .no: end(after: Limits.grace, effects: &effects)
    case .grace: shutDownRoot(effects: &effects)
    case .shuttingDown: break
    }
  }

  /// The same with a grace of the asker's choice; told again, the one that is over first counts.
  mutating func end(after grace: Duration, effects: inout Effects) {
    switch ending {
    case .no:
      record(.daemonEnding)
      askThreadsToEnd(within: grace, effects: &effects)
    case .grace(let until): ending = .grace(until: min(until, now + grace))
    case .shuttingDown: break
    }
    if case .grace(let until) = ending, until <= now { shutDownRoot(effects: &effects) }
  }

  private mutating func askThreadsToEnd(within grace: Duration, effects: inout Effects) {
    let alive = kernel.threads.ids.filter { kernel.threads[$0]?.life.isAlive == true }
    guard !alive.isEmpty, grace > .zero else { return shutDownRoot(effects: &effects) }
    ending = .grace(until: now + grace)
    effects.append(.log("asking \(alive.count) \(alive.count == 1 ? "thread" : "threads") to end, for \(grace)"))
    for thread in alive { askToEnd(thread, effects: &effects) }
  }

  mutating func shutDownRoot(effects: inout Effects) {
    guard ending != .shuttingDown else { return }
    ending = .shuttingDown
    for thread in kernel.threads.ids { setEnder(.daemon, of: thread) }
    beginShutdown(of: kernel.root, nil, effects: &effects)
    // Others need not wait for the lease to run out.
    decide(effects: &effects) { $0.leave(now: $1, effects: &$2) }
  }
}
