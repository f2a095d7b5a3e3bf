#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// What one thing costs in C: a program that measures it, beside the figure that is to be compared.
struct Limit {
  /// Where the programs are; nil when nothing is compared.
  let directory: String?
  /// A program in the directory, and what it is to measure: plain words.
  let program: String
  let arguments: [String]
  /// Which of the figures that it prints, and what that is in.
  let field: String
  let unit: Figure.Unit

  init(
    _ directory: String?,
    _ program: String,
    _ arguments: [String],
    _ field: String = "us",
    unit: Figure.Unit = .microseconds
  ) {
    self.directory = directory
    self.program = program
    self.arguments = arguments
    self.field = field
    self.unit = unit
  }

  /// The median of three runs, in nanoseconds or in what else a `Figure` is taken in; nil when nothing is compared.
  func measured() throws -> Double? {
    guard let directory else { return nil }
    return try (0..<3).map { _ in try run(in: directory) }.sorted()[1]
  }

  private func run(in directory: String) throws -> Double {
    let quoted = directory.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
    let command = (["cd '\(quoted)' && './\(program)'"] + arguments).joined(separator: " ")
    guard let figure = Self.figure(field, in: read(command)) else { throw LimitError(command: command) }
    return figure * unit.size
  }

  /// The programs print a line such as `RESULT us=0.0664 p99_us=0.1`.
  static func figure(_ field: String, in output: String) -> Double? {
    guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("RESULT ") }) else { return nil }
    let words = line.split(separator: " ").first { $0.hasPrefix("\(field)=") }
    return words.flatMap { Double($0.dropFirst(field.count + 1)) }
  }

  /// What the shell's `command` prints.
  private func read(_ command: String) -> String {
    guard let stream = unsafe popen(command, "r") else { return "" }
    defer { unsafe pclose(stream) }
    var output: [UInt8] = []
    while case let byte = unsafe getc(stream), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: output, as: UTF8.self)
  }
}

struct LimitError: Error, CustomStringConvertible {
  let command: String
  var description: String { "\(command) gave no figure; build the limits' programs there, or leave --limits out" }
}
