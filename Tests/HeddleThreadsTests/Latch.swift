import Synchronization

@testable import HeddleThreads

/// What is closed until it is opened, for good: for stories in which a thread must be held up, or wait, without the model.
final class Latch: Sendable {
  private let state = Mutex<(isOpen: Bool, watchers: [@Sendable () -> Void])>((false, []))

  var isOpen: Bool { state.withLock(\.isOpen) }

  func open() {
    let watchers = state.withLock { state in
      defer { state = (true, []) }
      return state.watchers
    }
    for watcher in watchers { watcher() }
  }

  /// Returns when it is open. Holds up the carrier, or whatever else executes the caller.
  func hold() {
    let parker = Parker()
    whenOpen { parker.unpark() }
    parker.park()
  }

  /// Returns when it is open. No safe point of the model.
  func opened() async { await withCheckedContinuation { waiter in whenOpen { waiter.resume() } } }

  private func whenOpen(_ watcher: @escaping @Sendable () -> Void) {
    let isOpen = state.withLock { state in
      if !state.isOpen { state.watchers.append(watcher) }
      return state.isOpen
    }
    if isOpen { watcher() }
  }
}
