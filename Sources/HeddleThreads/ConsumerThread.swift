internal import DequeModule

/// A thread that applies one function to whatever it is called with, one call at a time. Racket: `consumer-thread`.
///
/// ```swift
/// let log = try await ConsumerThread { (line: String, level: Int) in try await file.write(line, level) }
/// try await log("started", 1)
/// ```
///
/// A call queues its arguments, without a limit, and returns without waiting for the function; the calls of one caller keep
/// their order. While the thread is suspended calls queue as well. From its death on, whatever caused it, calls are lost
/// silently, and so is what was queued: wait for `thread.death` to hear of it.
public final class ConsumerThread<each Argument: Sendable>: Sendable {
  /// What applies the function: to suspend, to break, to kill, to wait for. It is running also when it has nothing to do.
  public let thread: LocalThread
  private let calls: CallQueue
  /// nil when the thread was dead before its creator could look.
  private let body: ThreadBody?

  /// Creates the thread, which has the caller's custodian, parameters and break setting. It performs `start`, and then
  /// takes the first call.
  ///
  /// - Parameters:
  ///   - start: performed once, before anything is taken. An error ends the thread.
  ///   - consume: the function; what it returns is dropped. An error that it throws, be it of a break, ends the thread, and
  ///     is reported as for any thread.
  /// - Throws: `ThreadError` with `custodianShutDown`.
  public init<Result>(
    start: @escaping @Sendable () async throws -> Void = {},
    // Concurrent, which is the thread's own executor as well: Swift 6.3 does not compile the other kind for a pack.
    _ consume: @escaping @concurrent @Sendable (repeat each Argument) async throws -> Result
  ) async throws {
    let calls = CallQueue()
    self.calls = calls
    let thread = try await LocalThread {
      defer { calls.close() }
      try await start()
      while true {
        var batch = try await calls.next()
        while let call = batch.popFirst() {
          try await LocalThread.checkpoint()
          guard let arguments = call as? (repeat each Argument) else {
            preconditionFailure("a consumer's queue holds what its calls were made with")
          }
          _ = try await consume(repeat each arguments)
        }
      }
    }
    self.thread = thread
    body = thread.body
  }

  /// Queues a call of the function.
  ///
  /// - Throws: `BreakError`, `Killed`; nothing is queued then.
  public func callAsFunction(_ argument: repeat each Argument) async throws {
    try await ThreadBody.current?.safePoint()
    // A killed consumer may never get to close its queue, if it does not unwind.
    guard let body, !body.isKilled else { return calls.close() }
    calls.append((repeat each argument))
  }
}
