internal import HeddleModel

/// A machine's clock, which runs a little too fast or too slow, from an origin of its own.
struct SimulatedClock {
  /// What it showed when the simulation began, in nanoseconds.
  let origin: UInt64
  /// By how much it is fast, in parts of a million; negative if it is slow.
  let error: Int64

  func shows(at truth: Instant) -> Instant {
    Instant(nanoseconds: origin + truth.nanoseconds &+ Self.scaled(truth.nanoseconds, by: error))
  }

  /// When it will show `instant`, or a moment later.
  func truth(at instant: Instant) -> Instant {
    guard instant.nanoseconds > origin else { return Instant(nanoseconds: 0) }
    let elapsed = instant.nanoseconds - origin
    // Off by the square of the error, which the addition covers.
    let rough = elapsed &- Self.scaled(elapsed, by: error) &+ elapsed / 10_000 + 1_000
    return Instant(nanoseconds: rough)
  }

  private static func scaled(_ nanoseconds: UInt64, by error: Int64) -> UInt64 {
    UInt64(bitPattern: Int64(nanoseconds / 1_000) * error / 1_000)
  }
}
