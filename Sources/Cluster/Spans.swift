package import HeddleModel

extension Instant {
  /// So much later; the end of time, if it would be beyond that.
  package func advanced(by span: Duration) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(span.wholeNanoseconds)
    return Instant(nanoseconds: overflow ? .max : sum)
  }

  /// How long after this `later` comes; zero, if it does not come after.
  package func span(until later: Instant) -> Duration {
    .nanoseconds(Int64(clamping: later.nanoseconds > nanoseconds ? later.nanoseconds - nanoseconds : 0))
  }
}

extension Duration {
  /// In whole nanoseconds, 0 for less than none.
  package var wholeNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : product &+ UInt64(attoseconds / 1_000_000_000)
  }
}
