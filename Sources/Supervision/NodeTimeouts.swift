internal import HeddleModel
internal import HeddleWire

// Threads that were made with a time after which they are ended.

extension Node {
  /// The thread's time runs from now on.
  mutating func startTimeout(of thread: ThreadID) {
    guard let end = entities[thread]?.timeoutEnd else { return }
    timeouts.set(thread, at: end)
  }

  /// Ends the threads whose time is up, also those that a kill would suspend.
  mutating func endTimedOut(effects: inout Effects) {
    while let thread = timeouts.takeDue(at: now) {
      guard let timeout = entities[thread]?.timeout, kernel.threads[thread]?.life.isAlive == true else { continue }
      setEnder(.timeout(timeout), of: thread)
      let former = asker
      asker = "its timeout"
      defer { asker = former }
      step(effects: &effects) {
        // The root has authority over every thread.
        try? $0.kill(thread, by: $0.root, really: true, effects: &$1)
      }
    }
  }
}

extension Entity {
  /// When its time is up; nil if it has all the time.
  var timeoutEnd: Instant? { timeout.map { createdAt + $0 } }
}
