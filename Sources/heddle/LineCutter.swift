/// Cuts a stream of bytes into lines, in whatever pieces it comes. Holds less than one line.
struct LineCutter {
  /// The longest line, in bytes, without its newline.
  let bytesMax: Int
  /// How many lines came out.
  private(set) var count = 0
  private var begun: [UInt8] = []

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  /// The lines that end in `chunk`, without their newlines.
  ///
  /// - Throws: that a line is too long, and which.
  mutating func lines(in chunk: [UInt8]) throws(Failure) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var rest = chunk[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      try begin(rest[..<end])
      lines.append(take())
      rest = rest[(end + 1)...]
    }
    try begin(rest)
    return lines
  }

  /// The last line, if no newline ends it.
  mutating func end() -> [UInt8]? { begun.isEmpty ? nil : take() }

  private mutating func begin(_ bytes: ArraySlice<UInt8>) throws(Failure) {
    guard begun.count + bytes.count <= bytesMax else {
      throw Failure(
        .refused,
        "cannot send line \(count + 1): it is longer than the \(bytesMax) bytes of a message; send it in pieces"
      )
    }
    begun += bytes
  }

  private mutating func take() -> [UInt8] {
    defer { begun = [] }
    count += 1
    return begun
  }
}
