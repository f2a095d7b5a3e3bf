import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire

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
        try await throughput(of: supervisor, size: size, count: count)
      }
    }
    let limit = ["rawrouted", "pp", "64", "20000"]
    try await measure("mail.64.roundtrip.p50", .microseconds, limit, "p50_us", roundTrip)
    let pinned = limit + ["same"]
    try await measure("mail.64.roundtrip.p50.onecore", .microseconds, pinned, "p50_us", onOneCore: true, roundTrip)
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

  /// - Returns: messages a second, from the first post until the receiver has taken the last and is dead.
  private func throughput(of supervisor: Supervisor, size: Int, count: Int) async throws -> Double {
    let receiver = try await supervisor.startWorker(["sink", "\(count)"], mailbox: 65_536)
    let batch = [[UInt8]](repeating: [UInt8](repeating: 1, count: size), count: 1_000)
    let start = ContinuousClock.now
    for _ in 0..<count / batch.count { try await supervisor.post(contentsOf: batch, to: receiver) }
    _ = try await supervisor.wait(for: .id(receiver))
    return Double(count) / nanoseconds(since: start) * 1e9
  }

  /// - Returns: the median of many round trips between two workers, in nanoseconds.
  private func roundTrip(through supervisor: Supervisor) async throws -> Double {
    let echo = try await supervisor.startWorker(["echo", "0"])
    let ping = try await supervisor.startWorker(["ping", "20000", "\(echo.rawValue)"])
    _ = try await supervisor.wait(for: .id(ping))
    let said = String(decoding: try await supervisor.logs(of: .id(ping)).text, as: UTF8.self)
    _ = try await supervisor.kill(.id(echo))
    guard let median = Double(said.prefix { $0 != "\n" }) else { throw BenchError(what: "measure: \(said)", errno: 0) }
    return median
  }
}

extension Supervisor {
  /// Starts one of this program's own workers.
  func startWorker(_ words: [String], mailbox messages: Int = 1_024) async throws -> ThreadID {
    let spawn = Spawn(
      argv: ([try BenchDaemon.ownPath(), "worker"] + words).map { Array($0.utf8) },
      cwd: Array("/".utf8),
      channel: .frames,
      mailboxBounds: MailboxBounds(messagesMax: messages, bytesMax: nil)
    )
    return try await self.spawn(spawn).id
  }
}
