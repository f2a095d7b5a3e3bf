import HeddleThreads

/// Messages between threads.
enum LocalMail {
  /// A message and its answer, between two threads that wait for each other.
  static func pingPong() async throws -> Double {
    let rounds = 20_000
    let caller = LocalThread.current
    let other = try await LocalThread {
      for _ in 0..<rounds {
        _ = try await LocalThread.receive()
        try await caller.send(1)
      }
    }
    let start = ContinuousClock.now
    for _ in 0..<rounds {
      try await other.send(1)
      _ = try await LocalThread.receive()
    }
    return nanoseconds(since: start) / Double(rounds)
  }

  /// One of many messages from one thread to another, which takes them as they come.
  static func oneWay() async throws -> Double {
    let count = 200_000
    let start = ContinuousClock.now
    let receiver = try await LocalThread { for _ in 0..<count { _ = try await LocalThread.receive() } }
    for number in 0..<count { try await receiver.send(number) }
    try await receiver.wait()
    return nanoseconds(since: start) / Double(count)
  }

  /// One of many messages from eight threads to one.
  static func fanIn() async throws -> Double {
    let (senders, each) = (8, 25_000)
    let start = ContinuousClock.now
    let receiver = try await LocalThread { for _ in 0..<senders * each { _ = try await LocalThread.receive() } }
    for _ in 0..<senders { _ = try await LocalThread { for number in 0..<each { try await receiver.send(number) } } }
    try await receiver.wait()
    return nanoseconds(since: start) / Double(senders * each)
  }
}
