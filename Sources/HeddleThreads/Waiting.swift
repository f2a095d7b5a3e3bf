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
  /// Whether a branch waits for the thread's mail.
  private(set) var isForMail: Bool

  init(_ branches: [Branch] = [], offers: [(any Sendable)?] = [], alarm: Instant? = nil, isForMail: Bool = false) {
    self.branches = branches
    self.offers = offers
    self.alarm = alarm
    self.isForMail = isForMail
  }

  mutating func append(_ event: HeddleModel.Event, offer: (any Sendable)? = nil, nacks: [Nack] = []) {
    branches.append(Branch(event, nacks: nacks.map(\.id)))
    if let offer { offers += Array(repeating: nil, count: branches.count - 1 - offers.count) + [offer] }
    if case .alarm(let instant) = event { alarm = min(alarm ?? instant, instant) }
    isForMail = isForMail || event.isOfMail
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
  /// As `wait(for:)`, for whoever calls.
  static func waitHere(for event: HeddleModel.Event, offer: (any Sendable)? = nil) async throws -> Gift {
    let (world, caller) = here
    try await caller?.safePoint()
    return try await world.wait(for: event, offer: offer, in: caller)
  }

  /// Waits for one event, as most waits do.
  ///
  /// - Parameters:
  ///   - offer: what it puts into a channel.
  ///   - caller: the thread that waits, by its body; nil outside of any.
  @inline(__always)
  func wait(
    for event: HeddleModel.Event,
    offer: (any Sendable)? = nil,
    enablingBreaks: Bool = false,
    in caller: ThreadBody?
  ) async throws -> Gift {
    // These concern more of the world than the event.
    if event.isAlarm || event.isOfMail { return try await wait(inPlanFor: event, enablingBreaks, caller) }
    let waiter = Waiter(caller, in: self)
    let wait: WaitID
    do throws(Refusal) {
      wait = try step { (state, effects) throws(Refusal) in
        let wait = try state.kernel.sync(event, in: caller?.id, enablesBreaks: enablingBreaks, effects: &effects)
        if let offer { waiter.slot.offer(.value(offer)) }
        state.add(waiter.slot, as: wait)
        return wait
      }
    } catch { throw await Waiter.error(for: error, in: caller) }
    return try await waiter.end(of: wait).gift
  }

  private func wait(
    inPlanFor event: HeddleModel.Event,
    _ enablingBreaks: Bool,
    _ caller: ThreadBody?
  ) async throws -> Gift {
    var plan = WaitPlan()
    plan.append(event)
    plan.enablesBreaks = enablingBreaks
    return try await wait(plan, in: caller).gift
  }

  /// Waits until one of the plan's branches is chosen.
  ///
  /// - Parameter caller: the thread that waits, by its body; nil outside of any.
  @inline(__always)
  func wait(_ plan: WaitPlan, in caller: ThreadBody?) async throws -> (branch: Int, gift: Gift) {
    let beginning: Beginning
    do throws(Refusal) { beginning = try begin(plan, in: caller) } catch {
      // The thread was killed after its guards had run: they are told, as if it had waited.
      renounce(plan.nacks)
      throw await Waiter.error(for: error, in: caller)
    }
    switch beginning {
    case .ready(let branch): return (branch, .nothing)
    case .waiting(let waiter, let wait):
      let end = try await waiter.end(of: wait)
      withExtendedLifetime(plan) {}
      return end
    }
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
    let beginning: Beginning
    do throws(Refusal) { beginning = try begin(plan, in: caller) } catch {
      throw await Waiter.error(for: error, in: caller)
    }
    if case .waiting(let waiter, _) = beginning { _ = try await waiter.uncancellableEnd() }
  }

  /// How a wait began.
  private enum Beginning: Sendable {
    /// A branch was ready that gives nothing but itself: the wait has ended.
    case ready(branch: Int)
    case waiting(Waiter, WaitID)
  }

  /// Starts a wait, which may end by that.
  private func begin(_ plan: WaitPlan, in caller: ThreadBody?) throws(Refusal) -> Beginning {
    let now = plan.alarm == nil ? nil : clock.now()
    let beginning = try step { (state, effects) throws(Refusal) -> Beginning in
      if let now { state.kernel.advance(to: now, effects: &effects) }
      let wait = try state.sync(plan, in: caller?.id, effects: &effects)
      // Nobody has to be found, then, who would be told.
      for case .chosen(wait, let branch, .ready) in effects { return .ready(branch: branch) }
      let waiter = Waiter(caller, in: self)
      if !plan.offers.isEmpty { waiter.slot.offer(.values(plan.offers)) }
      state.add(waiter.slot, as: wait)
      return .waiting(waiter, wait)
    }
    if let alarm = plan.alarm { clock.wake(self, at: alarm) }
    return beginning
  }

  /// Takes the first message of the mailbox of `body`, the calling thread; waits for one if there is none.
  func receive(in body: ThreadBody) async throws -> any Sendable {
    while true {
      try await body.safePoint()
      switch body.isInTurn ? body.inbox.receive() : .unknown {
      case .message(let message): return message
      case .nothing where body.isInOwnTask: try await body.awaitMail()
      case .nothing, .unknown: return try await receiveByModel(in: body)
      }
    }
  }

  /// As `receive(in:)`, by a wait of the model, which others can withdraw.
  private func receiveByModel(in body: ThreadBody) async throws -> any Sendable {
    let waiter = Waiter(body, in: self)
    var message: (any Sendable)?
    let wait: WaitID?
    do throws(Refusal) {
      wait = try step { (state, effects) throws(Refusal) in
        try state.withMail(of: body.id, effects: &effects) { (state, inbox, effects) throws(Refusal) in
          if state.mayAct(body.id), try state.kernel.tryReceive(in: body.id) { message = inbox?.take() }
          if message != nil { return nil }
          let wait = try state.kernel.sync(.receive, in: body.id, effects: &effects)
          state.add(waiter.slot, as: wait)
          return wait
        }
      }
    } catch { throw await Waiter.error(for: error, in: body) }
    if let message { return message }
    guard let wait else { preconditionFailure("without a message there is a wait for one") }
    return try await waiter.end(of: wait).gift.value(as: (any Sendable).self)
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
}

extension HeddleModel.Event {
  /// Whether it is the calling thread's mail.
  fileprivate var isOfMail: Bool { if case .mail = self { true } else if case .receive = self { true } else { false } }
  fileprivate var isAlarm: Bool { if case .alarm = self { true } else { false } }
}
