import Foundation
import Testing

@Suite("the built programs, as a newcomer meets them", .serialized, .timeLimit(.minutes(2)))
struct TourTests {
  @Test("the first tour of scripts/run works as written, and leaves nothing, twice")
  func tour() async throws {
    let tour = try await Command.run(
      Command.packageDirectory.appending(path: "scripts/run"),
      ["--no-build"],
      environment: ["HEDDLE_BIN": Command.binDirectory.path]
    )
    #expect(tour.status == 0, "\(tour.output)\n\(tour.errors)")
    #expect(tour.output.contains("\nnothing left\n"))
    #expect(tour.output.contains("\nstill nothing left\n"))
    #expect(tour.output.contains("in a session of its own"))
    #expect(tour.output.contains("suspended"))
  }
}
