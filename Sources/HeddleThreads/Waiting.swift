internal import HeddleModel
internal import Synchronization

/// What one wait waits for.
struct WaitPlan: Sendable {
  private(set) var branches: [Branch] = []
  private(set) var offers: [(any Sendable)?] = []
  /// Those that the branches name, kept until the wait has ended.
  var nacks: [Nack] = []
  var enablesBreaks = false
  /// The earliest time that a branch waits for.
  private(set) var alarm: Instant?

  mutating func append(_ event: HeddleModel.Event, offer: (any Sendable)? = nil, nacks: [Nack] = []) {
    branches.append(Branch(event, nacks: nacks.map(\.id)))
    offers.append(offer)
    if case .alarm(let instant) = event { alarm = min(alarm ?? instant, instant) }
  }

  /// Adds the branch that ends the wait without an event, behind all others.
  mutating func finish(_ limit: SyncLimit, clock: Clock) {
    switch limit {
    case .decided: break
    case .time(let duration): append(.alarm(clock.instant(in: duration)))
    case .look: append(.always)
    }
  }
}

/// Which wait a task is in, for whoever cancels the task.
private final class WaitTicket: Sendable {
  private enum State {
    case new
    case waiting(WaitID)
    case cancelled
  }
  private let state = Mutex(State.new)

  /// The wait has begun. Says whether it may go on: the task is not cancelled.
  func begin(_ wait: WaitID) -> Bool {
    state.withLock { state in
      if case .cancelled = state { return false }
      state = .waiting(wait)
      return true
    }
  }

  /// The task is cancelled. Gives the wait to withdraw.
  func cancel() -> WaitID? {
    state.withLock { state in
      defer { state = .cancelled }
      if case .waiting(let wait) = state { return wait }
      return nil
    }
  }
}

extension World {
  /// Waits until one of the plan's branches is chosen.
  ///
  /// - Parameter caller: the thread that waits, by its body; nil outside of any.
  func wait(_ plan: WaitPlan, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift) {
    let ticket = WaitTicket()
    let outcome = await withTaskCancellationHandler {
      await Resumption<Outcome>.suspend { begin(plan, in: caller?.id, ticket, $0) }
    } onCancel: {
      if let wait = ticket.cancel() { settle { $0.kernel.withdraw(wait, effects: &$1) } }
    }
    withExtendedLifetime(plan) {}
    return try await conclude(outcome, in: caller)
  }

  /// Waits until one of `events` is ready, whatever is asked of the caller: breaks wait, and a cancelled task waits as well.
  ///
  /// - Throws: `Killed`.
  func waitUndisturbed(for events: [HeddleModel.Event]) async throws {
    var plan = WaitPlan()
    for event in events { plan.append(event) }
    let caller = caller
    let outcome =
      if let caller {
        await caller.keepingBreaksOut { await waitThroughCancellation(plan, in: caller) }
      } else {
        await waitThroughCancellation(plan, in: nil)
      }
    _ = try await conclude(outcome, in: caller)
  }

  private func waitThroughCancellation(_ plan: WaitPlan, in caller: ThreadBody?) async -> Outcome {
    await Resumption<Outcome>.suspend { begin(plan, in: caller?.id, WaitTicket(), $0) }
  }

  /// The nacks are told that a wait is not going to begin.
  func renounce(_ nacks: [Nack]) {
    guard !nacks.isEmpty else { return }
    settle { (state, effects) throws(Refusal) in
      let branch = Branch(.never, nacks: nacks.map(\.id))
      let wait = try state.kernel.sync([branch], in: nil, effects: &effects)
      state.kernel.withdraw(wait, effects: &effects)
    }
    withExtendedLifetime(nacks) {}
  }

  private func begin(
    _ plan: WaitPlan,
    in owner: ThreadID?,
    _ ticket: WaitTicket,
    _ resumption: Resumption<Outcome>
  ) {
    // A step of its own: what it decides about others holds, also when this wait is refused.
    if plan.alarm != nil { settle { [now = clock.now()] in $0.kernel.advance(to: now, effects: &$1) } }
    do {
      try step { (state, effects) throws(Refusal) in
        let wait = try state.kernel.sync(
          plan.branches,
          in: owner,
          enablesBreaks: plan.enablesBreaks,
          effects: &effects
        )
        state.add(WorldState.Waiter(resumption: resumption, offers: plan.offers), as: wait)
        if !ticket.begin(wait) { state.kernel.withdraw(wait, effects: &effects) }
      }
    } catch {
      // The thread was killed after its guards had run: they are told, as if it had waited.
      renounce(plan.nacks)
      resumption(.refused(error))
    }
    if let alarm = plan.alarm { clock.wake(self, at: alarm) }
  }

  /// What the wait gave.
  ///
  /// - Throws: what ended it instead.
  func conclude(_ outcome: Outcome, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift) {
    // Before all else: what a wait gave to a thread that was killed since is lost with it.
    if let caller, caller.isKilled { throw await caller.killedError() }
    switch outcome {
    case .chosen(let branch, let gift): return (branch, gift)
    case .broken(let kind): throw BreakError(BreakKind(kind))
    case .withdrawn: throw CancellationError()
    case .refused(let refusal): throw ThreadError(refusal)
    }
  }
}
