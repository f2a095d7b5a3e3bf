internal import CLibuv

/// Watches for one signal of the process; while it does, the signal's default action is off.
///
/// Several watchers, on several loops, may watch for one signal; each is told. Signals that come together may be told once
/// (signal(7)). When the last watcher for a signal is closed the default action is back.
@safe package final class SignalWatcher: LoopHandle {
  private var onSignal: () -> Void

  /// - Parameter signal: a number of signal(7); not SIGKILL or SIGSTOP, which nobody can watch for.
  package init(_ signal: Int32, on loop: EventLoop, onSignal: @escaping () -> Void) throws(LoopError) {
    self.onSignal = onSignal
    let attempt = "watch for signal \(signal)"
    try unsafe super.init(on: loop, attempt: attempt) { unsafe uv_signal_init($0, $1) }
    let status = unsafe uv_signal_start(
      raw(),
      { handle, _ in unsafe LoopHandle.owner(of: handle, as: SignalWatcher.self)?.onSignal() },
      signal
    )
    if let error = LoopError.from(status, attempt) {
      close()
      throw error
    }
  }

  override func willClose() { onSignal = {} }
}
