internal import HeddleModel

/// What a simulation is to be like; everything else follows from the seed.
package struct SimulationSettings: Hashable, Sendable {
  package let seed: UInt64
  package var nodeCount = 3
  /// For how long faults happen, in seconds.
  package var faultSeconds: UInt64 = 25
  /// How long it goes on without faults, in seconds: all must have come to rest then.
  package var restSeconds: UInt64 = 16
  package var mutations: Mutations = []
  /// Whether what happens is written down in words.
  package var isTold = false

  package init(seed: UInt64) { self.seed = seed }

  /// The network may delay a packet by so many microseconds, usually.
  var delayMost: UInt64 { 20_000 }

  /// When the first fault happens: once the cluster is up.
  var faultsFrom: Instant { .seconds(10) }
  var faultsUntil: Instant { .seconds(10 + faultSeconds) }
  var end: Instant { .seconds(10 + faultSeconds + restSeconds) }
}

extension Instant {
  static func seconds(_ seconds: UInt64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  func plus(milliseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds + milliseconds * 1_000_000) }
  func plus(microseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds + microseconds * 1_000) }

  func milliseconds(since earlier: Instant) -> UInt64 {
    nanoseconds > earlier.nanoseconds ? (nanoseconds - earlier.nanoseconds) / 1_000_000 : 0
  }

  /// Seconds with three places: "12.345".
  var words: String {
    let thousandths = String(nanoseconds / 1_000_000 % 1_000)
    return "\(nanoseconds / 1_000_000_000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths)"
  }
}
