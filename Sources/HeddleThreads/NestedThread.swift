internal import HeddleModel
internal import Synchronization

extension LocalThread {
  /// Performs `body` in a new thread and waits for it: gives what it returns, and throws what it throws. Racket:
  /// `call-in-nested-thread`.
  ///
  /// The nested thread is managed by `custodian`; its current custodian and its parameters are the caller's. A break that
  /// is sent to the caller meanwhile goes to the nested thread, and one that is left over there comes to the caller. When
  /// the caller is killed, the nested thread gets a break and lives on. Cancelling the caller's task does not end the call.
  /// Outside of any thread it is a thread like others, which is waited for.
  ///
  /// - Throws: `ThreadError` with `nestedThreadKilled` when the nested thread was killed; with `custodianShutDown`; with
  ///   `alreadyNesting`, when two child tasks of one thread try it.
  public static func withNestedThread<Result: Sendable>(
    custodian: Custodian = Custodian.current.value,
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let result = NestedResult<Result>()
    let world = custodian.world
    let operation: @Sendable () async throws -> Void = { try await result.perform(body) }
    if let caller = world.caller {
      try await world.nest(operation, in: caller, under: custodian)
    } else {
      try await world.nestOutside(operation, under: custodian)
    }
    return try result.get()
  }
}

/// What a nested thread left; nothing when it was killed.
private final class NestedResult<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)

  /// Performs `body`, and keeps what it gives or throws.
  func perform(_ body: @Sendable () async throws -> Value) async throws {
    do {
      let value = try await body()
      result.withLock { $0 = .success(value) }
    } catch {
      result.withLock { $0 = .failure(error) }
      throw error
    }
  }

  func get() throws -> Value {
    guard let result = result.withLock(\.self) else { throw nestedThreadKilled }
    return try result.get()
  }
}

private var nestedThreadKilled: ThreadError {
  ThreadError(.nestedThreadKilled, "the nested thread was killed, so its value is lost; run it again if that is safe")
}

extension World {
  /// Runs `operation` in a nested thread of `caller`, and waits for its end.
  fileprivate func nest(
    _ operation: @escaping @Sendable () async throws -> Void,
    in caller: ThreadBody,
    under custodian: Custodian
  ) async throws {
    let waiter = Waiter(caller, in: self)
    let body = try await act { (state, effects) throws(Refusal) in
      let made = try state.kernel.makeNestedThread(in: caller.id, under: custodian.id, effects: &effects)
      let body = ThreadBody(id: made.thread, world: self)
      // Nobody has a handle of it so far.
      state.kernel.letGo(of: made.thread, effects: &effects)
      state.add(body)
      state.add(waiter.slot, as: made.wait)
      return body
    }
    body.start(operation)
    guard case .nestedEnd(let end) = try await waiter.uncancellableEnd().gift else {
      preconditionFailure("a nested call ends with its thread")
    }
    if end == .killed { throw nestedThreadKilled }
  }

  /// Outside of any thread there is nothing that a nested thread could share.
  fileprivate func nestOutside(
    _ operation: @escaping @Sendable () async throws -> Void,
    under custodian: Custodian
  ) async throws {
    let body = try await act { (state, _) throws(Refusal) in
      let body = ThreadBody(id: try state.kernel.makeThread(under: custodian.id), world: self)
      state.add(body)
      return body
    }
    let handle = LocalThread(body.identity)
    body.identity.adopt(handle)
    body.start(operation)
    try await waitUndisturbed(for: [.state(StateEvent(thread: body.id, kind: .death, generation: 0))])
    withExtendedLifetime(handle) {}
    if case .dead(.killed) = look({ try? $0.kernel.phase(of: body.id) }) { throw nestedThreadKilled }
  }
}
