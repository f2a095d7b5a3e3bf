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

  /// The median of three runs; nil when nothing is compared.
  func nanoseconds() throws -> Double? {
    guard let directory else { return nil }
    return try (0..<3).map { _ in try run(in: directory) }.sorted()[1]
  }

  /// The programs print a line such as `RESULT us=0.0664`.
  private func run(in directory: String) throws -> Double {
    let quoted = directory.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
    let command = (["'\(quoted)/\(program)'"] + arguments).joined(separator: " ")
    let output = read(command)
    guard let figure = output.firstRange(of: "RESULT us="),
      let microseconds = Double(output[figure.upperBound...].prefix { !$0.isWhitespace })
    else { throw LimitError(command: command) }
    return microseconds * 1_000
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
