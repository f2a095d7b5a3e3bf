import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire

/// What the same costs among few threads and among many, each of a hundred at once; and what a daemon costs that has many
/// threads and nothing to do.
struct FlatBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  /// How the daemon holds trees of processes.
  let containment: String
  let report: (Figure) -> Void

  /// The many; fewer, by thousands, where the system gives no more descriptors (ulimit -n).
  private let most = 10_000
  /// How many are asked at once.
  private let probed = 100
  /// Those of each thread in the daemon: its standard streams.
  private let descriptorsEach = 3

  func run() async throws {
    // Beside those of the threads, some for the daemon itself, and for threads that are ending.
    let descriptors = BenchDaemon.descriptors(upTo: (most + probed) * descriptorsEach + 1_000)
    let count = min(most, (descriptors - 1_000) / descriptorsEach / 1_000 * 1_000)
    for count in [10, 1_000, count] { try await measure(among: count, isLast: count > 1_000) }
  }

  /// The samples of one figure after the other, by its name.
  private typealias Samples = [String: [Double]]

  private func measure(among count: Int, isLast: Bool) async throws {
    let daemon = try BenchDaemon.start(containment: containment)
    defer { daemon.end() }
    let loop = try EventLoop.start()
    let supervisor = try await daemon.connect(on: loop)
    _ = try await ProcessCrowd.start(count, named: "many", on: supervisor, limits: limits)
    var samples = Samples()
    for _ in 0...runs { try await probe(supervisor, &samples) }
    for (name, samples) in samples.sorted(by: { $0.key < $1.key }) {
      // The first run does not count.
      report(try Figure("flat.\(count).\(name)", unit: .microseconds, samples: Array(samples.dropFirst())))
    }
    if isLast { try await reportIdle(daemon, count) }
    await supervisor.close()
    loop.requestStop()
  }

  /// Makes some threads, and ends them, in between asking each for the same.
  private func probe(_ supervisor: Supervisor, _ samples: inout Samples) async throws {
    let start = ContinuousClock.now
    let crowd = try await ProcessCrowd.start(probed, on: supervisor, limits: limits)
    func note(_ name: String, _ elapsed: Double) { samples[name, default: []].append(elapsed / Double(probed)) }
    note("create", nanoseconds(since: start))
    let body: [UInt8] = [1]
    note("send", try await time { try await crowd.each { try await $0.send(body, to: $1, waitingForRoom: false) } })
    note("suspend", try await time { try await crowd.suspend() })
    try await crowd.resume()
    note("kill", try await time { try await crowd.each { _ = try await $0.kill(.id($1)) } })
    let watched = try await time {
      try await crowd.each { supervisor, thread in
        try await supervisor.watch(try await supervisor.event(.death, of: .id(thread)))
      }
    }
    note("watch", watched)
    try await crowd.end()
  }

  /// How much of a core the daemon takes, with the keeper and what the keeper may have beside programs.
  private func reportIdle(_ daemon: BenchDaemon, _ count: Int) async throws {
    let all = [daemon.pid] + daemon.keepers + daemon.wardens
    let before = all.compactMap(ProcessMemory.processorTime).reduce(0, +)
    let start = ContinuousClock.now
    try await Task.sleep(for: .seconds(10))
    let spent = all.compactMap(ProcessMemory.processorTime).reduce(0, +) - before
    report(try Figure("idle.\(count)", unit: .percent, samples: [100 * spent / nanoseconds(since: start)]))
  }
}
