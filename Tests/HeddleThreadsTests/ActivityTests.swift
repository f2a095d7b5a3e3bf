import Synchronization
import Testing

@testable import HeddleThreads

@Suite("activity", .timeLimit(.minutes(1)))
struct ActivityTests {
  /// Whether something was said.
  private final class Told: Sendable {
    private let value = Atomic<Bool>(false)

    func tell() { value.store(true, ordering: .releasing) }
    var isTold: Bool { value.load(ordering: .acquiring) }
  }

  @Test("nobody is told that nothing goes on while something does that began before the question")
  func neverEarly() async {
    let (activity, isOver) = (Activity(), Told())
    async let bystander: Void = {
      while !isOver.isTold {
        activity.begin()
        activity.end()
      }
    }()
    var early = 0
    for _ in 0..<100_000 {
      let question = Told()
      let answer: @Sendable () -> Void = { question.tell() }
      activity.begin()
      activity.whenIdle(answer)
      for _ in 0..<50 where question.isTold {
        early += 1
        break
      }
      activity.end()
    }
    isOver.tell()
    await bystander
    #expect(early == 0)
    #expect(activity.isIdle)
  }

  @Test("whoever asks again and again while others are busy leaves nothing behind")
  func dropped() {
    final class Owner: Sendable {}
    final class Load: Sendable {}
    let activity = Activity()
    activity.begin()
    weak var first: Load?
    do {
      let load = Load()
      first = load
      activity.whenIdle(for: Owner()) { withExtendedLifetime(load) {} }
    }
    for _ in 0..<64 { activity.whenIdle(for: Owner()) {} }
    #expect(first == nil)
    activity.end()
  }
}
