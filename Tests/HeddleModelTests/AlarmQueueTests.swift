import Foundation
import Testing

@testable import HeddleModel

@Suite("The queue of alarms")
struct AlarmQueueTests {
  private func alarm(_ instant: UInt64, ticket: UInt64) -> AlarmQueue.Alarm {
    AlarmQueue.Alarm(instant: Instant(nanoseconds: instant), ticket: ticket, wait: WaitID(rawValue: ticket))
  }

  private func queue(_ alarms: [AlarmQueue.Alarm]) -> AlarmQueue {
    var queue = AlarmQueue()
    for alarm in alarms { queue.insert(alarm) }
    return queue
  }

  /// All alarms, first first.
  private func drained(_ queue: AlarmQueue) -> [AlarmQueue.Alarm] {
    var (queue, alarms) = (queue, [AlarmQueue.Alarm]())
    while let first = queue.first {
      alarms.append(first)
      queue.removeFirst()
    }
    return alarms
  }

  @Test("the earliest alarm is the first, in whatever order they came")
  func earliest() {
    let queue = queue([alarm(30, ticket: 1), alarm(10, ticket: 2), alarm(20, ticket: 3)])
    #expect(drained(queue).map(\.instant.nanoseconds) == [10, 20, 30])
  }

  @Test("of one instant, the one that queued first is the first")
  func oneInstant() {
    let queue = queue([alarm(10, ticket: 3), alarm(10, ticket: 1), alarm(10, ticket: 2)])
    #expect(drained(queue).map(\.ticket) == [1, 2, 3])
  }

  @Test("an empty queue has no first alarm, and removing it has no effect")
  func empty() {
    var queue = AlarmQueue()
    queue.removeFirst()
    #expect(queue.first == nil)
    #expect(queue == AlarmQueue())
  }

  @Test("once most alarms are stale they are dropped, and no other is")
  func staleGo() {
    let alarms = (1...200).map { alarm($0 * 7 % 50, ticket: $0) }
    var queue = queue(alarms)
    var stale: Set<UInt64> = []
    for ticket in stride(from: UInt64(1), to: 200, by: 1) where ticket % 3 != 0 {
      stale.insert(ticket)
      queue.noteStale { stale.contains($0.ticket) }
    }
    let left = drained(queue)
    #expect(left.count < alarms.count - 64)
    #expect(left.filter { !stale.contains($0.ticket) } == alarms.filter { !stale.contains($0.ticket) }.sorted())
  }

  @Test("many that come and become stale do not pile up")
  func noPile() {
    var queue = queue([alarm(5, ticket: 1)])
    for ticket in UInt64(2)...10_000 {
      queue.insert(alarm(1_000, ticket: ticket))
      queue.noteStale { $0.ticket != 1 }
    }
    #expect(drained(queue).count < 200)
    #expect(queue.first == alarm(5, ticket: 1))
  }

  @Test("the same alarms are the same queue, in whatever order they came")
  func equality() {
    let alarms = (1...20).map { alarm($0 * 13 % 7, ticket: $0) }
    #expect(queue(alarms) == queue(alarms.reversed()))
    #expect(queue(alarms) != queue(alarms.dropLast()))
  }

  @Test("written and read again, it is the same")
  func coded() throws {
    var queue = queue((1...20).map { alarm($0 * 13 % 7, ticket: $0) })
    queue.noteStale { _ in true }
    let copy = try JSONDecoder().decode(AlarmQueue.self, from: JSONEncoder().encode(queue))
    #expect(copy == queue)
    #expect(drained(copy) == drained(queue))
  }
}
