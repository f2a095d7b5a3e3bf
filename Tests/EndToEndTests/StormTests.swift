import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

extension Promises {
  @Suite("storms of SIGKILL", .timeLimit(.minutes(3)))
  struct StormTests {
    @Test(
      "on workers and clients: no orphan, zombie or descriptor stays, nothing acknowledged is undone, no mail is lost",
      arguments: Rung.allCases
    )
    func workersAndClients(rung: Rung) async throws {
      try await Scene.play(on: rung) { try await Storm($0, seed: UInt64.random(in: 0...999_999)).blow() }
    }

    @Test(
      "on the daemon, amid mail and starts: nothing is left of it or of what it ran",
      arguments: Rung.allCases,
      1...3
    )
    func daemon(rung: Rung, round: Int) async throws {
      try await Scene.play(on: rung) { scene in
        let seed = UInt64.random(in: 0...999_999)
        var chance = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...300, using: &chance)
        let receiver = try await scene.client.spawn(
          scene.spawn("heddle-test-worker", "record", "/dev/null", channel: .frames)
        )
        let starter = Task { while (try? await scene.client.spawn(scene.spawn("sleep", "1000"))) != nil {} }
        let (_, streams) = try await scene.client.spawn(
          scene.spawn("heddle-test-worker", "number", "\(receiver.id)", "sender", channel: .frames),
          attachedTo: [.standardOutput]
        )
        var lines = SenderLines(of: "sender", to: NumberedMail())
        while lines.count < count, let chunk = try await streams[0].read() { lines.hear(chunk.bytes) }
        #expect(lines.count >= count)
        scene.daemon.process.signal(SIGKILL)
        await starter.value
        try scene.daemon.process.wait()
        #expect(await eventually { scene.processes.all.isEmpty }, "seed \(seed)")
        #expect(await eventually { ProcStat(scene.keeper)?.isZombie ?? true }, "seed \(seed)")
      }
    }
  }
}
