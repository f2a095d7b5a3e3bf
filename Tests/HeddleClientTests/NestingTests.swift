import HeddleClient
import HeddleModel
import HeddleWire
import Synchronization
import Testing

@Suite("Nested processes", .timeLimit(.minutes(1)))
struct NestingTests {
  private static let end = NestedEnd(
    thread: ThreadID(rawValue: 7),
    death: DeathRecord(cause: .exited(code: 3), unreadMail: 0),
    isValueLost: false
  )

  /// To one who is the thread 3 of a supervisor.
  private static let welcome = Welcome(
    version: 1,
    bodyMax: BodyLimit.usual,
    node: "loom",
    incarnation: 1,
    daemonPID: 1,
    daemonVersion: "0",
    worker: Welcome.Worker(thread: ThreadID(rawValue: 3), name: nil, credit: .usualCredit)
  )

  @Test("a worker's nested spawn says so, tells of the start, and gives what the call comes to")
  func value() async throws {
    try await Peer.playConnected(welcome: Self.welcome) { peer, supervisor in
      let started = Mutex<[String]>([])
      let call = Task {
        try await supervisor.withNestedProcess(Program("make")) { thread in
          started.withLock { $0.append(thread.reference) }
        }
      }
      let (id, request) = try await peer.nextRequest()
      guard case .spawn(let spawn) = request.command else { throw CancellationError() }
      #expect(spawn.nested && spawn.argv == [Array("make".utf8)])
      try await peer.say {
        try $0.notice(.started(info(7)), of: id)
        try $0.reply(.nestedEnded(Self.end), to: id)
      }
      #expect(try await call.value == 3)
      #expect(started.withLock(\.self) == ["loom/1/7"])
    }
  }
}
