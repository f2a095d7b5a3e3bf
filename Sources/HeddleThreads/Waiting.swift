internal import HeddleModel

/// What one wait waits for.
struct WaitPlan: Sendable {
  private(set) var branches: [Branch] = []
  /// For each branch what it puts into a channel, up to the last one that does.
  private(set) var offers: [(any Sendable)?] = []
  /// Those that the branches name, kept until the wait has ended.
  var nacks: [Nack] = []
  var enablesBreaks = false
  /// The earliest time that a branch waits for.
  private(set) var alarm: Instant?

  mutating func append(_ event: HeddleModel.Event, offer: (any Sendable)? = nil, nacks: [Nack] = []) {
    branches.append(Branch(event, nacks: nacks.map(\.id)))
    if offer != nil { offers += Array(repeating: nil, count: branches.count - 1 - offers.count) + [offer] }
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

extension World {
  /// Waits until one of the plan's branches is chosen.
  ///
  /// - Parameter caller: the thread that waits, by its body; nil outside of any.
  func wait(_ plan: WaitPlan, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift) {
    // The thread's own task is cancelled by nothing but a kill, which withdraws the wait by itself.
    let isOwn = caller?.isInOwnTask ?? false
    let slot = if isOwn, let caller { caller.slot } else { WaitSlot() }
    if !plan.offers.isEmpty { slot.offer(plan.offers) }
    let wait: WaitID
    do throws(Refusal) { wait = try begin(plan, in: caller?.id, slot) } catch {
      if !plan.offers.isEmpty { slot.offer([]) }
      if let caller, caller.isKilled { throw await caller.killedError() }
      throw ThreadError(error)
    }
    let outcome: Outcome
    if let decided = slot.takeOutcome() {
      outcome = decided
    } else {
      outcome = isOwn ? await slot.outcome() : await cancellableOutcome(of: wait, slot)
    }
    withExtendedLifetime(plan) {}
    return try await conclude(outcome, slot, in: caller)
  }

  /// Starts a wait, which may end by that.
  private func begin(_ plan: WaitPlan, in owner: ThreadID?, _ slot: WaitSlot) throws(Refusal) -> WaitID {
    let now = plan.alarm == nil ? nil : clock.now()
    let wait = try step { (state, effects) throws(Refusal) in
      if let now { state.kernel.advance(to: now, effects: &effects) }
      let wait = try state.kernel.sync(
        plan.branches,
        in: owner,
        enablesBreaks: plan.enablesBreaks,
        effects: &effects
      )
      state.add(slot, as: wait)
      return wait
    }
    if let alarm = plan.alarm { clock.wake(self, at: alarm) }
    return wait
  }

  /// How a wait ends that whoever cancels the task withdraws.
  private func cancellableOutcome(of wait: WaitID, _ slot: WaitSlot) async -> Outcome {
    await withTaskCancellationHandler {
      await slot.outcome()
    } onCancel: {
      settle { $0.kernel.withdraw(wait, effects: &$1) }
    }
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

  /// What the wait gave.
  ///
  /// - Throws: what ended it instead.
  func conclude(_ outcome: Outcome, _ slot: WaitSlot, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift)
  {
    // Before all else: what a wait gave to a thread that was killed since is lost with it.
    if let caller, caller.isKilled { throw await caller.killedError() }
    switch outcome {
    case .chosen(let branch, .ready): return (branch, .nothing)
    case .chosen(let branch, .nested(let end)): return (branch, .nestedEnd(end))
    case .chosen(let branch, .message), .chosen(let branch, .met):
      return (branch, slot.takeGift().map(Gift.value) ?? .nothing)
    case .broken(let kind): throw BreakError(BreakKind(kind))
    case .withdrawn: throw CancellationError()
    }
  }
}
