import HeddleThreads

/// What threads inside one process cost, to those who use the library.
struct LocalBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  let report: (Figure) -> Void

  func run() async throws {
    // First, while the heap holds nothing that was used before.
    try await parkedMemory()
    try await figure("local.create", limit: ["create"], LocalLife.create)
    try await figure("local.pingpong", limit: ["spin"], LocalMail.pingPong)
    try await figure("local.oneway", limit: ["local"], LocalMail.oneWay)
    try await figure("local.fanin8", limit: ["queue"], LocalMail.fanIn)
    try await figure("local.coroutine.step", limit: ["asm"], LocalSlices.step)
    try await figure("local.coroutine.create", LocalSlices.create)
    try await figure("local.consumer", limit: ["queue"], LocalSlices.consume)
    try await figure("local.rendezvous", LocalEvents.rendezvous)
    try await figure("local.choice10", limit: ["epoll10"], LocalEvents.choice)
    try await figure("local.shutdown1000", limit: ["kill"], LocalLife.shutDown)
    try await onCarriers()
    try await growth()
  }

  /// How threads that talk to each other fare on one carrier and on two.
  private func onCarriers() async throws {
    for count in 1...2 {
      let name = count == 1 ? "1carrier" : "\(count)carriers"
      try await World.$outside.withValue(World(clock: .monotonic, carriers: Carriers(count: count))) {
        let limit = count == 1 ? "greenping" : "spin"
        try await figure("local.pingpong.\(name)", limit: [limit], LocalMail.pingPong)
        try await figure("local.fanin8.\(name)", limit: count == 1 ? ["local"] : ["queue"], LocalMail.fanIn)
      }
    }
  }

  /// What each of the commonest operations costs among so many threads.
  private func growth() async throws {
    for count in [10, 10_000] {
      let crowd = try await Crowd(count)
      try await figure("local.create.\(count)", LocalLife.create)
      try await figure("local.send.\(count)", crowd.sendToEach)
      try await figure("local.wait.\(count)", LocalMail.pingPong)
      try await crowd.leave()
    }
  }

  private func parkedMemory() async throws {
    let count = 100_000
    guard let before = ProcessMemory.proportional() else { return }
    let crowd = try await Crowd(count)
    guard let after = ProcessMemory.proportional() else { return }
    report(try Figure("local.parked.memory", unit: .bytes, samples: [(after - before) / Double(count)]))
    try await crowd.leave()
  }

  /// - Parameter measure: one run, in a thread of its own; gives nanoseconds for one of the things that the name names.
  private func figure(
    _ name: String,
    limit arguments: [String]? = nil,
    _ measure: @escaping @Sendable () async throws -> Double
  ) async throws {
    let limit = arguments.map { Limit(limits, "threads", $0) }
    let figure = try await Figure(name, unit: .microseconds, runs: runs, limit: limit) {
      try await LocalThread.withNestedThread { try await measure() }
    }
    report(figure)
  }
}
