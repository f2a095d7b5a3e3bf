internal import HeddleModel

/// What a send to a suspended thread does.
public enum WhenSuspended: Hashable, Sendable {
  /// The message queues, and is received after the resume.
  case queue
  /// The send fails with `threadSuspended`.
  case fail
}

extension LocalThread {
  /// Queues a message for the thread and returns without waiting. The receiver gets the very object. Racket:
  /// `thread-send`.
  ///
  /// - Throws: `ThreadError` with `threadDead`, `threadSuspended` if asked for, or `mailboxFull`; the message is the
  ///   sender's still. Where it is to fail otherwise, use `send(_:whenSuspended:orElse:)` or `trySend(_:whenSuspended:)`.
  public func send(_ message: some Sendable, whenSuspended: WhenSuspended = .queue) async throws {
    guard let identity = identityIfGated else { throw ThreadError.ungated("sent mail, since it receives none") }
    let caller = world.caller
    try await caller?.safePoint()
    if whenSuspended == .queue, caller?.isInTurn ?? true, try identity.sendDirectly(message) { return }
    try await world.act(as: caller) { (state, effects) throws(Refusal) in
      try state.send(message, to: identity.id, whenSuspended: whenSuspended.model, effects: &effects)
    }
  }

  /// As `send(_:whenSuspended:)`, but where the message cannot be queued, what `fail` gives or throws is the outcome. It is
  /// called in the sending thread, after the attempt. Racket: `thread-send` with a procedure.
  ///
  /// - Returns: what `fail` gives; nil when the message was queued, and then it is not called.
  @discardableResult
  public func send<Outcome>(
    _ message: some Sendable,
    whenSuspended: WhenSuspended = .queue,
    orElse fail: () async throws -> Outcome
  ) async throws -> Outcome? {
    try await trySend(message, whenSuspended: whenSuspended) ? nil : try await fail()
  }

  /// As `send(_:whenSuspended:)`, but says whether the message was queued. Racket: `thread-send` with `#f`.
  public func trySend(_ message: some Sendable, whenSuspended: WhenSuspended = .queue) async throws -> Bool {
    do { try await send(message, whenSuspended: whenSuspended) } catch let error as ThreadError where error.isOfMail {
      return false
    }
    return true
  }

  /// Takes the first message of the calling thread's mailbox; waits for one if there is none. Racket: `thread-receive`.
  ///
  /// - Throws: `ThreadError` with `notInThread`; `CancellationError`; `BreakError` and `Killed`, and then no message is
  ///   lost.
  public static func receive() async throws -> any Sendable {
    let body = try requireBody()
    return try await body.world.receive(in: body)
  }

  /// Takes the first message of the calling thread's mailbox; nil when there is none. Racket: `thread-try-receive`.
  ///
  /// - Throws: `ThreadError` with `notInThread`.
  public static func tryReceive() async throws -> (any Sendable)? {
    let body = try requireBody()
    try await body.safePoint()
    switch body.isInTurn ? body.inbox.receive() : .unknown {
    case .message(let message): return message
    case .nothing: return nil
    case .unknown:
      return try await body.world.act(as: body) { (state, effects) throws(Refusal) in
        try state.tryReceive(in: body.id, effects: &effects)
      }
    }
  }

  /// Pushes messages back to the front of the calling thread's mailbox, one by one: the last of them is received first.
  /// They may exceed the mailbox's limit. Racket: `thread-rewind-receive`.
  ///
  /// - Throws: `ThreadError` with `notInThread`.
  public static func rewind(_ messages: [any Sendable]) async throws {
    let body = try requireBody()
    try await body.world.act(as: body) { (state, effects) throws(Refusal) in
      try state.rewind(messages, in: body.id, effects: &effects)
    }
  }

  /// Ready when the thread that waits for it has mail; it takes none. Racket: `thread-receive-evt`.
  public static var mail: MailEvent { MailEvent() }

  /// Takes the first message of the mailbox of the thread that waits for it: `receive()` as an event. When another event is
  /// chosen, the message stays. Outside of any thread the wait throws `ThreadError` with `notInThread`.
  public static var received: AnyEvent<any Sendable> { AnyEvent(.receive) { $0.value(as: (any Sendable).self) } }

  private static func requireBody() throws -> ThreadBody {
    guard let body = ThreadBody.current else { throw ThreadError(.notInThread(.mail)) }
    return body
  }
}

/// Ready when the thread that waits for it has mail, which it leaves where it is. All are equal. Racket:
/// `thread-receive-evt`.
public struct MailEvent: Event, Hashable {
  public var erased: AnyEvent<MailEvent> { AnyEvent(.mail) { _ in MailEvent() } }
}

extension ThreadIdentity {
  /// Queues a message without asking the model.
  ///
  /// - Returns: false when nothing was done, since it has to be asked.
  fileprivate func sendDirectly(_ message: any Sendable) throws(ThreadError) -> Bool {
    do throws(MailRefusal) { return try inbox.send(message) } catch { throw ThreadError(.mail(thread: id, error)) }
  }
}

extension WhenSuspended {
  fileprivate var model: HeddleModel.WhenSuspended {
    switch self {
    case .queue: .queue
    case .fail: .fail
    }
  }
}

extension ThreadError {
  /// Whether it says that a message was not queued.
  fileprivate var isOfMail: Bool {
    switch code {
    case .threadDead, .threadSuspended, .mailboxFull: true
    case .custodianShutDown, .notAuthorized, .notAbove, .notInThread, .ungated, .nestedThreadKilled, .alreadyNesting,
      .alreadyRunning,
      .runsItself, .negativeDuration, .negativeLimit, .noSafePoint, .abandoned:
      false
    }
  }
}
