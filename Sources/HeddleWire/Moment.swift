/// A point on the wall clock, which people may set: for telling when, never for measuring how long.
package struct Moment: Hashable, Comparable, Codable, Sendable {
  /// Since 1970 began in UTC.
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static let epoch = Moment(nanoseconds: 0)

  /// So much earlier; the epoch, if that is not so long ago.
  package func before(_ span: Duration) -> Moment {
    Moment(nanoseconds: nanoseconds - min(nanoseconds, span.wireNanoseconds))
  }

  package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
}
