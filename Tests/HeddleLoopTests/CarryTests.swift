import HeddleLoop
import Testing

@Suite("what a loop carries besides", .timeLimit(.minutes(1)))
struct CarryTests {
  @Test(
    "it is called before the loop sleeps, again at once while it has more to do, and then after whatever wakes the loop"
  )
  func called() async throws {
    try await Scene.play { scene in
      let calls = Happenings(of: Int.self)
      await scene.act { scene in
        var left = 40
        scene.loop.carry {
          left -= 1
          calls.tell(left)
          return left > 0
        }
      }
      let first = try await calls.next(40)
      #expect(first == (0..<40).reversed())
      scene.loop.perform {}
      let next = try await calls.next()
      #expect(next == -1)
    }
  }

  @Test("work that it gives the loop is done before the loop sleeps")
  func gives() async throws {
    try await Scene.play { scene in
      let done = Happenings(of: Int.self)
      await scene.act { scene in
        var left = 3
        scene.loop.carry { [loop = scene.loop] in
          guard left > 0 else { return false }
          left -= 1
          loop.perform { [left] in done.tell(left) }
          return false
        }
      }
      let all = try await done.next(3)
      #expect(all == [2, 1, 0])
    }
  }
}
