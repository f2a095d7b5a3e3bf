internal import Glibc
internal import HeddleLoop

extension EventLoop {
  /// From now on what is to end the process by a signal ends it by exit(3), with the status that a shell gives the signal.
  ///
  /// - Parameter tidyUp: called first, on the loop.
  func exitOnSignals(_ tidyUp: @escaping @Sendable () -> Void = {}) {
    perform {
      for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Without descriptors there is no watching, and the default is what happens.
        _ = try? SignalWatcher(signal, on: self) {
          tidyUp()
          exit(ExitStatus.signalled(signal).rawValue)
        }
      }
    }
  }
}
