import Foundation

/// A built program of this package, or a script, run to its end.
struct Command {
  let status: Int32
  let output: String
  let errors: String

  static let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let binDirectory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()

  /// Runs `path` and gives what it wrote; `input` is its standard input.
  static func run(
    _ path: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    input: String = ""
  ) async throws -> Command {
    let process = Process()
    process.executableURL = path
    process.arguments = arguments
    process.currentDirectoryURL = packageDirectory
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipes = (input: Pipe(), output: Pipe(), errors: Pipe())
    process.standardInput = pipes.input
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    try process.run()
    try pipes.input.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try pipes.input.fileHandleForWriting.close()
    async let output = Self.text(of: pipes.output)
    async let errors = Self.text(of: pipes.errors)
    let texts = await (output, errors)
    process.waitUntilExit()
    return Command(status: process.terminationStatus, output: texts.0, errors: texts.1)
  }

  /// Runs `heddle`.
  static func heddle(_ arguments: String..., at socketPath: String, input: String = "") async throws -> Command {
    try await heddle(arguments, at: socketPath, input: input)
  }

  /// Runs `heddle`.
  static func heddle(_ arguments: [String], at socketPath: String, input: String = "") async throws -> Command {
    try await run(
      binDirectory.appending(path: "heddle"),
      arguments,
      environment: ["HEDDLE_SOCKET": socketPath],
      input: input
    )
  }

  private static func text(of pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let bytes = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }
    }
  }
}
