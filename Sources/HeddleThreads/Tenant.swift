internal import HeddleModel

extension LocalThread {
  /// Creates a thread with which `custodian`, which manages it, ends: when the thread is dead the custodian is shut down,
  /// whatever else there is. As `init`, but an error that `body` throws is not reported. Racket: what `run-server` makes for
  /// a connection.
  ///
  /// Nobody's life is needed for that, and no other thread: from the creation on it holds.
  ///
  /// - Parameter limit: when the thread has lived for so long, it is broken; when it has for twice as long, the custodian is
  ///   shut down. At least 0; nil is no limit.
  @discardableResult
  package static func tenant(
    of custodian: Custodian,
    limit: Duration?,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> LocalThread {
    let world = custodian.world
    let caller = world.caller?.id
    let (first, last) = (limit.map { world.clock.instant(in: $0) }, limit.map { world.clock.instant(in: $0 * 2) })
    let made = try await world.act { (state, effects) throws(Refusal) -> ThreadBody in
      let breaksEnabled = state.areBreaksEnabled(in: caller)
      let id = try state.kernel.makeThread(under: custodian.id, breaksEnabled: breaksEnabled)
      let body = ThreadBody(id: id, world: world)
      state.add(body)
      let tenancy = Tenancy(thread: id, custodian: custodian.id, world: world, last: last)
      try tenancy.begin(first, &state, &effects)
      return body
    }
    let thread = LocalThread(made.identity)
    made.identity.adopt(thread)
    made.start(body)
    if let first { world.clock.wake(world, at: first) }
    return thread
  }
}

/// What follows from the life of a thread for its custodian. Each step waits for the thread's death and a time, in nobody's
/// name.
private struct Tenancy: Sendable {
  let thread: ThreadID
  let custodian: CustodianID
  let world: World
  /// When the custodian is shut down at the latest.
  let last: Instant?

  func begin(
    _ first: Instant?,
    _ state: inout WorldState,
    _ effects: inout Kernel.Effects
  ) throws(Refusal) {
    try state.watch(branches(until: first), effects: &effects) { [self] isLate in isLate ? warn() : end() }
  }

  private func branches(until instant: Instant?) -> [Branch] {
    let death = Branch(.state(StateEvent(thread: thread, kind: .death, generation: 0)))
    return [death] + [instant.map { Branch(.alarm($0)) }].compactMap(\.self)
  }

  /// The thread has had its time.
  private func warn() {
    world.settle { (state, effects) throws(Refusal) in
      try state.watch(branches(until: last), effects: &effects) { [self] _ in end() }
      try state.kernel.sendBreak(.interrupt, to: thread, effects: &effects)
    }
    if let last { world.clock.wake(world, at: last) }
  }

  private func end() {
    world.settle { (state, effects) throws(Refusal) in try state.kernel.shutDown(custodian, effects: &effects) }
  }
}
