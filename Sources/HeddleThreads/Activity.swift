internal import Synchronization

/// How much of one world goes on, and who waits for the moment when nothing does: gates that have something to execute, and
/// steps whose deeds are being performed.
final class Activity: Sendable {
  private struct Watcher: Sendable {
    /// Without it nobody is interested any more; nil if that cannot be.
    weak var owner: (any AnyObject & Sendable)?
    let hasOwner: Bool
    let call: @Sendable () -> Void

    var isGone: Bool { hasOwner && owner == nil }
  }

  private let count = Atomic<Int>(0)
  private let watchers = Mutex<[Watcher]>([])

  /// Something goes on.
  func begin() { count.add(1, ordering: .sequentiallyConsistent) }

  /// It is over, and all is done that followed from it.
  func end() {
    if count.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { notify() }
  }

  var isIdle: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

  /// Calls `watcher` once, when nothing goes on: at once, if that is so now.
  ///
  /// - Parameter owner: if it goes before, `watcher` may be dropped.
  func whenIdle(for owner: (any AnyObject & Sendable)? = nil, _ watcher: @escaping @Sendable () -> Void) {
    watchers.withLock { watchers in
      // Whoever asks again and again while others are busy leaves nothing behind.
      if watchers.count % 64 == 63 { watchers.removeAll(where: \.isGone) }
      watchers.append(Watcher(owner: owner, hasOwner: owner != nil, call: watcher))
    }
    // The last of what went on may have ended before the watcher was there.
    if isIdle { notify() }
  }

  private func notify() {
    let ready = watchers.withLock { watchers -> [Watcher] in
      // Asked again: what was idle a moment ago may not have been since these watchers came.
      guard isIdle, !watchers.isEmpty else { return [] }
      // Whoever goes on because of them is under way until all are called.
      begin()
      defer { watchers = [] }
      return watchers
    }
    guard !ready.isEmpty else { return }
    for watcher in ready { watcher.call() }
    end()
  }
}
