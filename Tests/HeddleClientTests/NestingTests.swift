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

  @Test("a nested spawn says so, tells of the start, and gives what the call comes to")
  func value() async throws {
    try await Peer.playConnected { peer, supervisor in
      let started = Mutex<[ThreadInfo]>([])
      let spawn = Spawn(argv: [Array("make".utf8)], cwd: [47])
      let call = Task {
        try await supervisor.spawnNested(spawn) { thread in started.withLock { $0.append(thread) } }
      }
      let (id, request) = try await peer.nextRequest()
      #expect(request.command == .spawn(Spawn(argv: spawn.argv, cwd: spawn.cwd, nested: true)))
      try await peer.say {
        try $0.notice(.started(info(7)), of: id)
        try $0.reply(.nestedEnded(Self.end), to: id)
      }
      #expect(try await call.value == Self.end)
      #expect(started.withLock(\.self) == [info(7)])
    }
  }
}
