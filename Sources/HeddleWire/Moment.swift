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

  /// To the millisecond, in UTC: "2026-11-21T18:30:15.123Z"; RFC 3339.
  package var rfc3339: String {
    let seconds = Int(nanoseconds / 1_000_000_000)
    let (year, month, day) = Self.date(ofDay: seconds / 86_400)
    let time = [seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60].map { Self.padded($0, to: 2) }
    let fraction = Self.padded(Int(nanoseconds / 1_000_000 % 1_000), to: 3)
    let date = [Self.padded(year, to: 4), Self.padded(month, to: 2), Self.padded(day, to: 2)]
    return "\(date.joined(separator: "-"))T\(time.joined(separator: ":")).\(fraction)Z"
  }

  /// The date of a day, counted from the first of 1970, in the calendar that we use: eras of 400 years, which begin with
  /// March, so that a leap day is a year's last.
  private static func date(ofDay number: Int) -> (year: Int, month: Int, day: Int) {
    let day = number + 719_468
    let (era, dayOfEra) = (day / 146_097, day % 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
}
