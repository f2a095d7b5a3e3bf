import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire

/// Threads that are processes: starting, suspending and ending a thousand of them, and what they occupy.
///
/// Their program is the limits' `child`, if there is one: it costs least to start, so that what is measured is ours.
struct ProcessBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
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
    let daemon = try BenchDaemon.start()
    defer { daemon.end() }
    let loop = try EventLoop.start()
    let supervisor = try await daemon.connect(on: loop)
    for _ in 0..<(full ?? 0) { try await addFull(to: supervisor) }
    let before = ProcessMemory.proportional(of: daemon.pid) ?? 0
    var samples = Samples()
    for round in 0...runs {
      let crowd = try await start(on: supervisor, &samples)
      if round == 0, full == nil, parts.contains(.memory) { try reportMemory(of: daemon, before: before) }
      try await suspendAll(crowd, on: supervisor, &samples)
      try await endAll(on: supervisor, &samples)
    }
    if parts.contains(.spawn) {
      try report("spawn.\(count).each\(suffix)", .milliseconds, samples.spawn, "ms_per_entity")
    }
    if full == nil, parts.contains(.kill) {
      try report("suspend.\(count).each", .microseconds, samples.suspend, nil)
      try report("kill.\(count)", .milliseconds, samples.kill, "kill_ms")
    }
    await supervisor.close()
    loop.requestStop()
  }

  /// The first run does not count.
  private func report(_ name: String, _ unit: Figure.Unit, _ samples: [Double], _ field: String?) throws {
    let limit = field.map { Limit(limits, "spawn", ["posix", "\(count)", "kill"], $0, unit: .milliseconds) }
    report(try Figure(name, unit: unit, samples: Array(samples.dropFirst()), limit: limit))
  }

  // MARK: - Threads

  private var program: [String] { limits.map { ["\($0)/child"] } ?? ["/bin/sleep", "1000"] }

  private func spawn(_ words: [String], bounds: MailboxBounds? = nil) throws -> Spawn {
    Spawn(
      in: nil,
      argv: words.map { Array($0.utf8) },
      environment: [Array("PATH=/usr/bin:/bin".utf8)],
      cwd: Array("/".utf8),
      mailboxBounds: bounds,
      stdinPipe: true
    )
  }

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

  private func start(on supervisor: Supervisor, _ samples: inout Samples) async throws -> [ThreadID] {
    let place = try CustodianPath(parsing: "/main/crowd")
    try await supervisor.custodianNew(place)
    var spawn = try spawn(program)
    spawn.custodian = place
    let start = ContinuousClock.now
    let threads = try await forEach(Array(0..<count)) { [spawn] _ in try await supervisor.spawn(spawn).id }
    samples.spawn.append(nanoseconds(since: start) / Double(count))
    return threads
  }

  private func suspendAll(_ threads: [ThreadID], on supervisor: Supervisor, _ samples: inout Samples) async throws {
    let start = ContinuousClock.now
    _ = try await forEach(threads) { try await supervisor.suspend(.id($0)) }
    samples.suspend.append(nanoseconds(since: start) / Double(count))
    _ = try await forEach(threads) { try await supervisor.resume(.id($0)) }
  }

  private func endAll(on supervisor: Supervisor, _ samples: inout Samples) async throws {
    let start = ContinuousClock.now
    _ = try await supervisor.custodianShutdown(try CustodianPath(parsing: "/main/crowd"))
    samples.kill.append(nanoseconds(since: start))
  }

  /// All requests at once, as a client does that does not wait for each.
  private func forEach<Element: Sendable, Answer: Sendable>(
    _ elements: [Element],
    _ ask: @escaping @Sendable (Element) async throws -> Answer
  ) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: Answer.self) { group in
      for element in elements { group.addTask { try await ask(element) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  // MARK: - Memory

  private func reportMemory(of daemon: BenchDaemon, before: Double) throws {
    guard let after = ProcessMemory.proportional(of: daemon.pid) else { return }
    report(try Figure("memory.daemon", unit: .bytes, samples: [before]))
    report(try Figure("memory.entity", unit: .bytes, samples: [(after - before) / Double(count)]))
    // The keeper's children are wardens, where there are any; else the programs themselves.
    let wardens = ProcessMemory.children(of: daemon.pid).flatMap(ProcessMemory.children)
      .filter { ProcessMemory.name(of: $0) == "heddle-keeper" }
    let sizes = wardens.compactMap { ProcessMemory.proportional(of: $0) }
    guard !sizes.isEmpty else { return }
    report(try Figure("memory.warden", unit: .bytes, samples: [sizes.reduce(0, +) / Double(sizes.count)]))
  }
}
