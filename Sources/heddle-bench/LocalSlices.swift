import HeddleThreads
internal import Synchronization

/// Coroutines and consumer threads.
enum LocalSlices {
  /// One run of a coroutine, which ends it by itself.
  static func step() async throws -> Double {
    let (rounds, turn) = (20_000, Semaphore())
    let coroutine = try await Coroutine<Void> { _ in while true { try await turn.post() } }
    let start = ContinuousClock.now
    for _ in 0..<rounds {
      let isOver = try await coroutine.run(until: turn)
      precondition(!isOver, "what goes on for ever is never over")
    }
    let elapsed = nanoseconds(since: start)
    try await coroutine.kill()
    return elapsed / Double(rounds)
  }

  /// One coroutine that is made, run to its end and asked for its result.
  static func create() async throws -> Double {
    let rounds = 10_000
    let start = ContinuousClock.now
    for round in 0..<rounds {
      let coroutine = try await Coroutine { _ in round }
      while try await !coroutine.run(until: never(Void.self)) {}
      precondition(coroutine.result == round, "a coroutine that is over has its result")
    }
    return nanoseconds(since: start) / Double(rounds)
  }

  /// One of many calls that a consumer thread has taken in the end.
  static func consume() async throws -> Double {
    let (count, done) = (200_000, Semaphore())
    let taken = Atomic<Int>(0)
    let consumer = try await ConsumerThread { (_: Int) in
      if taken.add(1, ordering: .relaxed).newValue == count { try await done.post() }
    }
    let start = ContinuousClock.now
    for number in 0..<count { try await consumer(number) }
    try await done.wait()
    let elapsed = nanoseconds(since: start)
    try await consumer.thread.kill()
    return elapsed / Double(count)
  }
}
