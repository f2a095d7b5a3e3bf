package import Foundation

/// A built program of this package, or a script, run to its end.
package struct Command: Sendable {
  package let ending: StartedProgram.Ending
  package let output: String
  package let errors: String
  /// The exit status, or the number of the signal that ended it.
  package var status: Int32 { ending.number }

  package static let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  /// Where the built programs are.
  package static let binDirectory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

  /// Runs `path` in the package's directory and gives what it wrote, which has to end within `patience`.
  ///
  /// - Parameters:
  ///   - environment: what is added to the tests' own.
  ///   - input: its standard input.
  package static func run(
    _ path: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    input: String = "",
    atMost patience: Duration = StartedProgram.patience
  ) async throws -> Command {
    let program = try StartedProgram(
      path.path,
      arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      in: packageDirectory.path,
      input: Array(input.utf8)
    )
    let ending = try await program.runToEnd(atMost: patience)
    return Command(ending: ending, output: program.output.text, errors: program.errors.text)
  }

  /// Runs `heddle`.
  package static func heddle(_ arguments: String..., at socketPath: String, input: String = "") async throws -> Command
  {
    try await heddle(arguments, at: socketPath, input: input)
  }

  /// Runs `heddle`.
  package static func heddle(_ arguments: [String], at socketPath: String, input: String = "") async throws -> Command {
    try await run(
      binDirectory.appending(path: "heddle"),
      arguments,
      environment: ["HEDDLE_SOCKET": socketPath],
      input: input
    )
  }
}
