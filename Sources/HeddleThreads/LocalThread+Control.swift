internal import HeddleModel

/// What may vouch for a resumed thread. Racket: the `benefactor` of `thread-resume`.
public enum Benefactor: Hashable, Sendable {
  /// It becomes one of the thread's custodians.
  case custodian(Custodian)
  /// It gives all its custodians now, and from now on each one that it gets and each of its resumptions.
  case thread(LocalThread)
}

extension LocalThread {
  /// Stops the thread until it is resumed. No effect on one that is suspended or dead. Racket: `thread-suspend`.
  ///
  /// Its state changes at once. The call returns when nothing of the thread executes any more, which takes until its next
  /// safe point. A thread that suspends itself goes on here after its resume.
  ///
  /// - Throws: `ThreadError` with `notAuthorized` unless all its custodians are the caller's current one or below it.
  public func suspend() async throws {
    let id = try requireID("suspended")
    let authority = Custodian.current.value.id
    try await world.actStopping { (state, effects) throws(Refusal) in
      try state.kernel.suspend(id, by: authority, effects: &effects)
      return effects.isEmpty ? state.orders(to: [id]) : []
    }
  }

  /// Lets a suspended thread go on if it has a custodian, after `benefactor` has given what it has. No effect on one that
  /// is dead. Needs no authority. Racket: `thread-resume`.
  ///
  /// A benefactor that is dead, shut down, or the thread itself counts as none.
  public func resume(benefactor: Benefactor? = nil) async throws {
    guard let id = identityIfGated?.id else { return try await world.act { (_, _) throws(Refusal) in } }
    let source: HeddleModel.Benefactor? =
      switch benefactor {
      case .custodian(let custodian): .custodian(custodian.id)
      case .thread(let thread): thread.identityIfGated.map { .thread($0.id) }
      case nil: nil
      }
    try await world.act { (state, effects) throws(Refusal) in
      try state.kernel.resume(id, benefactor: source, effects: &effects)
    }
  }

  /// Ends the thread, running or suspended; one that suspends on kill is suspended. No effect on a dead one. Racket:
  /// `kill-thread`.
  ///
  /// The call returns when nothing of the thread executes any more; the thread is dead then. Its task is cancelled and
  /// leaves by `Killed`: its `defer` and `catch` blocks run, but no operation of it on this library has an effect. A
  /// thread that never reaches a safe point is never dead, and the call does not return; `kill(within:)` does.
  ///
  /// - Throws: `ThreadError` with `notAuthorized`, as `suspend()`. `Killed`, to a thread that kills itself.
  public func kill() async throws { try await kill(waiting: nil) }

  /// As `kill()`, but waits no longer than `limit` for the thread to reach a safe point.
  ///
  /// - Throws: `ThreadError` with `noSafePoint` when the time is up; with `negativeDuration`, and then the thread is not
  ///   killed. `BreakError` and `CancellationError` end the waiting alone: the thread is killed all the same, and ends at
  ///   its next safe point.
  public func kill(within limit: Duration) async throws {
    guard limit >= .zero else {
      throw ThreadError(.negativeDuration, "\(self) cannot be killed within \(limit); give zero or more")
    }
    try await kill(waiting: limit)
  }

  private func kill(waiting limit: Duration?) async throws {
    let id = try requireID("killed")
    let authority = Custodian.current.value.id
    try await world.actStopping(within: limit) { (state, effects) throws(Refusal) in
      try state.kernel.kill(id, by: authority, effects: &effects)
      return effects.isEmpty ? state.orders(to: [id]) : []
    }
  }

  /// Has a break thrown in the thread: soon if it is busy, at once if it waits, when it lets breaks in. Returns without
  /// waiting for that. No effect on a dead thread; it resumes none. Racket: `break-thread`.
  public func sendBreak(_ kind: BreakKind = .interrupt) async throws {
    let id = try requireID("broken")
    try await world.act { (state, effects) throws(Refusal) in
      try state.kernel.sendBreak(kind.model, to: id, effects: &effects)
    }
  }

  /// As `sendBreak(_:)`, in nobody's name, from a callback that is in no thread.
  package func breakFromOutside(_ kind: BreakKind) {
    guard let id = identityIfGated?.id else { return }
    world.settle { (state, effects) throws(Refusal) in
      try state.kernel.sendBreak(kind.model, to: id, effects: &effects)
    }
  }

  /// Whether the caller is a thread that was killed, and so can do nothing any more.
  package static var isCallerKilled: Bool { ThreadBody.current?.isKilled ?? false }

  /// Takes the break that is pending for the calling thread, whether it lets breaks in or not; nil when there is none, or outside of any thread.
  package static func takeKeptBreak() -> BreakKind? {
    guard let body = ThreadBody.current else { return nil }
    var kept: HeddleModel.BreakKind?
    body.world.settle { [id = body.id] (state, _) throws(Refusal) in
      let former = state.areBreaksEnabled(in: id)
      kept = try state.kernel.setBreaksEnabled(true, in: id)
      _ = try state.kernel.setBreaksEnabled(former, in: id)
    }
    return kept.map { BreakKind($0) }
  }

  /// Returns when the thread is dead, however it ended; `death` is the event of it. A thread that waits for itself waits
  /// until it is broken. Racket: `thread-wait`.
  public func wait() async throws {
    guard let identity = identityIfGated else { return _ = try await sync(death) }
    let death = StateEvent(thread: identity.id, kind: .death, generation: 0)
    _ = try await World.waitHere(for: .state(death))
  }
}

// MARK: - What a thread does with itself

extension LocalThread {
  /// Sleeps for at least `duration` of elapsed time, which goes on while the thread is suspended. Zero lets others go
  /// first. Racket: `sleep`.
  ///
  /// - Throws: `ThreadError` with `negativeDuration`; `CancellationError` when the task is cancelled.
  public static func sleep(for duration: Duration = .zero) async throws {
    guard duration >= .zero else {
      throw ThreadError(.negativeDuration, "a thread cannot sleep for \(duration); give zero or more")
    }
    guard duration == .zero else { return _ = try await sync(after(duration)) }
    guard let body = ThreadBody.current else { return await Task.yield() }
    await body.gate.pass()
    try await body.safePoint()
  }

  /// A safe point, for code that computes long without any other. No effect outside of any thread. (The original's threads
  /// can be stopped anywhere.)
  ///
  /// - Throws: `BreakError`, `Killed`.
  public static func checkpoint() async throws { try await ThreadBody.current?.safePoint() }

  /// Whether the calling thread lets breaks in; true outside of any. Racket: `break-enabled`.
  public static var areBreaksEnabled: Bool {
    guard let body = ThreadBody.current else { return true }
    return body.world.look { $0.areBreaksEnabled(in: body.id) }
  }

  /// Lets breaks into the calling thread, or keeps them out, from now on. No effect outside of any thread. Racket:
  /// `break-enabled` with an argument.
  ///
  /// - Throws: `BreakError` for a break that was pending and is let in now; breaks are enabled then.
  public static func setBreaks(_ setting: BreakSetting) async throws {
    guard let body = ThreadBody.current else { return }
    let kind = try await body.world.act { (state, _) throws(Refusal) in
      try state.kernel.setBreaksEnabled(setting == .enabled, in: body.id)
    }
    if let kind { throw BreakError(BreakKind(kind)) }
  }

  /// Gives the calling thread the setting that it would have been made with. It raises nothing: what is pending and let in
  /// is raised at the next safe point.
  package static func inheritBreaks(_ setting: BreakSetting) { ThreadBody.current?.restoreBreaks(setting == .enabled) }

  /// Performs `operation` with breaks let in or kept out, and then restores the former setting. Racket:
  /// `parameterize-break`.
  ///
  /// - Throws: `BreakError` when a break was pending and is let in, before `operation` or after it. An error of
  ///   `operation` goes first, and the break stays pending.
  public static func withBreaks<Result: Sendable>(
    _ setting: BreakSetting,
    isolation: isolated (any Actor)? = #isolation,
    operation: () async throws -> Result
  ) async throws -> Result {
    guard let body = ThreadBody.current else { return try await operation() }
    let former = try await body.setBreaksEnabled(setting == .enabled)
    let result: Result
    do { result = try await operation() } catch {
      body.restoreBreaks(former)
      throw error
    }
    do { _ = try await body.setBreaksEnabled(former) } catch {
      body.restoreBreaks(former)
      throw error
    }
    return result
  }
}

extension ThreadBody {
  /// Lets breaks in or keeps them out.
  ///
  /// - Returns: the former setting.
  /// - Throws: `BreakError` for a pending break that is let in by this.
  fileprivate func setBreaksEnabled(_ enabled: Bool) async throws -> Bool {
    let (former, kind) = try await world.act { [id] (state, _) throws(Refusal) in
      (state.areBreaksEnabled(in: id), try state.kernel.setBreaksEnabled(enabled, in: id))
    }
    guard let kind else { return former }
    restoreBreaks(former)
    throw BreakError(BreakKind(kind))
  }

  /// Performs `operation` with breaks kept out. One that is pending or comes meanwhile waits for a later safe point.
  func keepingBreaksOut<Result>(_ operation: () async throws -> Result) async rethrows -> Result {
    let former = world.look { [id] in $0.areBreaksEnabled(in: id) }
    world.settle { [id] (state, _) throws(Refusal) in _ = try state.kernel.setBreaksEnabled(false, in: id) }
    defer { restoreBreaks(former) }
    return try await operation()
  }

  /// Sets what was set before; a pending break stays pending until the next safe point.
  fileprivate func restoreBreaks(_ enabled: Bool) {
    world.settle { [id] (state, effects) throws(Refusal) in
      guard let kind = try state.kernel.setBreaksEnabled(enabled, in: id) else { return }
      try state.kernel.sendBreak(kind, to: id, effects: &effects)
    }
  }
}
