internal import HeddleModel
internal import Synchronization

/// The thread that a coroutine stops and lets go on.
enum CoroutineThread: Sendable {
  /// It executes the coroutine's body.
  case own(LocalThread)
  /// Somebody else started it.
  case other(any Suspendable)

  /// The model's name of it, if it is a thread of this process.
  fileprivate var id: ThreadID? {
    switch self {
    case .own(let thread): thread.identityIfGated?.id
    case .other(let thread): (thread as? LocalThread)?.identityIfGated?.id
    }
  }
}

/// What a coroutine, its body and its runs share. It does not hold the thread, which holds it.
///
/// Not generic, so that it is compiled once, for all that a body may give.
final class CoroutineCourse: Sendable {
  typealias Run = CoroutineState.Run

  let world: World
  /// Above zero when the body has ended.
  let finished: Semaphore
  private let state = Mutex(CoroutineState())

  init(in world: World) {
    self.world = world
    finished = Semaphore(count: 0, in: world)
  }

  /// Whether what the body gave is known to those who run the coroutine.
  var isConcluded: Bool { state.withLock(\.isConcluded) }

  // MARK: - Runs

  /// Begins a run in the caller's name. A thread of the coroutine's own goes on by this.
  ///
  /// - Returns: nil when there is nothing left to run.
  func begin(_ thread: CoroutineThread, by authority: CustodianID) async throws -> Run? {
    let (caller, target) = (world.caller?.id, thread.id)
    if let caller, caller == target { throw runsItself }
    let (admission, run) = try await world.act { (world, effects) throws(Refusal) in
      let admission = state.withLock { $0.admission { world.isAlive($0) } }
      guard case .free = admission else { return (admission, Run?.none) }
      if case .own = thread, let target {
        // It stands still already, so this only asks for the authority that the end of the run takes.
        try world.kernel.suspend(target, by: authority, effects: &effects)
        try world.kernel.resume(target, benefactor: nil, effects: &effects)
      }
      return (admission, state.withLock { $0.begin(by: caller) })
    }
    if case .busy = admission { throw alreadyRunning }
    return run
  }

  /// Ends a run whose body has not ended: returns when nothing of that executes any more. Breaks and a cancellation wait.
  func stop(_ thread: CoroutineThread, _ run: Run, by authority: CustodianID) async throws {
    switch thread {
    case .own: try await stopOwn(thread, run, by: authority)
    case .other(let thread): try await stop(thread, run)
    }
  }

  private func stopOwn(_ thread: CoroutineThread, _ run: Run, by authority: CustodianID) async throws {
    guard let id = thread.id else { return }
    var suspension: StateEvent?
    try await world.actStopping(breaks: .disabled) { (world, effects) throws(Refusal) in
      guard state.withLock({ $0.stop(run) }) else {
        suspension = try world.kernel.event(.suspension, of: id)
        return []
      }
      try world.kernel.suspend(id, by: authority, effects: &effects)
      return effects.isEmpty ? world.orders(to: [id]) : []
    }
    guard let suspension else { return }
    // It stops itself when it enables suspends, or ends.
    try await world.waitUndisturbed(for: [
      .state(suspension), .state(StateEvent(thread: id, kind: .death, generation: 0)),
    ])
    try await end(run)
  }

  private func stop(_ thread: some Suspendable, _ run: Run) async throws {
    let suspend = { [world] in
      // A killed caller gets no further.
      try await world.caller?.safePoint()
      try await thread.suspend()
    }
    do {
      if let caller = world.caller { try await caller.keepingBreaksOut(suspend) } else { try await suspend() }
    } catch {
      try await end(run)
      throw error
    }
    try await end(run)
  }

  private func end(_ run: Run) async throws {
    try await world.actKeepingBreaks { (_, _) throws(Refusal) in state.withLock { $0.end(run) } }
  }

  /// Ends a run whose body has ended.
  ///
  /// - Returns: whether it is the first to say so, and the body was not killed.
  func conclude(_ run: Run) async throws -> Bool {
    try await world.actKeepingBreaks { (_, _) throws(Refusal) in state.withLock { $0.conclude(run) } }
  }

  /// Ends the thread; the caller may be it.
  func kill(_ thread: CoroutineThread, by authority: CustodianID) async throws {
    if case .other(let thread) = thread { try await thread.kill() }
    try await world.actStopping { (world, effects) throws(Refusal) in
      var orders: [Deeds.Stop] = []
      if case .own = thread, let id = thread.id {
        try world.kernel.kill(id, by: authority, effects: &effects)
        if effects.isEmpty { orders = world.orders(to: [id]) }
      }
      state.withLock { $0.kill() }
      return orders
    }
  }

  // MARK: - The body

  /// The switch for the body, which executes in `thread`.
  func suspendSwitch(in thread: ThreadID) -> SuspendSwitch {
    SuspendSwitch { [self] in try await flip(enables: $0, in: thread) }
  }

  /// The body has ended. Of one that was killed nothing is heard; of one that was stopped here, in the next run.
  func finish() async throws {
    try await world.actKeepingBreaks { (world, effects) throws(Refusal) in
      state.withLock { $0.finish() }
      try world.kernel.post(finished.id, effects: &effects)
    }
  }

  private func flip(enables: Bool, in thread: ThreadID) async throws {
    try await world.actStopping { (world, effects) throws(Refusal) in
      guard enables else {
        state.withLock { $0.disableSuspends() }
        return []
      }
      guard state.withLock({ $0.enableSuspends() }) else { return [] }
      // In the name of the run that waits for it, which has shown its authority.
      try world.kernel.suspend(thread, by: world.kernel.root, effects: &effects)
      return []
    }
  }
}

private var runsItself: ThreadError {
  ThreadError(.runsItself, "a coroutine cannot run itself; let another thread run it")
}

private var alreadyRunning: ThreadError {
  ThreadError(.alreadyRunning, "the coroutine is being run already; run it again when that run has ended")
}
