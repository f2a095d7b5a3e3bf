internal import HeddleModel

/// Whoever waits for the death of a thread that ended hears of it, at the latest some time after the faults are over.
struct DeathIsTold: Checker {
  static let name = "death-is-told"
  private var ended: Set<ThreadID> = []
  private var waiting: [Observer: Set<ThreadID>] = [:]
  private var isOver = false

  var violation: String? {
    guard isOver else { return nil }
    for (observer, threads) in waiting.sorted(by: { $0.key < $1.key }) {
      if let thread = threads.intersection(ended).min() {
        return "thread \(thread) has ended, and node \(observer.node), which waits for its death, has not heard"
      }
    }
    return nil
  }

  mutating func see(_ sighting: Sighting, at now: Instant) {
    switch sighting {
    case .watched(let thread, let observer): waiting[observer, default: []].insert(thread)
    case .ended(let thread): ended.insert(thread)
    case .died(let thread, let observer): waiting[observer]?.remove(thread)
    case .observerEnded(let observer): waiting[observer] = nil
    case .atEnd: isOver = true
    case .started, .acted, .heard, .acknowledged, .complete: break
    }
  }
}
