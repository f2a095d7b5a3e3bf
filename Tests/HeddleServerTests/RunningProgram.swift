import Foundation
import TestPrograms

/// A built program that runs beside the test, until nobody holds it any more.
final class RunningProgram: Sendable {
  private let program: StartedProgram
  /// The lines of its standard output, one after the other.
  let lines: AsyncStream<String>

  init(_ name: String, _ arguments: String...) throws {
    program = try StartedProgram(Command.binDirectory.appending(path: name).path, arguments)
    lines = program.output.lines
  }
}
