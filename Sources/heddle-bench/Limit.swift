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

  /// The programs print a line such as `RESULT us=0.0664 p99_us=0.1`; or some words in front of each figure, such as
  /// `freeze us each 23.1 seen 1000`, and those words are the field.
  static func figure(_ field: String, in output: String) -> Double? {
    let lines = output.split(separator: "\n")
    if let line = lines.last(where: { $0.hasPrefix("RESULT ") }) {
      let word = line.split(separator: " ").first { $0.hasPrefix("\(field)=") }
      return word.flatMap { Double($0.dropFirst(field.count + 1)) }
    }
    return lines.lazy.compactMap { figure(behind: field.split(separator: " "), in: $0.split(separator: " ")) }.first
  }

  private static func figure(behind words: [Substring], in line: [Substring]) -> Double? {
    guard line.count > words.count else { return nil }
    for start in 0..<line.count - words.count where Array(line[start..<start + words.count]) == words {
      return Double(line[start + words.count])
    }
    return nil
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
