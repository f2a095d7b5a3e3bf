internal import Glibc
internal import HeddleLoop

/// Ctrl-Z, whose default is put off until something was done. To be used on the loop.
final class StopSignal {
  private let loop: EventLoop
  private let onStop: () -> Void
  private var watcher: SignalWatcher?

  /// - Parameter onStop: called when this process is to stop, which `stop()` does then.
  init(on loop: EventLoop, onStop: @escaping () -> Void) {
    self.loop = loop
    self.onStop = onStop
    if !Self.isIgnored(SIGTSTP) { watch() }
  }

  /// Stops this process as SIGTSTP does by default, so that the shell sees it, and returns when it goes on.
  func stop() {
    guard watcher != nil else { return }
    close()
    // To this very thread, which may keep signals out: so it stops in here, and not later. Where no shell could let it go on
    // the system makes nothing of it.
    var (stopping, before) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&stopping)
    unsafe sigaddset(&stopping, SIGTSTP)
    unsafe pthread_sigmask(SIG_UNBLOCK, &stopping, &before)
    raise(SIGTSTP)
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    watch()
  }

  func close() {
    watcher?.close()
    watcher = nil
  }

  // Without descriptors there is no watching, and the default is what happens.
  private func watch() { watcher = try? SignalWatcher(SIGTSTP, on: loop) { [self] in onStop() } }

  /// Whether this process was started with a signal ignored, as nohup(1) and shells without job control do.
  static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
  }
}
