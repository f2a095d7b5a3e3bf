/// How wide text is on a terminal, in columns.
extension String {
  var columns: Int { reduce(0) { $0 + $1.columns } }

  /// Where a text that is too wide is cut, and marked with an ellipsis.
  enum Cut {
    case middle
    case end
  }

  /// The text in at most `most` columns, which is 1 or more.
  func cut(_ place: Cut, to most: Int, isUTF8: Bool) -> String {
    guard columns > most else { return self }
    let mark = isUTF8 ? "…" : String("...".prefix(most))
    let left = most - mark.columns
    switch place {
    case .middle:
      return prefix(columns: left - left / 2) + mark + String(String(reversed()).prefix(columns: left / 2).reversed())
    case .end: return prefix(columns: left) + mark
    }
  }

  /// As much of the beginning as has room.
  private func prefix(columns most: Int) -> String {
    var width = 0
    return String(
      prefix {
        width += $0.columns
        return width <= most
      }
    )
  }
}

extension Character {
  /// 0 for what has no width of its own, 2 for what East Asian typography has wide (UAX #11), else 1.
  fileprivate var columns: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if unicodeScalars.contains("\u{FE0F}") { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return Self.wide.contains { $0.contains(first.value) } ? 2 : 1
    }
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
    0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
    0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
  ]
}
