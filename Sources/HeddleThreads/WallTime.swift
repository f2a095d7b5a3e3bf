#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// A date: what the wall clock shows at a moment. Racket: what `current-inexact-milliseconds` gives.
///
/// The wall clock can be set, so two dates say nothing certain about the time between them; waits with a `timeout`,
/// `after(_:)` and `LocalThread.sleep(for:)` go by another clock, which cannot.
public struct WallTime: InstantProtocol, CustomStringConvertible {
  /// The time since 1970 began in UTC, without leap seconds: negative before.
  public let sinceEpoch: Duration

  /// The date that lies so long after the beginning of 1970 in UTC.
  public init(sinceEpoch: Duration) { self.sinceEpoch = sinceEpoch }

  /// What the clock shows now.
  public static var now: WallTime { World.current.clock.date() }

  public func advanced(by duration: Duration) -> WallTime { WallTime(sinceEpoch: sinceEpoch + duration) }
  public func duration(to other: WallTime) -> Duration { other.sinceEpoch - sinceEpoch }
  public static func < (left: WallTime, right: WallTime) -> Bool { left.sinceEpoch < right.sinceEpoch }

  public var description: String { "\(sinceEpoch) since 1970" }
}

extension WallTime {
  /// What CLOCK_REALTIME shows.
  static var system: WallTime {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return WallTime(sinceEpoch: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
  }
}

/// Ready when the wall clock shows `date` or later. Racket: `alarm-evt`.
///
/// A clock that is set meanwhile counts as it shows: set ahead past the date, it makes the event ready, and set back, it
/// delays it. This is noticed within a second.
public func alarm(at date: WallTime) -> AnyEvent<Void> {
  AnyEvent(
    .guarded {
      let world = World.current
      guard world.clock.date() < date else { return always(()) }
      let alarm = DateAlarm(at: date, in: world)
      return alarm.rung.wrap { _ in withExtendedLifetime(alarm) {} }
    }
  )
}
