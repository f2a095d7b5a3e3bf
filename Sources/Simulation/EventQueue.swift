internal import HeapModule
internal import HeddleModel

/// What is to happen, earliest first; at one instant, first come first.
struct EventQueue {
  private struct Event: Comparable {
    let instant: Instant
    let number: UInt64
    let happening: Happening

    static func < (left: Event, right: Event) -> Bool {
      left.instant.nanoseconds != right.instant.nanoseconds
        ? left.instant.nanoseconds < right.instant.nanoseconds : left.number < right.number
    }

    static func == (left: Event, right: Event) -> Bool { left.number == right.number }
  }

  private var heap: Heap<Event> = []
  private var last: UInt64 = 0

  mutating func add(_ happening: Happening, at instant: Instant) {
    last += 1
    heap.insert(Event(instant: instant, number: last, happening: happening))
  }

  mutating func next() -> (Instant, Happening)? {
    heap.popMin().map { ($0.instant, $0.happening) }
  }
}
