internal import HeddleModel

/// What one wait waits for.
struct WaitPlan: Sendable {
  private(set) var branches: [Branch]
  /// For each branch what it puts into a channel, up to the last one that does.
  private(set) var offers: [(any Sendable)?] = []
  /// Those that the branches name, kept until the wait has ended.
  var nacks: [Nack] = []
  var enablesBreaks = false
  /// The branch to look at first.
  var first = 0
  /// The earliest time that a branch waits for.
  private(set) var alarm: Instant?

  init(_ branches: [Branch] = [], offers: [(any Sendable)?] = [], alarm: Instant? = nil) {
    self.branches = branches
    self.offers = offers
    self.alarm = alarm
  }

  mutating func append(_ event: HeddleModel.Event, offer: (any Sendable)? = nil, nacks: [Nack] = []) {
    branches.append(Branch(event, nacks: nacks.map(\.id)))
    if let offer { offers += Array(repeating: nil, count: branches.count - 1 - offers.count) + [offer] }
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
  /// As `wait`, for whoever calls.
  static func waitHere(for plan: WaitPlan) async throws -> (branch: Int, gift: Gift) {
    let (world, caller) = here
    try await caller?.safePoint()
    return try await world.wait(plan, in: caller)
  }

  /// Waits until one of the plan's branches is chosen.
  ///
  /// - Parameter caller: the thread that waits, by its body; nil outside of any.
  @inline(__always)
  func wait(_ plan: WaitPlan, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift) {
    let waiter = Waiter(caller, in: self)
    if !plan.offers.isEmpty { waiter.slot.offer(plan.offers) }
    let wait: WaitID
    do throws(Refusal) { wait = try begin(plan, in: caller?.id, waiter.slot) } catch {
      // The thread was killed after its guards had run: they are told, as if it had waited.
      renounce(plan.nacks)
      throw await waiter.error(for: error)
    }
    let end = try await waiter.end(of: wait)
    withExtendedLifetime(plan) {}
    return end
  }

  /// Waits until one of `events` is ready, whatever is asked of the caller: breaks wait, and a cancelled task waits as well.
  ///
  /// - Throws: `Killed`.
  func waitUndisturbed(for events: [HeddleModel.Event]) async throws {
    var plan = WaitPlan()
    for event in events { plan.append(event) }
    if let caller {
      try await caller.keepingBreaksOut { [plan] in try await waitThroughCancellation(plan, in: caller) }
    } else {
      try await waitThroughCancellation(plan, in: nil)
    }
  }

  private func waitThroughCancellation(_ plan: WaitPlan, in caller: ThreadBody?) async throws {
    let waiter = Waiter(caller, in: self)
    do throws(Refusal) { _ = try begin(plan, in: caller?.id, waiter.slot) } catch {
      throw await waiter.error(for: error)
    }
    _ = try await waiter.uncancellableEnd()
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
        firstLookAt: plan.first,
        effects: &effects
      )
      state.add(slot, as: wait)
      return wait
    }
    if let alarm = plan.alarm { clock.wake(self, at: alarm) }
    return wait
  }

  /// Takes the first message of the mailbox of `body`, the calling thread; waits for one if there is none.
  func receive(in body: ThreadBody) async throws -> any Sendable {
    try await body.safePoint()
    let waiter = Waiter(body, in: self)
    var message: (any Sendable)?
    let wait: WaitID?
    do throws(Refusal) {
      wait = try step { (state, effects) throws(Refusal) in
        if state.mayAct(body.id) { message = try state.tryReceive(in: body.id) }
        if message != nil { return nil }
        let wait = try state.kernel.sync(Self.receiving, in: body.id, effects: &effects)
        state.add(waiter.slot, as: wait)
        return wait
      }
    } catch { throw await waiter.error(for: error) }
    if let message { return message }
    guard let wait else { preconditionFailure("without a message there is a wait for one") }
    return try await waiter.end(of: wait).gift.value(as: (any Sendable).self)
  }

  private static let receiving = [Branch(.receive)]

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
}
