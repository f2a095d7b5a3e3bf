/// How long a lease lasts, and how long its holder may act on it.
///
/// The coordinator counts the time-to-live from when it received a renewal, and the holder from when it sent it, which is
/// earlier. So the holder has stopped before the coordinator can say that the lease is gone, if the clocks' rates differ
/// by at most `drift` and stopping takes no longer than `guardTime`; the instants that the clocks show don't matter. Both
/// clocks count the time that a machine sleeps: CLOCK_BOOTTIME, clock_gettime(2).
///
/// Source: Gray and Cheriton, "Leases" (SOSP 1989), section 5. etcd's leases count likewise.
package struct LeaseTerms: Hashable, Codable, Sendable {
  package let ttl: Duration
  /// For stopping everything once the deadline is there.
  package let guardTime: Duration
  /// The parts of a hundred by which one clock may run faster than the other.
  package let drift: Int

  package init(ttl: Duration, guardTime: Duration = .seconds(1), drift: Int = 1) {
    precondition(ttl > guardTime + ttl * drift / 100, "a lease lasts longer than what is kept in reserve")
    self.ttl = ttl
    self.guardTime = guardTime
    self.drift = drift
  }

  /// Six seconds: long enough for a registrar's restart in the midst of it, short enough to wait for.
  package static let usual = LeaseTerms(ttl: .seconds(6))

  /// How often it is renewed, but for jitter.
  package var renewal: Duration { ttl / 3 }

  /// How long the holder may act after it sent the last renewal that was answered.
  package var tenure: Duration { ttl - guardTime - ttl * drift / 100 }

  /// The time to the next renewal: up to a tenth less than `renewal`, so that nodes that began together drift apart.
  func nextRenewal(_ random: inout SplitMix64) -> Duration {
    let most = renewal.wholeNanoseconds
    return .nanoseconds(Int64(clamping: most - random.below(most / 10 + 1)))
  }
}
