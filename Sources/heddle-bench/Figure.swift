/// One measured figure: what several runs gave, in `unit`.
struct Figure {
  let name: String
  let unit: String
  let median: Double
  let min: Double
  let max: Double

  /// Takes a figure `runs` times, after one run that does not count.
  ///
  /// - Parameter measure: one run; gives nanoseconds for one of the things that the name names.
  init(_ name: String, unit: Unit, runs: Int, measure: () throws -> Double) rethrows {
    _ = try measure()
    let samples = try (0..<runs).map { _ in try measure() / unit.nanoseconds }.sorted()
    self.name = name
    self.unit = unit.rawValue
    median = samples[samples.count / 2]
    min = samples[0]
    max = samples[samples.count - 1]
  }

  enum Unit: String {
    case nanoseconds = "ns"
    case microseconds = "us"
    case milliseconds = "ms"

    var nanoseconds: Double {
      switch self {
      case .nanoseconds: 1
      case .microseconds: 1_000
      case .milliseconds: 1_000_000
      }
    }
  }

  /// The line that stands for the figure. No limit in another language belongs to the figures of today.
  var json: String {
    """
    {"name": "\(name)", "unit": "\(unit)", "median": \(rounded(median)), "min": \(rounded(min)), \
    "max": \(rounded(max)), "limit": null, "ratio": null}
    """
  }

  private func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

/// The nanoseconds from `start` until now.
func nanoseconds(since start: ContinuousClock.Instant) -> Double {
  let elapsed = start.duration(to: .now).components
  return Double(elapsed.seconds) * 1e9 + Double(elapsed.attoseconds) / 1e9
}
