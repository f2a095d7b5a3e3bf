internal import HeddleLoop
internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// A request whose answer is waited for as `sync` waits. Whoever drops it takes the request back.
final class PendingAnswer: Sendable {
  private let answer: Promise<OpenRequests.Answer>
  private let request: RequestID
  private let supervisor: Supervisor

  init(_ answer: Promise<OpenRequests.Answer>, to request: RequestID, of supervisor: Supervisor) {
    self.answer = answer
    self.request = request
    self.supervisor = supervisor
  }

  deinit {
    if answer.value == nil {
      supervisor.loop.perform { [supervisor, request] in supervisor.assumeIsolated { $0.withdraw(request) } }
    }
  }

  /// Ready when the answer has come.
  var arrival: AnyEvent<Void> { answer.wrap { [self] _ in withExtendedLifetime(self) {} } }

  /// Ready with the answer; the wait throws the refusal.
  var event: AnyEvent<Reply> {
    answer.wrap { [self] answer in try withExtendedLifetime(self) { try answer.get() } }
  }

  var isKnown: Bool { answer.value != nil }

  /// The answer; nil until it has come.
  ///
  /// - Throws: the refusal.
  var known: Reply? {
    get throws(ClientError) {
      guard let answer = answer.value else { return nil }
      return try answer.get()
    }
  }

  /// The answer, when it has come.
  ///
  /// - Throws: the refusal, as `ClientError`; what ends the wait.
  func get() async throws -> Reply {
    let answer = try await sync(answer)
    return try withExtendedLifetime(self) { try answer.get() }
  }
}

extension Supervisor {
  /// Asks, and gives what the answer is waited for with.
  ///
  /// - Parameter onNotice: told of what comes before the answer, on the loop.
  func pendingAnswer(
    to command: Request.Command,
    on node: EntityName? = nil,
    onNotice: (@Sendable (Notice) -> Void)? = nil
  ) -> PendingAnswer {
    let answer = Promise<OpenRequests.Answer>()
    let request = ask(command, on: node, onNotice: onNotice) { answer.fulfillInNobodysName($0) }
    return PendingAnswer(answer, to: request, of: self)
  }
}
