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
    /// Those that gave up their turn; they queue again when it is over.
    var yielded: [Resumption<Void>] = []
    /// Those without a turn that wait for a closed gate, since they are on another executor.
    var outsiders: [Resumption<Void>] = []
    /// Called when the turn that goes on is over.
    var quietWatchers: [@Sendable () -> Void] = []
    /// What is left to a dead thread; nil before its death.
    var unwinding: Unwinding?
    /// Called when a dead thread has had its turns and did not leave.
    var whenHeld: (@Sendable () -> Void)?

    /// Whether the gate is to queue for a carrier, which it then does.
    mutating func queues() -> Bool {
      guard isOpen, !jobs.isEmpty, place == .resting else { return false }
      place = .queued
      return true
    }

    /// Begins a turn with the next job, if there is to be one.
    mutating func beginTurn() -> UnownedJob? {
      guard isOpen, !jobs.isEmpty, unwinding?.takesTurn(queued: jobs.count) ?? true else {
        isOpen = isOpen && unwinding?.isOver != true
        place = .resting
        return nil
      }
      place = .executing
      turn &+= 1
      return jobs.popFirst()
    }
  }

  private let state = Mutex(State())
  private let carriers: Carriers
  private let activity: Activity
  /// Whose share of the carriers it has.
  let group: ThreadGroup

  init(carriers: Carriers, activity: Activity, group: ThreadGroup) {
    self.carriers = carriers
    self.activity = activity
    self.group = group
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
  /// - Parameter whenQuiet: called once nothing of the thread executes on a carrier: before this returns, if that is so now.
  func close(generation: UInt64, whenQuiet: @escaping @Sendable () -> Void) {
    let runningTurn = state.withLock { state -> UInt64? in
      if generation > state.generation {
        state.generation = generation
        state.isOpen = false
      }
      guard state.place == .executing else { return nil }
      state.quietWatchers.append(whenQuiet)
      return state.turn
    }
    if let runningTurn { carriers.watch(self, turn: runningTurn) } else { whenQuiet() }
  }

  /// Lets the thread go on, by the order of `generation`.
  func open(generation: UInt64) {
    let (queues, outsiders) = state.withLock { state -> (Bool, [Resumption<Void>]) in
      guard generation > state.generation else { return (false, []) }
      state.generation = generation
      state.isOpen = true
      defer { state.outsiders = [] }
      return (state.queues(), state.outsiders)
    }
    if queues { queue() }
    for outsider in outsiders { outsider() }
  }

  /// Calls `watcher` when no turn goes on that goes on now, those of the dead apart: before this returns, if there is none.
  func whenQuiet(_ watcher: @escaping @Sendable () -> Void) {
    let isQuiet = state.withLock { state in
      guard state.place == .executing, state.unwinding == nil else { return true }
      state.quietWatchers.append(watcher)
      return false
    }
    if isQuiet { watcher() }
  }

  /// Returns when no turn goes on that went on at the call; the turns of the dead do not count. The calling function must
  /// not be one of the thread's.
  func quiet() async { await Resumption<Void>.suspend { resumption in whenQuiet { resumption() } } }

  /// Lets what is left of a dead thread leave, if it does so in time; all orders before and after are void.
  ///
  /// - Parameter whenHeld: called, once, if it does not: nothing of it is executed any more, and what it holds stays.
  func unwind(whenHeld: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.unwinding = Unwinding()
      state.whenHeld = whenHeld
    }
    open(generation: .max)
  }

  // MARK: - Turns

  /// Gives up the turn; returns in a later one. A closed gate is passed when it is open again.
  ///
  /// Called by the thread. A stretch of it on another executor, such as the main actor's, holds no turn: it waits for the
  /// gate alone.
  func pass() async {
    await Resumption<Void>.suspend { resumption in
      let isOver = state.withLock { state in
        if state.place == .executing {
          state.yielded.append(resumption)
        } else if !state.isOpen {
          state.outsiders.append(resumption)
        } else {
          return true
        }
        return false
      }
      if isOver { resumption() }
    }
  }

  /// Whether it would be fair to give up the turn.
  var isAwaited: Bool { carriers.isBusy || hasJobs }

  /// Whether jobs wait for a turn, or anything of the thread for the gate to open.
  var hasJobs: Bool { state.withLock { !$0.jobs.isEmpty || !$0.outsiders.isEmpty } }

  var isExecuting: Bool { state.withLock { $0.place == .executing } }

  func isExecuting(turn: UInt64) -> Bool { state.withLock { $0.place == .executing && $0.turn == turn } }

  /// Executes the next job. Called on a carrier, once for each time that the gate queued.
  func takeTurn() {
    let (job, deadTurn) = state.withLock { state in
      let job = state.beginTurn()
      return (job, state.unwinding == nil ? nil : state.turn)
    }
    if let job {
      // A dead thread that waits for nothing any more may never end its turn. Others are not to suffer.
      if let deadTurn { carriers.watch(self, turn: deadTurn) }
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      endTurn()
    } else if deadTurn != nil {
      noteHeld()
    }
    activity.end()
  }

  private func noteHeld() {
    let whenHeld = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.unwinding?.isOver == true else { return nil }
      defer { state.whenHeld = nil }
      return state.whenHeld
    }
    whenHeld?()
  }

  private func endTurn() {
    let yielded = state.withLock { state in
      guard !state.yielded.isEmpty else { return [Resumption<Void>]() }
      defer { state.yielded = [] }
      return state.yielded
    }
    for resumption in yielded { resumption() }
    let (watchers, queues) = state.withLock { state in
      state.place = .resting
      let queues = state.queues()
      guard !state.quietWatchers.isEmpty else { return ([@Sendable () -> Void](), queues) }
      defer { state.quietWatchers = [] }
      return (state.quietWatchers, queues)
    }
    if queues { queue() }
    for watcher in watchers { watcher() }
  }
}
