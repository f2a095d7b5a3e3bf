internal import ArgumentParser

/// A time span as arguments have it: "500ms", "1.5s", "2m30s", "1h", "7d".
struct DurationArgument: ExpressibleByArgument, Equatable {
  let duration: Duration

  private static let units: [(suffix: String, nanoseconds: Double)] = [
    ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("d", 86_400e9),
  ]
  /// A hundred years: what is longer is a mistake, and would not fit everywhere.
  private static let most = 36_500 * 86_400e9

  init(_ duration: Duration) { self.duration = duration }

  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> DurationArgument {
    if let duration = DurationArgument(argument: text) { return duration }
    throw ValidationError("'\(text)' is no time span: give a number and ms, s, m, h or d, as in 500ms or 1m30s.")
  }

  var defaultValueDescription: String { duration.spelled }

  init?(argument: String) {
    var rest = argument[...]
    var nanoseconds = 0.0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let value = Double(number), let size = Self.units.first(where: { $0.suffix == unit }) else { return nil }
      nanoseconds += value * size.nanoseconds
    }
    guard nanoseconds <= Self.most else { return nil }
    duration = .nanoseconds(Int64(nanoseconds))
  }
}

extension Duration {
  /// As an argument has it, to the millisecond: "90s", "1.5s", "20ms".
  var spelled: String {
    let milliseconds = components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    if milliseconds < 1_000 { return "\(milliseconds)ms" }
    let digits = "\(milliseconds % 1_000 + 1_000)".dropFirst()
    let fraction = digits.reversed().drop { $0 == "0" }.reversed()
    return "\(milliseconds / 1_000)\(fraction.isEmpty ? "" : "." + String(fraction))s"
  }
}
