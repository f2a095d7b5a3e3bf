internal import DequeModule
internal import HeddleModel

/// One thread's lines on their way to another one's mailbox.
struct Relay: Equatable, Codable, Sendable {
  let target: ThreadID
  /// Whether the end of the lines is the end of the other's mail.
  let passesEnd: Bool
  /// Whole lines without their newlines, oldest first: never more than what the program has written since it was held.
  private var lines: Deque<[UInt8]> = []
  /// The beginning of the next line.
  private var begun: [UInt8] = []
  /// Whether the program has written its last.
  private(set) var isEnded = false
  /// How many lines were larger than the mailbox takes, and how many were cut.
  var refusedCount = 0
  private(set) var cutCount = 0

  init(to target: ThreadID, passesEnd: Bool) {
    self.target = target
    self.passesEnd = passesEnd
  }

  var first: [UInt8]? { lines.first }
  var count: Int { lines.count }
  var isEmpty: Bool { lines.isEmpty }

  mutating func removeFirst() { lines.removeFirst() }

  /// The program has written `bytes`. A line that becomes longer than a piece goes in pieces.
  mutating func take(_ bytes: some Collection<UInt8>) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      begin(rest[..<end])
      lines.append(begun)
      begun = []
      rest = rest[rest.index(after: end)...]
    }
    begin(rest)
  }

  /// The program has written its last; a line without a newline is one, too.
  mutating func end() {
    if !begun.isEmpty { lines.append(begun) }
    begun = []
    isEnded = true
  }

  private mutating func begin(_ bytes: some Collection<UInt8>) {
    var rest = bytes[...]
    while begun.count + rest.count > Limits.lineBytesMax {
      let piece = rest.prefix(Limits.lineBytesMax - begun.count)
      lines.append(begun + piece)
      begun = []
      rest = rest.dropFirst(piece.count)
      cutCount += 1
    }
    begun += rest
  }
}
