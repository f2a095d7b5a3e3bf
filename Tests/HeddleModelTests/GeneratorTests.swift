import Testing

@testable import heddle_replay

@Suite("Made-up worlds")
struct GeneratorTests {
  @Test("the core and the naive model agree on every operation")
  func coreAgrees() async throws {
    let settings = FuzzSettings()
    let fuzz = Fuzz(reference: { NaiveModel() }, candidate: { CoreSubject() })
    var tally = Tally()
    let finding = try await fuzz.run(seed: settings.seed, operations: settings.operations, tally: &tally)
    if settings.isVerbose { print(tally) }
    if let finding { Issue.record("\(await fuzz.story(of: finding))") }
  }
}
