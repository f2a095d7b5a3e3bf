package import HeddleModel

/// When the bytes of a log came, coarsely: a mark for what came within a second, and at most 128 marks. When there are
/// more, those become one for which that matters least: the span between them is the least part of their age. So the past
/// is known to a second or to about a tenth of its age, whichever is more.
///
/// What is known errs to one side: of bytes that came since an instant none counts as older.
package struct ArrivalTimes: Equatable, Codable, Sendable {
  /// What came from an offset on, up to the next span's.
  private struct Span: Equatable, Codable {
    let offset: Int
    let begin: Instant
    var end: Instant
  }

  package static let spanMax = Duration.seconds(1)
  package static let countMax = 128

  /// Oldest first.
  private var spans: [Span] = []

  package init() {}

  /// Bytes have come, of which the first is the log's byte `offset`.
  package mutating func note(_ offset: Int, at now: Instant) {
    if let last = spans.last, now - last.begin < Self.spanMax {
      spans[spans.count - 1].end = now
    } else {
      spans.append(Span(offset: offset, begin: now, end: now))
      if spans.count > Self.countMax { joinTwo(at: now) }
    }
  }

  /// The offset from which on all bytes are that came at `instant` or later; nil if none came then.
  package func offset(since instant: Instant) -> Int? { spans.first { $0.end >= instant }?.offset }

  /// Bytes before `offset` are not asked for any more.
  package mutating func forget(before offset: Int) {
    let kept = spans.dropFirst().firstIndex { $0.offset > offset } ?? spans.count
    spans.removeFirst(max(kept - 1, 0))
  }

  /// Makes one span of two neighbours.
  private mutating func joinTwo(at now: Instant) {
    func partOfAge(_ index: Int) -> Double {
      (spans[index + 1].end - spans[index].begin) / (now - spans[index].begin)
    }
    guard let index = (0..<spans.count - 1).min(by: { partOfAge($0) < partOfAge($1) }) else { return }
    spans[index].end = spans[index + 1].end
    spans.remove(at: index + 1)
  }
}

extension LogRing {
  /// The place of the line's first byte in which the byte `offset` is, as far as that is kept.
  func lineStart(at offset: Int) -> Int {
    let before = contents.prefix(max(0, offset - dropped))
    guard let newline = before.lastIndex(of: UInt8(ascii: "\n")) else { return dropped }
    return dropped + newline + 1
  }
}
