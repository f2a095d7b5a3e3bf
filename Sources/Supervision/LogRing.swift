/// The last bytes that a thread wrote, standard output and standard error as they came: a bounded ring in memory.
package struct LogRing: Equatable, Codable, Sendable {
  /// The most bytes that are kept.
  package private(set) var capacity: Int
  /// The bytes that came before the oldest that is kept, and are lost.
  package private(set) var dropped = 0
  /// Filled up to `capacity`; from then on `start` is the oldest byte, and the newest stand before it.
  private var bytes: [UInt8] = []
  private var start = 0

  package init(capacity: Int) {
    precondition(capacity > 0, "a log holds at least one byte")
    self.capacity = capacity
  }

  /// How many bytes are kept.
  package var count: Int { bytes.count }

  /// Adds bytes at the end; the oldest make room.
  package mutating func append(_ new: some Collection<UInt8>) {
    var rest = new[...]
    if rest.count > capacity {
      dropped += rest.count - capacity
      rest = rest.suffix(capacity)
    }
    let free = capacity - bytes.count
    bytes.append(contentsOf: rest.prefix(free))
    overwrite(with: rest.dropFirst(free))
  }

  /// Puts at most `capacity` bytes in the place of the oldest ones of a full ring.
  private mutating func overwrite(with new: some Collection<UInt8>) {
    let first = new.prefix(capacity - start)
    bytes.replaceSubrange(start..<start + first.count, with: first)
    let second = new.dropFirst(first.count)
    bytes.replaceSubrange(..<second.count, with: second)
    if !new.isEmpty { start = (start + new.count) % capacity }
    dropped += new.count
  }

  /// What is kept, oldest first.
  package var contents: [UInt8] { Array(bytes[start...] + bytes[..<start]) }

  /// The place of the next byte to come, in all that ever came.
  package var end: Int { dropped + bytes.count }

  /// At most `most` bytes from the place `offset` on, which is none that was dropped; empty at the end and beyond.
  package func bytes(from offset: Int, atMost most: Int) -> [UInt8] {
    let index = offset - dropped
    guard most > 0, index >= 0, index < bytes.count else { return [] }
    let place = (start + index) % bytes.count
    let count = min(most, bytes.count - index)
    let first = bytes[place...].prefix(count)
    return Array(first + bytes[..<(count - first.count)])
  }

  /// The last `lines` lines of what is kept; a last line without its newline counts.
  package func tail(lines: Int) -> ArraySlice<UInt8> {
    let contents = contents[...]
    guard lines > 0 else { return contents.suffix(0) }
    var end = contents.last == UInt8(ascii: "\n") ? contents.dropLast() : contents
    for _ in 0..<lines {
      guard let newline = end.lastIndex(of: UInt8(ascii: "\n")) else { return contents }
      end = end[..<newline]
    }
    return contents[(end.endIndex + 1)...]
  }

  /// Keeps only the last `capacity` bytes from here on.
  package mutating func shrink(to capacity: Int) {
    guard capacity < self.capacity else { return }
    let kept = contents.suffix(capacity)
    dropped += count - kept.count
    self = LogRing(capacity: capacity, dropped: dropped, bytes: Array(kept))
  }

  private init(capacity: Int, dropped: Int, bytes: [UInt8]) {
    self.capacity = capacity
    self.dropped = dropped
    self.bytes = bytes
  }
}
