package import HeddleModel
package import HeddleThreads
package import HeddleWire

/// The mail of the thread that this process is a part of, or that this connection has become. A worker's comes by itself: see
/// `Worker`.
extension Supervisor {
  /// What asking for mail came to.
  package enum Receipt: Equatable, Sendable {
    /// The oldest messages, at least one. They go back when the connection ends, unless they are confirmed: `through` is
    /// what to confirm them with, and all that came before.
    case messages([[UInt8]], through: UInt64)
    /// There is no mail now.
    case nothing
    /// There is none, and no more can come.
    case end
  }

  /// Takes the thread's oldest messages, at most so many. Racket: `thread-receive`, `thread-try-receive`.
  ///
  /// - Parameter isWaiting: whether to wait for one if there is none; a suspended thread waits in any case.
  /// - Throws: `refused`, among them `notInThread`, `dead`, and `cancelled`: nothing was taken then.
  package func receive(atMost most: Int = 1, waiting isWaiting: Bool = true) async throws(ClientError) -> Receipt {
    var request: RequestID?
    let answer: Result<Reply, ClientError>
    do throws(ClientError) {
      answer = .success(
        try await self.answer(
          to: .receive(most: most, wait: isWaiting),
          onBegun: {
            arrivals.open($0)
            request = $0
          }
        )
      )
    } catch {
      answer = .failure(error)
    }
    let received = request.flatMap { arrivals.take($0) }
    guard case .received(_, let isEnd) = try answer.get(), let received else { throw unexpectedAnswer() }
    guard received.messages.isEmpty else { return .messages(received.messages, through: received.through) }
    return isEnd ? .end : .nothing
  }

  /// The messages up to this number are done with, and do not go back when the connection ends.
  package func confirmMail(through: UInt64) async throws(ClientError) {
    guard case .done = try await answer(to: .confirmMail(through: through)) else { throw unexpectedAnswer() }
  }

  /// Pushes messages back to the front of the thread's mail, one by one: the last of them is received first. Racket:
  /// `thread-rewind-receive`.
  package func rewind(_ messages: [[UInt8]]) async throws(ClientError) {
    var rest = messages[...]
    repeat {
      // As many as a frame has room for in any case, or one; none is a request, too, that may be refused.
      var size = 0
      let part = rest.prefix { message in
        defer { size += message.count + 8 }
        return size == 0 || size + message.count < BodyLimit.usual / 2
      }
      guard case .done = try await answer(to: .rewind(Array(part))) else { throw unexpectedAnswer() }
      rest = rest.dropFirst(part.count)
    } while !rest.isEmpty
  }

  /// Makes the connection a thread of this name, with a mailbox that `receive` takes from. It is dead when the connection
  /// ends; if others end it, so does the connection, and all that is open fails with `dead`, and says who did it.
  ///
  /// - Throws: `nameTaken`; `badRequest` when something waits on this connection, or it is a thread already.
  package func becomeThread(named name: EntityName) async throws(ClientError) -> ThreadInfo {
    guard case .spawned(let thread) = try await answer(to: .becomeThread(name)) else { throw unexpectedAnswer() }
    return thread
  }

  /// Ready when the thread has mail, or no more can come; it takes none. To wait for it asks the supervisor each time.
  /// Racket: `thread-receive-evt`.
  package nonisolated var mailArrival: AnyEvent<Void> {
    guarded { [self] in
      let answer = await pendingAnswer(to: .mailWait)
      // Requests take effect in their order: when this one is answered, that one was looked at.
      if Looking.isOn { _ = try await daemonStatus() }
      return answer.event.wrap { _ in }
    }
  }
}
