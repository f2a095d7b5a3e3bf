/// A point on the monotonic clock that the shell hands in; the model itself has no clock.
package struct Instant: Hashable, Comparable, Codable, Sendable {
  /// Since an origin of the shell's choice.
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
}
