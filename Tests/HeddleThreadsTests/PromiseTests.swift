import Testing

@testable import HeddleThreads

/// Events that code outside of any thread makes ready.
struct PromiseTests {
  @Test("a thread that waits goes on with the value that a callback gives")
  func callback() async throws {
    let answer = Promise<String>()
    let waiter = try await Coroutine { _ in try await sync(answer) }
    _ = Task.detached { answer.fulfill("given") }
    #expect(try await waiter.run(until: never(Void.self)))
    #expect(waiter.result == "given")
  }

  @Test("it is ready for everybody from then on, with the first value")
  func first() async throws {
    let answer = Promise<Int>()
    #expect(try await poll(answer) == nil)
    #expect(answer.fulfill(1))
    #expect(!answer.fulfill(2))
    #expect(answer.value == 1)
    #expect(try await [sync(answer), sync(answer)] == [1, 1])
  }

  @Test("a choice that takes another event leaves it as it is")
  func loser() async throws {
    let answer = Promise<Int>()
    #expect(try await sync(answer, always(0)) == 0)
    answer.fulfill(1)
    #expect(try await poll(answer) == 1)
  }

  @Test("what a killed thread says on its way out has no effect")
  func killed() async throws {
    let answer = Promise<Int>()
    let (hasBegun, isLeaving) = (Latch(), Latch())
    let thread = try await LocalThread {
      defer {
        answer.fulfill(1)
        isLeaving.open()
      }
      hasBegun.open()
      try await sync(never(Void.self))
    }
    await hasBegun.opened()
    try await thread.kill()
    await isLeaving.opened()
    #expect(answer.value == nil)
  }
}
