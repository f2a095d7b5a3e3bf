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
    /// Those without a turn that wait for a closed gate, since they are on another executor.
    var outsiders: [Resumption<Void>] = []
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
      return enlists(&state)
    }
    if queues { carriers.enqueue(self) }
  }

  /// Whether the gate is to queue for a carrier: then it is active from now on.
  private func enlists(_ state: inout State) -> Bool {
    guard state.queues() else { return false }
    activity.begin()
    return true
  }

  // MARK: - Orders

  /// Lets nothing more begin, by the order of `generation`.
  ///
  /// - Returns: whether nothing of the thread executes on a carrier; if not, `whenQuiet` tells when that is so.
  @discardableResult
  func close(generation: UInt64) -> Bool {
    state.withLock { state in
      if generation > state.generation {
        state.generation = generation
        state.isOpen = false
      }
      return state.place != .executing
    }
  }

  /// Lets the thread go on, by the order of `generation`.
  func open(generation: UInt64) {
    let (queues, outsiders) = state.withLock { state -> (Bool, [Resumption<Void>]) in
      guard generation > state.generation else { return (false, []) }
      state.generation = generation
      state.isOpen = true
      defer { state.outsiders = [] }
      return (enlists(&state), state.outsiders)
    }
    if queues { carriers.enqueue(self) }
    for outsider in outsiders { outsider() }
  }

  /// Calls `watcher` when no turn goes on that went on at the call, those of the dead apart: before this returns, if there is
  /// none. Another carrier stands in for the one that executes the turn if it goes on for long.
  func whenQuiet(_ watcher: @escaping @Sendable () -> Void) {
    let runningTurn = state.withLock { state -> UInt64? in
      guard state.place == .executing, state.unwinding == nil else { return nil }
      state.aftermath[or: Aftermath()].quietWatchers.append(watcher)
      return state.turn
    }
    if let runningTurn { carriers.watch(self, turn: runningTurn) } else { watcher() }
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
          state.aftermath[or: Aftermath()].yielded.append(resumption)
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

  /// Whether a carrier executes one of the thread's jobs.
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
      CurrentTurn.set(self)
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      CurrentTurn.set(nil)
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
    let (queues, aftermath) = state.withLock { state in
      state.place = .resting
      // A stretch on another executor that looked during this turn stands still like all others.
      if !state.isOpen, let yielded = state.aftermath?.yielded {
        state.outsiders += yielded
        state.aftermath?.yielded = []
      }
      return (enlists(&state), state.aftermath.take())
    }
    if queues { carriers.enqueue(self) }
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
