internal import DequeModule
internal import Synchronization

/// The executor of one local thread's task: every stretch of the task, and of its child tasks, passes here, one at a time.
///
/// A closed gate keeps them: a suspended thread executes nothing, whatever it awaits. Orders to open and to close carry
/// the generation that the model gave them, and an order that was overtaken is ignored.
final class Gate: TaskExecutor, Sendable {
  private enum Place {
    /// It has nothing to execute, or is closed.
    case resting
    /// It waits for a carrier.
    case queued
    /// A carrier executes one of its jobs.
    case executing
  }

  private struct State {
    /// First come first served.
    var jobs: Deque<UnownedJob> = []
    var place = Place.resting
    var isOpen = true
    /// The last order that was followed.
    var generation: UInt64 = 0
    /// Counts the turns.
    var turn: UInt64 = 0
    /// nil if nobody waits for the end of the turn that goes on, as nearly always.
    var aftermath: Aftermath?

    /// Whether the gate is to queue for a carrier, which it then does.
    mutating func queues() -> Bool {
      guard isOpen, !jobs.isEmpty, place == .resting else { return false }
      place = .queued
      return true
    }
  }

  /// What follows when the turn that goes on is over.
  private struct Aftermath {
    /// Those that gave up their turn; they queue again.
    var yielded: [Resumption<Void>] = []
    /// Called then.
    var quietWatchers: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let carriers: Carriers
  private let activity: Activity

  init(carriers: Carriers, activity: Activity) {
    self.carriers = carriers
    self.activity = activity
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let queues = state.withLock { state in
      state.jobs.append(job)
      return state.queues()
    }
    if queues { queue() }
  }

  private func queue() {
    activity.begin()
    carriers.enqueue(self)
  }

  // MARK: - Orders

  /// Lets nothing more begin, by the order of `generation`.
  ///
  /// - Returns: whether nothing of the thread executes on a carrier; if not, `whenQuiet` tells when that is so.
  func close(generation: UInt64) -> Bool {
    state.withLock { state in
      if generation > state.generation {
        state.generation = generation
        state.isOpen = false
      }
      return state.place != .executing
    }
  }

  /// Calls `watcher` when no turn goes on that went on at the call, at once if that is so now. Another carrier stands in for
  /// the one that executes the turn if it goes on for long.
  func whenQuiet(_ watcher: @escaping @Sendable () -> Void) {
    let runningTurn = state.withLock { state -> UInt64? in
      guard state.place == .executing else { return nil }
      state.aftermath[or: Aftermath()].quietWatchers.append(watcher)
      return state.turn
    }
    if let runningTurn { carriers.watch(self, turn: runningTurn) } else { watcher() }
  }

  /// Lets the thread go on, by the order of `generation`.
  func open(generation: UInt64) {
    let queues = state.withLock { state in
      guard generation > state.generation else { return false }
      state.generation = generation
      state.isOpen = true
      return state.queues()
    }
    if queues { queue() }
  }

  /// Returns when no turn goes on that went on at the call. The calling function must not be one of the thread's.
  func quiet() async {
    await Resumption<Void>.suspend { resumption in
      let isQuiet = state.withLock { state in
        guard state.place == .executing else { return true }
        state.aftermath[or: Aftermath()].quietWatchers.append { resumption() }
        return false
      }
      if isQuiet { resumption() }
    }
  }

  // MARK: - Turns

  /// Gives up the turn; returns in a later one. A closed gate is passed when it is open again.
  ///
  /// Called on the thread's task.
  func pass() async {
    await Resumption<Void>.suspend { resumption in
      let isOver = state.withLock { state in
        // A stretch on another executor, such as the main actor's, holds no turn; it comes back by way of `enqueue`.
        guard state.place == .executing else { return true }
        state.aftermath[or: Aftermath()].yielded.append(resumption)
        return false
      }
      if isOver { resumption() }
    }
  }

  /// Whether it would be fair to give up the turn.
  var isAwaited: Bool { carriers.isBusy || hasJobs }

  /// Whether jobs wait for a turn, or for the gate to open.
  var hasJobs: Bool { state.withLock { !$0.jobs.isEmpty } }

  /// Whether nothing of the thread executes on a carrier.
  var isQuiet: Bool { state.withLock { $0.place != .executing } }

  func isExecuting(turn: UInt64) -> Bool { state.withLock { $0.place == .executing && $0.turn == turn } }

  /// Executes the next job. Called on a carrier, once for each time that the gate queued.
  func takeTurn() {
    let job = state.withLock { state -> UnownedJob? in
      guard state.isOpen, let job = state.jobs.popFirst() else {
        state.place = .resting
        return nil
      }
      state.place = .executing
      state.turn &+= 1
      return job
    }
    if let job {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      endTurn()
    }
    activity.end()
  }

  private func endTurn() {
    let (queues, aftermath) = state.withLock { state in
      state.place = .resting
      return (state.queues(), state.aftermath.take())
    }
    if queues { queue() }
    guard let aftermath else { return }
    for resumption in aftermath.yielded { resumption() }
    for watcher in aftermath.quietWatchers { watcher() }
  }
}

extension Optional {
  /// The value in place, which is `first` if there was none.
  fileprivate subscript(or first: @autoclosure () -> Wrapped) -> Wrapped {
    get { self ?? first() }
    set { self = newValue }
  }
}
