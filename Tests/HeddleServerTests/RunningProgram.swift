import Foundation

/// A built program that runs beside the test, until nobody holds it any more.
final class RunningProgram: @unchecked Sendable {
  // Unchecked, since `Process` is not Sendable: it is used in `init` and `deinit` alone.
  private let process = Process()
  /// The lines of its standard output, one after the other.
  let lines: AsyncStream<String>

  init(_ name: String, _ arguments: String...) throws {
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    let (lines, continuation) = AsyncStream<String>.makeStream()
    self.lines = lines
    try process.run()
    Thread.detachNewThread {
      var rest = Data()
      while true {
        let more = output.fileHandleForReading.availableData
        rest += more
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = Data(rest[(end + 1)...])
        }
        if more.isEmpty { return continuation.finish() }
      }
    }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }
}
