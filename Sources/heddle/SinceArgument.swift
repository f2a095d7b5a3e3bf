internal import ArgumentParser
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// A point in the past: a span before now, "10m", or a date, "18:30".
enum SinceArgument: ExpressibleByArgument {
  case age(Duration)
  case date(WallTime)

  init?(argument: String) {
    if let span = DurationArgument(argument: argument) {
      self = .age(span.duration)
    } else if let moment = MomentArgument(argument: argument) {
      self = .date(moment.date)
    } else {
      return nil
    }
  }

  /// The same, but says what is wrong.
  static func parse(_ text: String) throws -> SinceArgument {
    if let since = SinceArgument(argument: text) { return since }
    throw ValidationError("'\(text)' is no time: give a span before now, as in 10m, or \(MomentArgument.forms).")
  }

  /// How long ago that is; none if it is not past.
  var age: Duration {
    switch self {
    case .age(let age): age
    case .date(let date): max(.zero, date.duration(to: .now))
    }
  }

  /// As the supervisor's history is asked. It keeps dates, which tell more than a span if the clock was set meanwhile.
  var inHistory: HistoryQuery.Since {
    switch self {
    case .age(let age): .age(age)
    case .date(let date): .time(Moment(nanoseconds: UInt64(clamping: Int64(date.sinceEpoch / .nanoseconds(1)))))
    }
  }
}
