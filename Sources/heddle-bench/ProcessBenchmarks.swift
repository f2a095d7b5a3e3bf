import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire

/// Threads that are processes: starting, suspending and ending a thousand of them, and what they occupy.
struct ProcessBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  /// How the daemon holds trees of processes.
  let containment: String
  /// Of `spawn`, `kill` and `memory`, those that are wanted.
  let parts: Set<HeddleBench.Group>
  let report: (Figure) -> Void
  private let count = 1_000

  func run() async throws {
    try await measure(among: nil, "")
    if parts.contains(.spawn) { try await measure(among: 32, ".256MiB") }
  }

  /// The samples of one run after the other, in a daemon that keeps what it has.
  private struct Samples {
    var spawn: [Double] = []
    var suspend: [Double] = []
    var kill: [Double] = []
  }

  /// - Parameter full: so many suspended threads have full mailboxes of 8 MiB each.
  private func measure(among full: Int?, _ suffix: String) async throws {
    let daemon = try BenchDaemon.start(containment: containment)
    defer { daemon.end() }
    let loop = try EventLoop.start()
    let supervisor = try await daemon.connect(on: loop)
    for _ in 0..<(full ?? 0) { try await addFull(to: supervisor) }
    let before = ProcessMemory.proportional(of: daemon.pid) ?? 0
    var samples = Samples()
    let rung = try await supervisor.daemonStatus().containment
    for round in 0...runs {
      let crowd = try await start(on: supervisor, &samples)
      if round == 0, full == nil, parts.contains(.memory) { try reportMemory(of: daemon, before: before) }
      samples.suspend.append(try await time { try await crowd.suspend() } / Double(count))
      try await crowd.resume()
      samples.kill.append(try await time { try await crowd.end() })
    }
    if parts.contains(.spawn) {
      let limit = Limit(limits, "spawn", ["posix", "\(count)", "kill"], "ms_per_entity", unit: .milliseconds)
      try report("spawn.\(count).each\(suffix)", .milliseconds, samples.spawn, limit)
    }
    if full == nil, parts.contains(.kill) {
      try report("suspend.\(count).each", .microseconds, samples.suspend, suspensionLimit(rung))
      try report("kill.\(count)", .milliseconds, samples.kill, endLimit(rung))
    }
    await supervisor.close()
    loop.requestStop()
  }

  /// The first run does not count.
  private func report(_ name: String, _ unit: Figure.Unit, _ samples: [Double], _ limit: Limit?) throws {
    report(try Figure(name, unit: unit, samples: Array(samples.dropFirst()), limit: limit))
  }

  // MARK: - What the same costs in C

  /// The same by the same means: cgroup.freeze, or a warden each that stops its tree. There is none for PID namespaces.
  private func suspensionLimit(_ rung: String) -> Limit? {
    switch rung {
    case "cgroup": Limit(limits, "cgroup", ["\(count)", "./child"], "freeze us each", unit: .microseconds)
    case "subreaper": Limit(limits, "warden", ["\(count)", "sub"], "suspend each us", unit: .microseconds)
    default: nil
    }
  }

  /// With wardens, what wardens cost; else plain children that are killed and reaped.
  private func endLimit(_ rung: String) -> Limit {
    switch rung {
    case "subreaper": Limit(limits, "warden", ["\(count)", "sub"], "all empty ms", unit: .milliseconds)
    case "pidns": Limit(limits, "warden", ["\(count)", "ns"], "all empty ms", unit: .milliseconds)
    default: Limit(limits, "spawn", ["posix", "\(count)", "kill"], "kill_ms", unit: .milliseconds)
    }
  }

  // MARK: - Threads

  private func addFull(to supervisor: Supervisor) async throws {
    let bounds = MailboxBounds(messagesMax: nil, bytesMax: 8 << 20)
    let thread = try await supervisor.spawn(
      Spawn(argv: ["/bin/sleep", "1000"].map { Array($0.utf8) }, cwd: Array("/".utf8), mailboxBounds: bounds)
    ).id
    try await supervisor.suspend(.id(thread))
    let body = [UInt8](repeating: 1, count: 64 << 10)
    try await supervisor.post(contentsOf: Array(repeating: body, count: 128), to: thread)
    try await supervisor.flush()
  }

  private func start(on supervisor: Supervisor, _ samples: inout Samples) async throws -> ProcessCrowd {
    let start = ContinuousClock.now
    let crowd = try await ProcessCrowd.start(count, on: supervisor, limits: limits)
    samples.spawn.append(nanoseconds(since: start) / Double(count))
    return crowd
  }

  // MARK: - Memory

  private func reportMemory(of daemon: BenchDaemon, before: Double) throws {
    guard let after = ProcessMemory.proportional(of: daemon.pid) else { return }
    report(try Figure("memory.daemon", unit: .bytes, samples: [before]))
    report(try Figure("memory.entity", unit: .bytes, samples: [(after - before) / Double(count)]))
    let sizes = daemon.wardens.compactMap { ProcessMemory.proportional(of: $0) }
    guard !sizes.isEmpty else { return }
    report(try Figure("memory.warden", unit: .bytes, samples: [sizes.reduce(0, +) / Double(sizes.count)]))
  }
}
