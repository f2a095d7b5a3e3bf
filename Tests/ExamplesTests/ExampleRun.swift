import Foundation
import Synchronization

/// A built example program, run to its end.
struct ExampleRun {
  /// The exit status; nil when a signal ended the program, as it does after the deadline.
  let status: Int32?
  /// What it wrote on standard output.
  let lines: [String]
  /// What it wrote on standard error.
  let errors: String

  /// Runs `example-name`; it is killed after `deadline`.
  static func of(_ name: String, deadline: Duration = .seconds(30)) async throws -> ExampleRun {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "example-\(name)")
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let timer = Task {
      try await Task.sleep(for: deadline)
      kill(process.processIdentifier, SIGKILL)
    }
    async let outputText = text(of: output)
    async let errorText = text(of: errors)
    let texts = await (outputText, errorText)
    process.waitUntilExit()
    timer.cancel()
    return ExampleRun(
      status: process.terminationReason == .exit ? process.terminationStatus : nil,
      lines: texts.0.split(separator: "\n").map(String.init),
      errors: texts.1
    )
  }

  /// The number of the first line that has `words`.
  func line(_ words: String) -> Int? { lines.firstIndex { $0.contains(words) } }

  private static func text(of pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        let bytes = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }
    }
  }
}
