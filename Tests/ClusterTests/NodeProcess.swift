import Foundation
import Glibc
import Synchronization

/// A `heddle daemon` that lets clients in.
final class NodeProcess: Sendable {
  private let process = Process()
  private let said = Said()

  /// It has left instead.
  struct Ended: Error {
    let log: String
  }

  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = Heddle.url
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["PATH": Heddle.path]) { $1 }
      .merging(environment) { $1 }
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    while !log.contains("listening for links on") {
      let more = errors.fileHandleForReading.availableData
      guard !more.isEmpty else { throw Ended(log: log) }
      said.text.withLock { $0 += String(decoding: more, as: UTF8.self) }
    }
    Thread.detachNewThread { [said] in
      while case let more = errors.fileHandleForReading.availableData, !more.isEmpty {
        said.text.withLock { $0 += String(decoding: more, as: UTF8.self) }
      }
    }
  }

  /// What it has said so far.
  var log: String { said.text.withLock { $0 } }

  func kill() {
    if process.isRunning { Glibc.kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }
}

/// What a daemon has written, as it comes.
private final class Said: Sendable {
  let text = Mutex("")
}

/// One run of the built `heddle`.
struct Heddle {
  let status: Int32
  let output: String
  let errors: String

  private static let bin = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  static let url = bin.appending(path: "heddle")
  /// Where the built programs are found, and the system's.
  static let path = "\(bin.path):/usr/bin:/bin"

  static func run(_ arguments: [String], environment: [String: String], input: String = "") async throws -> Heddle {
    let (process, pipes) = (Process(), (input: Pipe(), output: Pipe(), errors: Pipe()))
    process.executableURL = url
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = pipes.input
    process.standardOutput = pipes.output
    process.standardError = pipes.errors
    try process.run()
    try pipes.input.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try pipes.input.fileHandleForWriting.close()
    async let output = text(of: pipes.output)
    async let errors = text(of: pipes.errors)
    let texts = await (output, errors)
    process.waitUntilExit()
    return Heddle(status: process.terminationStatus, output: texts.0, errors: texts.1)
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
