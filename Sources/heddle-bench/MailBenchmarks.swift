import HeddleClient
import HeddleLoop

/// Mail from one process to another through a supervisor, as programs send it: `post`, acknowledgements, credit, and a
/// receiver whose mailbox holds 65,536 messages.
struct MailBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  /// Whether the figure of a name is wanted.
  let wants: (String) -> Bool
  let report: (Figure) -> Void

  func run() async throws {
    for (size, count) in [(64, 2_000_000), (1_024, 400_000)] {
      let limit = ["rawrouted", "bw", "\(size)", "\(count * 2)"]
      try await measure("mail.\(size).throughput", .perSecond, limit, "msgs_per_s") { supervisor in
        try await MailRoute(from: supervisor).throughput(size: size, count: count)
      }
    }
    let limit = ["rawrouted", "pp", "64", "20000"]
    try await measure("mail.64.roundtrip.p50", .microseconds, limit, "p50_us") { supervisor in
      try await MailRoute(from: supervisor).roundTrip()
    }
    let pinned = limit + ["same"]
    try await measure("mail.64.roundtrip.p50.onecore", .microseconds, pinned, "p50_us", onOneCore: true) {
      try await MailRoute(from: $0).roundTrip()
    }
  }

  /// One figure, if it is wanted, with a daemon of its own.
  ///
  /// - Parameters:
  ///   - words: what the limit's program is to do.
  ///   - field: what it prints of that, in the same unit.
  private func measure(
    _ name: String,
    _ unit: Figure.Unit,
    _ words: [String],
    _ field: String,
    onOneCore: Bool = false,
    _ measure: (Supervisor) async throws -> Double
  ) async throws {
    guard wants(name) else { return }
    let limit = Limit(limits, "limit", words, field, unit: unit)
    try await within(onOneCore: onOneCore) { supervisor in
      report(try await Figure(name, unit: unit, runs: runs, limit: limit) { try await measure(supervisor) })
    }
  }

  /// Lets `measure` use a daemon of its own.
  private func within(onOneCore: Bool = false, _ measure: (Supervisor) async throws -> Void) async throws {
    let daemon = try BenchDaemon.start(onOneCore: onOneCore)
    defer { daemon.end() }
    let loop = try EventLoop.start()
    let supervisor = try await daemon.connect(on: loop)
    try await measure(supervisor)
    await supervisor.close()
    loop.requestStop()
  }
}
