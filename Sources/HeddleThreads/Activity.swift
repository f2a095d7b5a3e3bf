internal import Synchronization

/// How many gates of one world have something to execute, and who waits for the moment when none has.
final class Activity: Sendable {
  private let count = Atomic<Int>(0)
  private let watchers = Mutex<[@Sendable () -> Void]>([])

  /// A gate has something to execute.
  func begin() { count.add(1, ordering: .sequentiallyConsistent) }

  /// A gate has nothing to execute any more, and has done all that followed from what it executed.
  func end() {
    if count.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { notify() }
  }

  var isIdle: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

  /// Calls `watcher` once, when nothing executes and nothing is about to: at once, if that is so now.
  func whenIdle(_ watcher: @escaping @Sendable () -> Void) {
    watchers.withLock { $0.append(watcher) }
    // The last gate may have come to rest before the watcher was there.
    if isIdle { notify() }
  }

  private func notify() {
    let ready = watchers.withLock { watchers in
      defer { watchers = [] }
      return watchers
    }
    for watcher in ready { watcher() }
  }
}
