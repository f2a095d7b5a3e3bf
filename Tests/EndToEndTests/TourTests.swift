import Foundation
import TestPrograms
import Testing

@Suite("the built programs, as a newcomer meets them", .serialized, .timeLimit(.minutes(2)))
struct TourTests {
  @Test("the first five minutes of the README show what is printed there, and leave nothing")
  func tour() async throws {
    let tour = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", "scripts/run --no-build 2>&1"],
      environment: ["HEDDLE_BIN": Command.binDirectory.path]
    )
    #expect(tour.status == 0, "\(tour.output)")
    let readme = try String(contentsOf: Command.packageDirectory.appending(path: "README.md"), encoding: .utf8)
    let printed = Self.consoles(in: try Self.section("The first five minutes", of: readme))
    #expect(printed.count > 20)
    let shown = tour.output.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(shown.map(Self.normal) == printed.map(Self.normal), "\(tour.output)")
  }

  /// What stands below a heading.
  static func section(_ heading: String, of text: String) throws -> String {
    let rest = try #require(text.split(separator: "\n## \(heading)\n").dropFirst().first)
    return String(rest.prefix(upTo: rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex))
  }

  /// The lines of the consoles in which there are commands.
  static func consoles(in text: String) -> [Substring] {
    text.split(separator: "```console\n").dropFirst().map {
      $0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex)
    }
    .filter { $0.hasPrefix("$ ") }.flatMap { $0.split(separator: "\n") }
  }

  /// Without what differs each time: numbers, how wide they are, and where the socket is.
  static func normal(_ line: Substring) -> String {
    String(line)
      .replacing(#/[^ ]*\/(tour\.sock|daemon\.log)/#, with: "PATH").replacing(#/[0-9]+/#, with: "N").replacing(
        #/ +/#,
        with: " "
      )
  }
}
