internal import ArgumentParser
internal import Glibc
internal import HeddleThreads

/// A date as arguments have it: "18:30" or "18:30:15" of today, by the local clock, or "2026-11-21T18:30:00", with Z behind
/// it for UTC.
struct MomentArgument: ExpressibleByArgument {
  let date: WallTime

  init?(argument: String) {
    var text = argument[...]
    let isUTC = text.last == "Z"
    if isUTC { text.removeLast() }
    let halves = text.split(separator: "T", omittingEmptySubsequences: false)
    guard let last = halves.last, halves.count <= 2, halves.count == 2 || !isUTC, let time = Self.time(last) else {
      return nil
    }
    guard let day = halves.count == 2 ? Self.day(halves[0]) : Self.today else { return nil }
    date = WallTime(sinceEpoch: .seconds(Self.seconds(day, time, isUTC: isUTC)))
  }

  static let forms = "a time of today, as in 18:30 or 18:30:15, or a date, as in 2026-11-21T18:30:00, with Z for UTC"

  private typealias Triple = (Int32, Int32, Int32)

  /// "18:30" or "18:30:15": hour, minute and second.
  private static func time(_ text: Substring) -> Triple? {
    guard var numbers = numbers(text, separator: ":"), (2...3).contains(numbers.count) else { return nil }
    if numbers.count == 2 { numbers.append(0) }
    guard numbers[0] < 24, numbers[1] < 60, numbers[2] < 60 else { return nil }
    return (numbers[0], numbers[1], numbers[2])
  }

  /// "2026-11-21": year, month and day.
  private static func day(_ text: Substring) -> Triple? {
    guard let numbers = numbers(text, separator: "-"), numbers.count == 3, 1970...9999 ~= numbers[0],
      1...12 ~= numbers[1], 1...31 ~= numbers[2]
    else { return nil }
    return (numbers[0], numbers[1], numbers[2])
  }

  private static var today: Triple {
    var now = Glibc.time(nil)
    var parts = unsafe tm()
    unsafe localtime_r(&now, &parts)
    return unsafe (parts.tm_year + 1_900, parts.tm_mon + 1, parts.tm_mday)
  }

  /// Since 1970 began; mktime(3). Whether it is summer time then, the system finds out.
  private static func seconds(_ day: Triple, _ time: Triple, isUTC: Bool) -> Int {
    var parts = unsafe tm()
    unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (day.0 - 1_900, day.1 - 1, day.2)
    unsafe (parts.tm_hour, parts.tm_min, parts.tm_sec) = time
    unsafe parts.tm_isdst = -1
    return unsafe isUTC ? timegm(&parts) : mktime(&parts)
  }

  /// nil unless all are digits.
  private static func numbers(_ text: Substring, separator: Character) -> [Int32]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { $0.allSatisfy { $0.isASCII && $0.isNumber } ? Int32($0) : nil }
    return numbers.count == parts.count ? numbers : nil
  }
}
