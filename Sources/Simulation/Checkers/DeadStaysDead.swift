internal import HeddleModel

/// Once a death event fired anywhere, the thread never acts again, and nobody for whom it fired hears from it; it fires once.
struct DeadStaysDead: Checker {
  static let name = "dead-stays-dead"
  private(set) var violation: String?
  /// When a thread's death first fired.
  private var deaths: [ThreadID: Instant] = [:]
  private var fired: [Observer: Set<ThreadID>] = [:]

  mutating func see(_ sighting: Sighting, at now: Instant) {
    switch sighting {
    case .acted(let thread, _, _):
      guard let death = deaths[thread] else { return }
      note("thread \(thread) acted at \(now.words), and its death had fired at \(death.words)")
    case .heard(let from, _, let number, let observer):
      guard fired[observer]?.contains(from) == true else { return }
      note("node \(observer.node) heard message \(number) of thread \(from) at \(now.words), after its death")
    case .died(let thread, let observer):
      if deaths[thread] == nil { deaths[thread] = now }
      guard !fired[observer, default: []].insert(thread).inserted else { return }
      note("the death of thread \(thread) fired twice at node \(observer.node), at \(now.words)")
    case .started, .ended, .watched, .observerEnded, .acknowledged, .complete, .atEnd: break
    }
  }

  private mutating func note(_ text: String) { if violation == nil { violation = text } }
}
