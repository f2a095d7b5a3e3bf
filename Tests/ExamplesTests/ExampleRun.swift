import Foundation
import TestPrograms

/// A built example program, run to its end.
struct ExampleRun {
  let ending: StartedProgram.Ending
  /// What it wrote on standard output.
  let lines: [String]
  /// What it wrote on standard error.
  let errors: String

  /// Runs `example-name`, which has to end within 30 seconds.
  static func of(_ name: String) async throws -> ExampleRun {
    let example = Command.binDirectory.appending(path: "example-\(name)")
    let run = try await Command.run(example, [], atMost: .seconds(30))
    return ExampleRun(
      ending: run.ending,
      lines: run.output.split(separator: "\n").map(String.init),
      errors: run.errors
    )
  }

  /// The number of the first line that has `words`.
  func line(_ words: String) -> Int? { lines.firstIndex { $0.contains(words) } }
}
