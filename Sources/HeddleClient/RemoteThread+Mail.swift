internal import HeddleModel
public import HeddleThreads
internal import HeddleWire

// Mail to a thread elsewhere: bytes, which are copied. What one connection sends to one thread arrives in that order.

extension RemoteThread {
  /// Queues a message, and returns when it is in the thread's mailbox; that takes a round trip, and waits for nothing else.
  /// Racket: `thread-send`.
  ///
  /// - Throws: `dead`, `suspended` if asked for, `mailboxFull`, `tooLarge`, `endedMail`, `notALine`; the message is not
  ///   queued then. After `connectionLost` it may be.
  public func send(
    _ message: some Sequence<UInt8>,
    whenSuspended: HeddleThreads.WhenSuspended = .queue
  ) async throws(ClientError) {
    try await supervisor.send(Array(message), to: id, .now(whenSuspended: .init(whenSuspended)))
  }

  /// As `send(_:whenSuspended:)`, but where the message cannot be queued, what `fail` gives or throws is the outcome. It is
  /// called after the attempt. Racket: `thread-send` with a procedure.
  ///
  /// - Returns: what `fail` gives; nil when the message was queued, and then it is not called.
  /// - Throws: `ClientError` where nobody knows: `connectionLost`, `protocolBroken`.
  @discardableResult
  public func send<Outcome>(
    _ message: some Sequence<UInt8>,
    whenSuspended: HeddleThreads.WhenSuspended = .queue,
    orElse fail: () async throws -> Outcome
  ) async throws -> Outcome? {
    try await trySend(message, whenSuspended: whenSuspended) ? nil : try await fail()
  }

  /// As `send(_:whenSuspended:)`, but says whether the message was queued. Racket: `thread-send` with `#f`.
  public func trySend(
    _ message: some Sequence<UInt8>,
    whenSuspended: HeddleThreads.WhenSuspended = .queue
  ) async throws(ClientError) -> Bool {
    do throws(ClientError) { try await send(message, whenSuspended: whenSuspended) } catch {
      guard error.refusal != nil else { throw error }
      return false
    }
    return true
  }

  /// As `send(_:)`, but while the mailbox is full it waits for room, at most for `limit`. Messages that were sent or posted
  /// to the thread before over this connection come first.
  ///
  /// - Throws: `mailboxFull` when the time is up. `BreakError`, `CancellationError` and `Killed`: the message is taken back.
  ///   If it was queued before that could be done, the call returns, and a break stays pending.
  public func send(_ message: some Sequence<UInt8>, waitingUpTo limit: Duration) async throws {
    try await supervisor.send(Array(message), to: id, waitingUpTo: limit)
  }

  /// Puts a message into the connection's send window, from where it goes as soon as the mailbox has room; waits while the
  /// window, of 1 MiB, is full. What becomes of it, `Supervisor.flush()` tells.
  ///
  /// - Throws: an earlier refusal of something posted, if nobody was told of it yet; this message is not sent then. What
  ///   ends the wait, and then it is not sent either.
  public func post(_ message: some Sequence<UInt8>) async throws {
    try await supervisor.post(Array(message), to: id)
  }

  /// The mailbox refuses mail from now on. The thread still gets what is queued, and then the end: of its standard input,
  /// or of `Worker.receive()`. What was posted over this connection comes before it: this waits until that has its place.
  public func endMail() async throws {
    try await supervisor.settle(mailTo: id)
    try await supervisor.endMail(of: .id(id))
  }
}

extension HeddleModel.WhenSuspended {
  fileprivate init(_ wish: HeddleThreads.WhenSuspended) {
    self =
      switch wish {
      case .queue: .queue
      case .fail: .fail
      }
  }
}
