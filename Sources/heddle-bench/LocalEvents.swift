import HeddleThreads

/// Threads that wait for events.
enum LocalEvents {
  /// One value that a thread puts into a channel and another gets.
  static func rendezvous() async throws -> Double {
    let rounds = 20_000
    let channel = Channel(of: Int.self)
    _ = try await LocalThread { for number in 0..<rounds { try await channel.put(number) } }
    let start = ContinuousClock.now
    for _ in 0..<rounds { _ = try await channel.get() }
    return nanoseconds(since: start) / Double(rounds)
  }

  /// A choice of ten semaphores of which one is ready, and is taken.
  static func choice() async throws -> Double {
    let rounds = 20_000
    let ready = Semaphore(UInt64(rounds))
    let events: [any Event<Semaphore>] = (0..<10).map { $0 == 7 ? ready : Semaphore() }
    let first = HeddleThreads.choice(events)
    let start = ContinuousClock.now
    for _ in 0..<rounds { try await sync(first) }
    return nanoseconds(since: start) / Double(rounds)
  }
}
