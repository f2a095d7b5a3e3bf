internal import DequeModule
internal import Synchronization

/// The calls that wait for one consumer. It is touched by the model only when the consumer has to be woken, so a call costs
/// one lock. Not generic, so that it is compiled once, for all kinds of arguments.
///
/// A thread that is suspended or killed does not hold the lock: it never stops inside of it.
final class CallQueue: Sendable {
  private enum Consumer {
    /// It will look at the calls before it waits.
    case busy
    /// It waits, or is about to, for `arrival`.
    case idle
    /// It will look no more.
    case gone
  }

  private struct State {
    var consumer = Consumer.busy
    /// Oldest first; empty when the consumer is idle or gone.
    var calls: Deque<any Sendable> = []
  }

  private let state = Mutex(State())
  /// Posted once for each time that the consumer is idle.
  private let arrival = Semaphore()

  /// Queues a call with `arguments`; drops it when the consumer is gone.
  func append(_ arguments: any Sendable) {
    let isAwaited = state.withLock { state in
      switch state.consumer {
      case .busy:
        state.calls.append(arguments)
        return false
      case .idle:
        state.calls.append(arguments)
        state.consumer = .busy
        return true
      case .gone: return false
      }
    }
    if isAwaited { arrival.postFromOutside() }
  }

  /// The calls that have come since the last time, oldest first; waits for one if there is none. Called by the consumer.
  func next() async throws -> Deque<any Sendable> {
    while true {
      let calls = state.withLock { state in
        if state.calls.isEmpty { state.consumer = .idle }
        return exchange(&state.calls, with: [])
      }
      guard calls.isEmpty else { return calls }
      try await arrival.wait()
    }
  }

  /// Drops what is queued, and all that will come.
  func close() {
    // Freed outside of the lock.
    _ = state.withLock { state in
      state.consumer = .gone
      return exchange(&state.calls, with: [])
    }
  }
}
