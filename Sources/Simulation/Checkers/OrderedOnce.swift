internal import HeddleModel

/// Of the messages from one thread to another none is received twice, and none behind a later one.
struct OrderedOnce: Checker {
  static let name = "ordered-once"
  private(set) var violation: String?
  private struct Pair: Hashable {
    let from: ThreadID
    let to: ThreadID
  }
  private var last: [Pair: UInt64] = [:]

  mutating func see(_ sighting: Sighting, at now: Instant) {
    guard case .heard(let from, let to, let number, _) = sighting else { return }
    let before = last.updateValue(number, forKey: Pair(from: from, to: to)) ?? 0
    guard number <= before, violation == nil else { return }
    violation = "thread \(to) received message \(number) of thread \(from) at \(now.words), after \(before)"
  }
}
