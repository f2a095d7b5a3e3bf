import HeddleThreads

/// The beginning and the end of threads.
enum LocalLife {
  /// One thread that is created, does nothing and is waited for.
  static func create() async throws -> Double {
    let rounds = 20_000
    let start = ContinuousClock.now
    for _ in 0..<rounds { try await LocalThread {}.wait() }
    return nanoseconds(since: start) / Double(rounds)
  }

  /// The shutdown of a custodian with 1000 threads that wait for mail.
  static func shutDown() async throws -> Double {
    let crowd = try await Crowd(1_000)
    let start = ContinuousClock.now
    try await crowd.custodian.shutDown()
    let elapsed = nanoseconds(since: start)
    precondition(crowd.threads.allSatisfy(\.isDead), "a custodian that is shut down leaves nothing running")
    return elapsed
  }
}

/// Many threads under a custodian of their own, each waiting for mail.
struct Crowd: Sendable {
  let custodian: Custodian
  let threads: [LocalThread]

  /// `count` threads, all of which wait by now.
  init(_ count: Int) async throws {
    let custodian = try await Custodian()
    self.custodian = custodian
    threads = try await Custodian.current.withValue(custodian) {
      var threads: [LocalThread] = []
      for _ in 0..<count {
        threads.append(try await LocalThread { while true { _ = try await LocalThread.receive() } })
      }
      return threads
    }
    try await sync(systemIdle)
  }

  /// A message to each in its turn, some twice, and its receipt.
  func sendToEach() async throws -> Double {
    let rounds = 100_000
    let start = ContinuousClock.now
    for round in 0..<rounds { try await threads[round % threads.count].send(round) }
    try await sync(systemIdle)
    return nanoseconds(since: start) / Double(rounds)
  }

  func leave() async throws { try await custodian.shutDown() }
}
