import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import Testing

extension Promises {
  @Suite("suspended means no progress", .timeLimit(.minutes(2)))
  struct StandstillTests {
    @Test(
      "counters, in a session of their own or daemons, and a forker stand still from the suspension event to the resume",
      arguments: Rung.allCases
    )
    func standstill(rung: Rung) async throws {
      try await Scene.play(on: rung) { scene in
        let (counted, others) = (try Counts(in: scene.daemon.directory), try Counts(in: scene.daemon.directory))
        let thread = try await scene.client.spawn(scene.spawn("heddle-test-tree", "--count", counted.path)).id
        _ = try await scene.client.spawn(scene.spawn("heddle-test-tree", "--count", others.path))
        for _ in 1...5 {
          await counted.awaitProgress(from: counted.slots)
          let event = try await scene.client.event(.suspension, of: .id(thread))
          async let suspension: Void = scene.client.watch(event)
          try await scene.client.suspend(.id(thread))
          try await suspension
          let before = counted.slots
          // The others have had their turns meanwhile, so there was time for ours.
          for _ in 1...2 { await others.awaitProgress(from: others.slots) }
          #expect(counted.slots == before)
          try await scene.client.resume(.id(thread))
        }
        await counted.awaitProgress(from: counted.slots)
        _ = try await scene.client.kill(.id(thread))
        let last = counted.slots
        await others.awaitProgress(from: others.slots)
        #expect(counted.slots == last)
      }
    }
  }
}

/// What the processes of one `heddle-test-tree --count` have counted; see its count.h.
private final class Counts: Sendable {
  private static let slotsCount = 4
  let path: String

  init(in directory: URL) throws {
    path = directory.appending(path: UUID().uuidString).path
    try Data(count: Self.slotsCount * MemoryLayout<UInt64>.size).write(to: URL(filePath: path))
  }

  /// How many turns each kind of process has had. A file that others have mapped reads as they see it; mmap(2).
  var slots: [UInt64] {
    let bytes = FileBytes.beginning(of: path, count: Self.slotsCount * MemoryLayout<UInt64>.size)
    return unsafe bytes.withUnsafeBytes { unsafe Array($0.assumingMemoryBound(to: UInt64.self)) }
  }

  /// Returns when every kind has had more turns; the suite's limit of time is what ends the wait otherwise.
  func awaitProgress(from before: [UInt64]) async {
    while zip(slots, before).contains(where: { $0 <= $1 }) { await Task.yield() }
  }
}
