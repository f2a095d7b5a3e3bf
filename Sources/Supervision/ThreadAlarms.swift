import HeapModule
import HeddleModel

/// When the time of each thread is up that was made with so much and no more; earliest first.
struct ThreadAlarms: Sendable {
  private struct Alarm: Comparable {
    let instant: Instant
    let thread: ThreadID

    static func < (left: Alarm, right: Alarm) -> Bool {
      (left.instant, left.thread) < (right.instant, right.thread)
    }
  }

  private var heap: Heap<Alarm> = []
  /// How many of the alarms are for threads that died before.
  private var staleCount = 0

  /// The earliest alarm, perhaps of a thread that is dead.
  var first: Instant? { heap.min?.instant }

  mutating func set(_ thread: ThreadID, at instant: Instant) { heap.insert(Alarm(instant: instant, thread: thread)) }

  /// The next thread whose time is up at `now`, perhaps a dead one; its alarm is gone.
  mutating func takeDue(at now: Instant) -> ThreadID? {
    guard let first = heap.min, first.instant <= now else { return nil }
    heap.removeMin()
    return first.thread
  }

  /// A thread with an alarm is dead. When most alarms are for such, those go for which `isAlive` is false.
  mutating func noteDeath(isAlive: (ThreadID) -> Bool) {
    staleCount += 1
    guard staleCount > 64, staleCount > heap.count / 2 else { return }
    heap = Heap(heap.unordered.filter { isAlive($0.thread) })
    staleCount = 0
  }
}
