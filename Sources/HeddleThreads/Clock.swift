internal import HeddleModel
internal import Synchronization

/// The time of one world, from 0 on.
package final class Clock: Sendable {
  private enum Source: Sendable {
    /// The system's monotonic clock, and what it showed at the start.
    case system(origin: UInt64)
    /// It moves when somebody says so.
    case manual
  }

  /// Real time.
  package static var monotonic: Clock { Clock(.system(origin: monotonicNow())) }
  /// A clock that stands at 0 until it is moved.
  package static var manual: Clock { Clock(.manual) }

  private let source: Source
  private let moved = Mutex(Instant(nanoseconds: 0))
  /// The date on which a manual clock stood at 0.
  private let origin = Mutex(WallTime(sinceEpoch: .zero))
  private let alarm = Mutex<(isRunning: Bool, next: UInt64?)>((false, nil))
  private let parker = Parker()

  private init(_ source: Source) { self.source = source }

  func now() -> Instant {
    switch source {
    case .system(let origin): Instant(nanoseconds: monotonicNow() - origin)
    case .manual: moved.withLock(\.self)
    }
  }

  /// The instant that lies `duration` ahead; the last one there is when that lies beyond it.
  func instant(in duration: Duration) -> Instant {
    let (sum, isBeyond) = now().nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
    return Instant(nanoseconds: isBeyond ? .max : sum)
  }

  /// Moves a manual clock ahead and lets `world` see it.
  package func advance(by duration: Duration, in world: World) {
    moved.withLock { $0 = Instant(nanoseconds: $0.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds).0) }
    _ = world.tick()
  }

  /// What the wall clock shows. Beside a manual clock there is one that goes with it, from the beginning of 1970 on.
  func date() -> WallTime {
    switch source {
    case .system: .system
    case .manual: origin.withLock(\.self).advanced(by: .nanoseconds(Int64(clamping: now().nanoseconds)))
    }
  }

  /// Sets the wall clock beside a manual clock, and lets `world` see it.
  package func setDate(_ date: WallTime, in world: World) {
    origin.withLock { $0 = date.advanced(by: .zero - .nanoseconds(Int64(clamping: now().nanoseconds))) }
    _ = world.tick()
  }

  /// Tells `world` the time at `instant`, if it would not be told before.
  func wake(_ world: World, at instant: Instant) {
    guard case .system = source else { return }
    let (starts, isEarlier) = alarm.withLock { alarm -> (Bool, Bool) in
      guard alarm.next.map({ instant.nanoseconds < $0 }) ?? true else { return (false, false) }
      defer { alarm = (true, instant.nanoseconds) }
      return (!alarm.isRunning, true)
    }
    if starts {
      let isStarted = startDetachedThread { [self] in run(for: world) }
      precondition(isStarted, "the system refuses the thread that wakes those who sleep")
    } else if isEarlier {
      parker.unpark()
    }
  }

  private func run(for world: World) {
    while true {
      // Whoever waits from here on says so itself.
      alarm.withLock { $0.next = nil }
      let next = world.tick()
      let (wakeUp, now) = alarm.withLock { alarm in
        alarm.next = [alarm.next, next].compactMap(\.self).min()
        return (alarm.next, self.now().nanoseconds)
      }
      parker.park(for: wakeUp.map { $0 > now ? $0 - now : 0 })
    }
  }
}

extension Duration {
  /// At least 0, at most what 64 bits hold.
  var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard self > .zero else { return 0 }
    let (whole, isBeyond) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isMore) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return isBeyond || isMore ? .max : sum
  }
}
