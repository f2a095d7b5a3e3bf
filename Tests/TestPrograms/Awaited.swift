import Foundation

/// A value that some threads change, and that others wait for.
final class Awaited<Value: Sendable>: @unchecked Sendable {
  // Unchecked, since the compiler does not know that `value` is touched under `condition` alone.
  private let condition = NSCondition()
  private var value: Value

  init(_ value: Value) { self.value = value }

  /// What it is at this moment.
  var now: Value { condition.withLock { value } }

  /// Changes it, and wakes whoever waits.
  func change(_ body: (inout Value) -> Void) {
    condition.withLock {
      body(&value)
      condition.broadcast()
    }
  }

  /// Blocks until the value is as wanted, but not longer than until `deadline`, nor when the caller's task is cancelled.
  ///
  /// - Returns: the value that was looked at last, wanted or not.
  func wait(until deadline: ContinuousClock.Instant, for isWanted: (Value) -> Bool) -> Value {
    condition.withLock {
      while !isWanted(value), ContinuousClock.now < deadline, !Task.isCancelled {
        // A cancelled task wakes nobody, so it is looked for.
        _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1))
      }
      return value
    }
  }
}
