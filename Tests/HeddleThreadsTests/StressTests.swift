import Testing

@testable import HeddleThreads

@Suite("stress", .timeLimit(.minutes(5 + Chance.stressSeconds / 60)))
struct StressTests {
  @Test("64 threads do everything at random; afterwards all are dead, and the model knows of none")
  func everything() async throws {
    let seed = Chance.seed()
    let world = World(clock: .monotonic, carriers: .pair, report: { _, _ in })
    try await World.$outside.withValue(world) {
      try await Stress(seed: seed).run(threads: 64, for: .seconds(Chance.stressSeconds))
      // Not by way of the event, which would be known to the model.
      await Resumption<Void>.suspend { resumption in world.activity.whenIdle { resumption() } }
    }
    #expect(Remains(of: world) == Remains(), "seed \(seed)")
  }
}
