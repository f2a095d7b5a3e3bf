internal import Glibc
internal import HeddleWire

extension Moment {
  /// What the wall clock shows; clock_gettime(2).
  static var now: Moment {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Moment(nanoseconds: UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec))
  }
}
