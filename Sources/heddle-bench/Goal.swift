/// What the median of a figure is to be.
enum Goal: Equatable, CustomStringConvertible {
  /// In the figure's unit.
  case atLeast(Double)
  /// In the figure's unit.
  case atMost(Double)
  /// Of the figure to its limit.
  case ratioAtMost(Double)

  var description: String {
    switch self {
    case .atLeast(let value): ">= \(value)"
    case .atMost(let value): "<= \(value)"
    case .ratioAtMost(let value): "ratio <= \(value)"
    }
  }

  /// False for a ratio to a limit that there is not.
  func isMet(by figure: Figure) -> Bool {
    switch self {
    case .atLeast(let value): figure.median >= value
    case .atMost(let value): figure.median <= value
    case .ratioAtMost(let value): figure.ratio.map { $0 <= value } ?? false
    }
  }
}
