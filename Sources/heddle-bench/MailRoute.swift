import HeddleClient
import HeddleModel
import HeddleWire

/// The way of mail from clients and threads of a supervisor to threads of the same or another node of its cluster.
struct MailRoute {
  private let supervisor: Supervisor
  /// Where the receivers are; nil is with the senders.
  private let node: EntityName?
  /// What the receivers' node calls that of the senders.
  private let slot: NodeSlot

  init(from supervisor: Supervisor, to node: EntityName? = nil, whichCallsIt slot: NodeSlot = .home) {
    (self.supervisor, self.node, self.slot) = (supervisor, node, slot)
  }

  /// - Returns: messages a second, from the first post until the receiver has taken the last and is dead.
  func throughput(size: Int, count: Int) async throws -> Double {
    let receiver = try await supervisor.startWorker(["sink", "\(count)"], on: node, mailbox: 65_536)
    let batch = [[UInt8]](repeating: [UInt8](repeating: 1, count: size), count: 1_000)
    let start = ContinuousClock.now
    for _ in 0..<count / batch.count { try await supervisor.post(contentsOf: batch, to: receiver) }
    _ = try await supervisor.wait(for: .id(receiver))
    return Double(count) / nanoseconds(since: start) * 1e9
  }

  /// - Returns: the median of many round trips between two workers, in nanoseconds.
  func roundTrip() async throws -> Double {
    let echo = try await supervisor.startWorker(["echo", "0"], on: node)
    let ping = try await supervisor.startWorker(["ping", "20000", "\(echo.rawValue)", "\(slot.rawValue)"])
    _ = try await supervisor.wait(for: .id(ping))
    let said = String(decoding: try await supervisor.logs(of: .id(ping)).text, as: UTF8.self)
    _ = try await supervisor.kill(.id(echo))
    guard let median = Double(said.prefix { $0 != "\n" }) else { throw BenchError(what: "measure: \(said)", errno: 0) }
    return median
  }
}

extension Supervisor {
  /// Starts one of this program's own workers.
  ///
  /// - Parameter node: where; nil is the supervisor itself.
  fileprivate func startWorker(
    _ words: [String],
    on node: EntityName? = nil,
    mailbox messages: Int = 1_024
  ) async throws -> ThreadID {
    let spawn = Spawn(
      argv: ([try BenchDaemon.ownPath(), "worker"] + words).map { Array($0.utf8) },
      cwd: Array("/".utf8),
      channel: .frames,
      mailboxBounds: MailboxBounds(messagesMax: messages, bytesMax: nil)
    )
    return try await self.spawn(spawn, on: node).id
  }
}
