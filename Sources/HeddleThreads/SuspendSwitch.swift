/// What a coroutine's body keeps suspends away with while it is in a critical region. Racket: the procedure that a
/// `coroutine`'s procedure is called with.
///
/// While suspends are disabled a run goes on past its limit. They are enabled at first, and count as enabled again when the
/// body ends. The switch knows no depth: to disable them twice is to disable them once.
public struct SuspendSwitch: Sendable {
  private let flip: @Sendable (_ enables: Bool) async throws -> Void

  init(_ flip: @escaping @Sendable (_ enables: Bool) async throws -> Void) { self.flip = flip }

  /// From the return of this on the coroutine is not stopped by its runs. A stop that was decided before comes first: then
  /// this returns in a later run.
  ///
  /// - Throws: `BreakError`, `Killed`.
  public func disable() async throws { try await flip(false) }

  /// The coroutine may be stopped again. If a run's limit has passed meanwhile it stops right here, and this returns in a
  /// later run.
  ///
  /// - Throws: `BreakError`, `Killed`.
  public func enable() async throws { try await flip(true) }
}
