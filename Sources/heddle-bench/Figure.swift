/// One measured figure: what several runs gave, in `unit`, and what the same costs in C on the same machine, if that was
/// measured beside it.
struct Figure {
  let name: String
  let unit: String
  let median: Double
  let min: Double
  let max: Double
  /// In the same unit.
  let limit: Double?

  /// Takes a figure `runs` times, after one run that does not count.
  ///
  /// - Parameter measure: one run; gives nanoseconds, or bytes, for one of the things that the name names.
  init(
    _ name: String,
    unit: Unit,
    runs: Int,
    limit: Limit? = nil,
    measure: () async throws -> Double
  ) async throws {
    _ = try await measure()
    var samples: [Double] = []
    for _ in 0..<runs { samples.append(try await measure()) }
    try self.init(name, unit: unit, samples: samples, limit: limit)
  }

  /// A figure that was taken already.
  ///
  /// - Parameter samples: at least one, in nanoseconds or bytes.
  init(_ name: String, unit: Unit, samples: [Double], limit: Limit? = nil) throws {
    self.init(name, unit: unit, samples: samples, limitSamples: try [limit?.measured()].compactMap(\.self))
  }

  /// A figure that was taken already, in turn with that of its limit.
  ///
  /// - Parameter limitSamples: of these the median counts; none is no limit.
  init(_ name: String, unit: Unit, samples: [Double], limitSamples: [Double]) {
    let sorted = samples.map { $0 / unit.size }.sorted()
    let limits = limitSamples.map { $0 / unit.size }.sorted()
    self.name = name
    self.unit = unit.rawValue
    median = sorted[sorted.count / 2]
    min = sorted[0]
    max = sorted[sorted.count - 1]
    limit = limits.isEmpty ? nil : limits[limits.count / 2]
  }

  enum Unit: String {
    case nanoseconds = "ns"
    case microseconds = "us"
    case milliseconds = "ms"
    case bytes = "bytes"
    case perSecond = "messages/s"
    /// Of a core.
    case percent = "%"
    case linesPerSecond = "lines/s"
    case connectionsPerSecond = "connections/s"

    /// In nanoseconds, bytes, or pieces a second.
    var size: Double {
      switch self {
      case .nanoseconds, .bytes, .perSecond, .percent, .linesPerSecond, .connectionsPerSecond: 1
      case .microseconds: 1_000
      case .milliseconds: 1_000_000
      }
    }
  }

  /// The line that stands for the figure.
  var json: String {
    """
    {"name": "\(name)", "unit": "\(unit)", "median": \(rounded(median)), "min": \(rounded(min)), \
    "max": \(rounded(max)), "limit": \(rounded(limit)), "ratio": \(rounded(limit.map { median / $0 }))}
    """
  }

  private func rounded(_ value: Double?) -> String { value.map { "\(($0 * 1_000).rounded() / 1_000)" } ?? "null" }
}

/// The nanoseconds from `start` until now.
func nanoseconds(since start: ContinuousClock.Instant) -> Double {
  let elapsed = start.duration(to: .now).components
  return Double(elapsed.seconds) * 1e9 + Double(elapsed.attoseconds) / 1e9
}

/// The nanoseconds that `work` takes.
func time(_ work: () async throws -> Void) async rethrows -> Double {
  let start = ContinuousClock.now
  try await work()
  return nanoseconds(since: start)
}
