/// One measured figure: what several runs gave, in `unit`, and what it is to be compared with on the same machine, if that
/// was measured beside it: the same in C, or without what the figure is about.
struct Figure {
  let name: String
  let unit: String
  let median: Double
  let min: Double
  let max: Double
  /// In the same unit.
  let limit: Double?
  var goal: Goal?

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

  /// Takes a figure `runs` times in turn with that of its limit, so that what else the machine does concerns both; after a
  /// run of each that does not count.
  ///
  /// - Parameters:
  ///   - goal: what it is to be, if that was said.
  ///   - limit: one run; nil is no limit.
  ///   - measure: as of the other initializer, or pieces a second.
  init(
    _ name: String,
    unit: Unit,
    runs: Int,
    goal: Goal? = nil,
    inTurnWith limit: () async throws -> Double?,
    measure: () async throws -> Double
  ) async throws {
    var (samples, limitSamples): ([Double], [Double]) = ([], [])
    for run in 0...runs {
      let (sample, other) = (try await measure(), try await limit())
      guard run > 0 else { continue }
      samples.append(sample)
      if let other { limitSamples.append(other) }
    }
    self.init(name, unit: unit, samples: samples, limitSamples: limitSamples)
    self.goal = goal
  }

  /// A figure that was taken already.
  ///
  /// - Parameter samples: at least one, in nanoseconds or bytes.
  init(_ name: String, unit: Unit, samples: [Double], limit: Limit? = nil) throws {
    self.init(name, unit: unit, samples: samples, limitSamples: try [limit?.measured()].compactMap(\.self))
  }

  /// The same.
  ///
  /// - Parameter limitSamples: those of the limit, of which the median counts; none is no limit.
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
    "max": \(rounded(max)), "limit": \(rounded(limit)), "ratio": \(rounded(ratio))\(goalWords)}
    """
  }

  /// Of the figure to its limit.
  var ratio: Double? { limit.map { median / $0 } }

  /// Nothing for a figure without a goal.
  private var goalWords: String { goal.map { ", \"goal\": \"\($0)\", \"met\": \($0.isMet(by: self))" } ?? "" }

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
