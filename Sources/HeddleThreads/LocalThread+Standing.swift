internal import HeddleModel

extension LocalThread {
  /// Creates a thread that is suspended from the first moment on, before any of it executes. As `init`, but an error that
  /// `body` throws is not reported.
  static func standing(_ body: @escaping @Sendable (ThreadID) async throws -> Void) async throws -> LocalThread {
    let custodian = Custodian.current.value
    let world = custodian.world
    let caller = world.caller?.id
    let made = try await world.act { (state, effects) throws(Refusal) -> ThreadBody in
      let id = try state.kernel.makeThread(
        under: custodian.id,
        breaksEnabled: state.areBreaksEnabled(in: caller)
      )
      let body = ThreadBody(id: id, world: world)
      state.add(body)
      try state.kernel.suspend(id, by: custodian.id, effects: &effects)
      return body
    }
    let thread = LocalThread(made.identity)
    made.identity.adopt(thread)
    made.start { [id = made.id] in try await body(id) }
    return thread
  }
}
