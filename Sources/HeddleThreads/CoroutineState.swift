internal import HeddleModel

/// What one coroutine has come to. Its changes are decided inside the world's lock, in one step with what they demand of
/// the coroutine's thread.
struct CoroutineState: Sendable {
  /// What has become of the body.
  private enum Life: Sendable {
    /// It has not ended, by what is known here.
    case unfinished
    /// It returned or threw, and no run has said so yet.
    case ended
    /// A run has said that it ended.
    case concluded
    /// It was killed before a run could say that it ended.
    case killed
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

  /// Whether what the body gave is known to those who run the coroutine.
  var isConcluded: Bool {
    switch life {
    case .concluded: true
    case .unfinished, .ended, .killed: false
    }
  }

  // MARK: - Runs

  /// - Parameter isAlive: whether a thread can still act. One that cannot has left its run unfinished.
  func admission(_ isAlive: (ThreadID) -> Bool) -> Admission {
    switch life {
    case .concluded, .killed: return .over
    case .unfinished, .ended: break
    }
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

  /// The run is over, and so is the body.
  ///
  /// - Returns: whether this is the first to say so, and not after a kill.
  mutating func conclude(_ run: Run) -> Bool {
    end(run)
    switch life {
    case .unfinished, .ended:
      life = .concluded
      return true
    case .concluded, .killed: return false
    }
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
  mutating func finish() {
    if case .unfinished = life { life = .ended }
    suspends = .enabled
  }

  /// The body is ended by force; what a run has concluded stays.
  mutating func kill() {
    switch life {
    case .unfinished, .ended: life = .killed
    case .concluded, .killed: break
    }
  }
}
