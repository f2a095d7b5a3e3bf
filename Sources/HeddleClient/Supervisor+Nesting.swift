package import HeddleWire

/// Nested processes. Racket: `call-in-nested-thread`.
extension Supervisor {
  /// Makes a thread that is nested in this connection's own, a worker's, and waits until it is dead, and with it all that
  /// was nested in it. Breaks for the worker's thread are the nested one's until then; one that is left over comes to the
  /// worker behind the end.
  ///
  /// A task that is cancelled gives the call up: the nested thread gets an interrupt and lives on, nested no more.
  ///
  /// - Parameters:
  ///   - spawn: as for any thread; whether it says `nested` does not matter. Not with `suspendToKill`.
  ///   - onStart: told, on the loop, when the program runs: once, or never if it died before.
  /// - Throws: `refused` with `alreadyNesting` while another call of the worker goes on, with `badRequest` on a connection
  ///   that is no worker's, with `cannotStart`, or with `cancelled`.
  package func spawnNested(
    _ spawn: Spawn,
    onStart: @escaping @Sendable (ThreadInfo) -> Void = { _ in }
  ) async throws(ClientError) -> NestedEnd {
    var nested = spawn
    nested.nested = true
    let reply = try await answer(to: .spawn(nested)) { notice in
      if case .started(let thread) = notice { onStart(thread) }
    }
    guard case .nestedEnded(let end) = reply else { throw unexpectedAnswer() }
    return end
  }
}
