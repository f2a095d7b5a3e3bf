import HeapModule

/// The waits that time ends, earliest first; of one instant, first come first.
package struct AlarmQueue: Sendable {
  package struct Alarm: Comparable, Codable, Sendable {
    package let instant: Instant
    /// The ticket with which the wait queued: an alarm of another ticket than the wait's is stale.
    package let ticket: UInt64
    package let wait: WaitID

    package static func < (left: Alarm, right: Alarm) -> Bool {
      (left.instant, left.ticket, left.wait) < (right.instant, right.ticket, right.wait)
    }
  }

  private var heap: Heap<Alarm> = []
  private var staleCount = 0

  package init() {}

  /// The first alarm, stale or not.
  package var first: Alarm? { heap.min }

  package mutating func insert(_ alarm: Alarm) { heap.insert(alarm) }

  package mutating func removeFirst() { _ = heap.popMin() }

  /// One alarm became stale. When most are, those that satisfy `isStale` go.
  package mutating func noteStale(isStale: (Alarm) -> Bool) {
    staleCount += 1
    guard staleCount > 64, staleCount > heap.count / 2 else { return }
    heap = Heap(heap.unordered.filter { !isStale($0) })
    staleCount = 0
  }
}

extension AlarmQueue: Equatable {
  package static func == (left: AlarmQueue, right: AlarmQueue) -> Bool {
    left.staleCount == right.staleCount && left.heap.unordered.sorted() == right.heap.unordered.sorted()
  }
}

extension AlarmQueue: Codable {
  private enum CodingKeys: String, CodingKey {
    case alarms
    case staleCount
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    heap = Heap(try values.decode([Alarm].self, forKey: .alarms))
    staleCount = try values.decode(Int.self, forKey: .staleCount)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(heap.unordered.sorted(), forKey: .alarms)
    try values.encode(staleCount, forKey: .staleCount)
  }
}
