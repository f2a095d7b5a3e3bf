internal import CLibuv

/// One deadline at a time: armed, fires once, and can be armed again.
///
/// It fires on the loop, never early, as a rule within two milliseconds, libuv's grain being one. Of two timers
/// the one with the earlier deadline fires first, within that grain; equal ones fire in the order of their `start`.
@safe package final class Timer: LoopHandle {
  private var onFire: () -> Void
  /// When it may fire, in nanoseconds of `EventLoop.nanoseconds`; nil while it is not armed.
  private var deadline: UInt64?

  /// A timer that is not armed.
  package init(on loop: EventLoop, onFire: @escaping () -> Void) throws(LoopError) {
    self.onFire = onFire
    try unsafe super.init(on: loop, attempt: "make a timer") { unsafe uv_timer_init($0, $1) }
  }

  /// Whether it will fire if nothing more is done.
  package var isArmed: Bool { isOpen && deadline != nil }

  /// Arms the timer, in place of an earlier deadline. Has no effect once it is closed.
  ///
  /// - Parameter delay: zero or less fires in the loop's next round.
  package func start(after delay: Duration) {
    guard isOpen else { return }
    let now = EventLoop.nanoseconds
    let deadline = now + delay.nanosecondsClamped
    self.deadline = deadline
    arm(for: deadline - now)
  }

  /// Disarms the timer; it does not fire until it is started again.
  package func cancel() {
    guard isOpen else { return }
    deadline = nil
    unsafe uv_timer_stop(raw())
  }

  private func arm(for nanoseconds: UInt64) {
    // Delays count from the loop's cached time, which is as old as the present round.
    unsafe uv_update_time(loop.core.raw)
    let milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
    unsafe uv_timer_start(raw(), { unsafe LoopHandle.owner(of: $0, as: Timer.self)?.fired() }, milliseconds, 0)
  }

  private func fired() {
    guard let deadline else { return }
    // The loop's clock is coarse and cut to milliseconds, and so may be ahead of a deadline by almost two.
    let now = EventLoop.nanoseconds
    guard deadline <= now else { return arm(for: deadline - now) }
    self.deadline = nil
    onFire()
  }

  override func willClose() {
    deadline = nil
    onFire = {}
  }
}

extension Duration {
  /// The duration in nanoseconds, rounded up, between 0 and about 146 years.
  fileprivate var nanosecondsClamped: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < Int64.max / 2 / 1_000_000_000 else { return UInt64(Int64.max / 2) }
    return UInt64(seconds) * 1_000_000_000 + UInt64((attoseconds + 999_999_999) / 1_000_000_000)
  }
}
