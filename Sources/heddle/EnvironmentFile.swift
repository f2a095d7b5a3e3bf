internal import Glibc
internal import HeddleClient

/// A file of environment variables, as `--env-file` takes it.
enum EnvironmentFile {
  /// In the help.
  static let form = """
    A file for --env-file has KEY=VALUE on each line, perhaps behind export; KEY alone takes the caller's value, if there \
    is one. Blank lines, lines that begin with #, and what follows a blank and # are comments. Of a value in 'single \
    quotes' every character counts; in "double quotes" \\n, \\t, \\r, \\", \\$ and \\\\ are what they are in C. Nothing is \
    expanded.
    """

  /// Sets what a file says.
  ///
  /// - Parameter inherited: the caller's environment.
  /// - Throws: a `Failure` with the line that is wrong.
  static func read(_ path: String, into variables: inout Variables, inheriting inherited: [[UInt8]]) throws(Failure) {
    for (number, line) in try contents(of: path).split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      do throws(Fault) {
        guard let (key, value) = try parse(line) else { continue }
        if let value = value ?? Variables.value(of: key, in: inherited) { variables.set(key, to: value) }
      } catch {
        throw Failure(.usage, "\(path):\(number + 1): \(error.rawValue)")
      }
    }
  }

  enum Fault: String, Error {
    case key = "a line is KEY=VALUE, and a KEY is letters, digits and _, not first a digit"
    case open = "the quote is not closed on its line"
    case rest = "only a comment may follow a closing quote"
    case zero = "a variable has no NUL"
  }

  /// - Returns: nil for a line without a variable; a value of nil for one that has none.
  static func parse(_ line: ArraySlice<UInt8>) throws(Fault) -> (key: [UInt8], value: [UInt8]?)? {
    var rest = trimmed(line)
    guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
    guard !rest.contains(0) else { throw .zero }
    if rest.starts(with: "export ".utf8) { rest = trimmed(rest.dropFirst(7)) }
    let key = rest.prefix(while: isOfKey)
    guard let start = key.first, !isDigit(start) else { throw .key }
    rest = rest.dropFirst(key.count)
    guard let sign = rest.first else { return (Array(key), nil) }
    guard sign == UInt8(ascii: "=") else { throw .key }
    return (Array(key), try value(trimmed(rest.dropFirst())))
  }

  // MARK: - Values

  private static func value(_ text: ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
    switch text.first {
    case UInt8(ascii: "'"): return try single(text.dropFirst())
    case UInt8(ascii: "\""): return try double(text.dropFirst())
    default: return Array(trimmed(text[..<(comment(in: text) ?? text.endIndex)]))
    }
  }

  private static func single(_ text: ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
    guard let end = text.firstIndex(of: UInt8(ascii: "'")) else { throw .open }
    try requireComment(text[(end + 1)...])
    return Array(text[..<end])
  }

  private static func double(_ text: ArraySlice<UInt8>) throws(Fault) -> [UInt8] {
    var value: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") {
        try requireComment(rest)
        return value
      }
      if byte == UInt8(ascii: "\\"), let next = rest.first, let meant = escapes[next] {
        rest.removeFirst()
        value.append(meant)
      } else {
        value.append(byte)
      }
    }
    throw .open
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "\""): UInt8(ascii: "\""),
    UInt8(ascii: "$"): UInt8(ascii: "$"), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
  ]

  private static func requireComment(_ rest: ArraySlice<UInt8>) throws(Fault) {
    let rest = trimmed(rest)
    guard rest.isEmpty || rest.first == UInt8(ascii: "#") else { throw .rest }
  }

  /// Where the blank is behind which a comment begins.
  private static func comment(in text: ArraySlice<UInt8>) -> Int? {
    text.indices.first { isBlank(text[$0]) && $0 + 1 < text.endIndex && text[$0 + 1] == UInt8(ascii: "#") }
      ?? (text.first == UInt8(ascii: "#") ? text.startIndex : nil)
  }

  // MARK: - Bytes

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let text = text.drop(while: isBlank)
    return text[..<((text.lastIndex { !isBlank($0) }).map { $0 + 1 } ?? text.startIndex)]
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isOfKey(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func contents(of path: String) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return contents }
      contents += chunk.prefix(count)
    }
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.usage, "cannot read \(path) for --env-file: \(SystemError.text(errno))")
  }
}
