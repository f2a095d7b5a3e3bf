internal import HeddleModel

/// What one coroutine has come to. Its changes are decided inside the world's lock, in one step with what they demand of
/// the coroutine's thread.
struct CoroutineState<Value: Sendable>: Sendable {
  /// What has become of the body.
  private enum Life: Sendable {
    /// It has not ended, by what is known here.
    case unfinished
    /// It returned or threw, and no run has said so yet.
    case ended(Result<Value, any Error>)
    /// A run has said that it ended, with the value if it gave one; or it was killed.
    case over(Value?)
  }

  /// Whether the body lets itself be stopped.
  private enum Suspends: Sendable {
    case enabled
    case disabled
    /// Disabled, and a run is over as soon as they are enabled.
    case awaited
  }

  /// One run that began and has not ended.
  struct Run: Equatable, Sendable {
    fileprivate let number: UInt64
    /// The thread that runs the coroutine; nil outside of any.
    fileprivate let runner: ThreadID?
  }

  /// Whether a run may begin.
  enum Admission: Sendable {
    case free
    /// There is nothing left to run.
    case over
    /// Another run goes on.
    case busy
  }

  private var life = Life.unfinished
  private var suspends = Suspends.enabled
  private var current: Run?
  private var lastRun: UInt64 = 0

  /// The body's value, from the end of the run that said so on.
  var result: Value? {
    switch life {
    case .over(let value): value
    case .unfinished, .ended: nil
    }
  }

  // MARK: - Runs

  /// - Parameter isAlive: whether a thread can still act. One that cannot has left its run unfinished.
  func admission(_ isAlive: (ThreadID) -> Bool) -> Admission {
    if case .over = life { return .over }
    guard let current else { return .free }
    return current.runner.map(isAlive) ?? true ? .busy : .free
  }

  /// Begins a run; it takes the place of one that a dead thread has left.
  mutating func begin(by runner: ThreadID?) -> Run {
    lastRun += 1
    let run = Run(number: lastRun, runner: runner)
    current = run
    if case .awaited = suspends { suspends = .disabled }
    return run
  }

  /// The run is to end, without the body having ended.
  ///
  /// - Returns: whether it ends now, and the body is to be stopped. If not, it ends when suspends are enabled.
  mutating func stop(_ run: Run) -> Bool {
    switch suspends {
    case .enabled:
      end(run)
      return true
    case .disabled, .awaited:
      suspends = .awaited
      return false
    }
  }

  /// The run is over, and the body stands still.
  mutating func end(_ run: Run) {
    // Its place may have been taken: then the thread that it belonged to is dead.
    guard current == run else { return }
    current = nil
    if case .awaited = suspends { suspends = .disabled }
  }

  /// The run is over, and so is the body: the result can be seen from now on.
  ///
  /// - Parameter value: what the body has given if it did not say so itself.
  /// - Returns: the error that the body threw.
  mutating func conclude(_ run: Run, _ value: Value?) -> (any Error)? {
    end(run)
    switch life {
    case .unfinished: life = .over(value)
    case .ended(.success(let value)): life = .over(value)
    case .ended(.failure(let error)):
      life = .over(nil)
      return error
    case .over: break
    }
    return nil
  }

  // MARK: - The body

  /// The body keeps suspends away from now on.
  mutating func disableSuspends() {
    if case .enabled = suspends { suspends = .disabled }
  }

  /// The body lets suspends in from now on.
  ///
  /// - Returns: whether it is to stop at once, since a run waits for that.
  mutating func enableSuspends() -> Bool {
    defer { suspends = .enabled }
    if case .awaited = suspends { return true } else { return false }
  }

  /// The body has ended. Nothing keeps suspends away any more.
  mutating func finish(_ result: Result<Value, any Error>) {
    if case .unfinished = life { life = .ended(result) }
    suspends = .enabled
  }

  /// The body is ended by force; a result that a run has given stays.
  ///
  /// - Returns: what the body had left, to be dropped outside of the lock.
  mutating func kill() -> Result<Value, any Error>? {
    switch life {
    case .over: return nil
    case .unfinished:
      life = .over(nil)
      return nil
    case .ended(let result):
      life = .over(nil)
      return result
    }
  }
}
