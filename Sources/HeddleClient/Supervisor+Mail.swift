package import HeddleModel
internal import HeddleWire

/// Mail. What is sent to one receiver over one connection arrives in the order of the calls.
///
/// Mail that was handed over is not withdrawn when its task is cancelled.
extension Supervisor {
  /// Sends a message, and returns when it is queued at its owner.
  ///
  /// - Parameter waitingForRoom: whether it waits while the mailbox is full; otherwise it is refused.
  /// - Throws: `refused`, among them `mailboxFull` and `dead`. After `connectionLost` it may have arrived or not.
  package func send(_ body: [UInt8], to receiver: ThreadID, waitingForRoom: Bool) async throws(ClientError) {
    try check([body], receiver)
    let outcome = await withCheckedContinuation { task in
      post(outbox.send(body, to: receiver, waits: waitingForRoom, for: task))
    }
    try outcome.get()
  }

  /// Puts messages into the send window, from which they go as soon as the mailbox has room; returns when all of them are
  /// in it. What becomes of them, `flush` tells.
  ///
  /// - Throws: `refused` also for an earlier message that was posted, if nobody was told of that yet; these are not sent then.
  package func post(contentsOf bodies: [[UInt8]], to receiver: ThreadID) async throws(ClientError) {
    try check(bodies, receiver)
    let outcome = await withCheckedContinuation { task in
      post(outbox.post(bodies[...], to: receiver, for: task))
    }
    try outcome.get()
  }

  /// Posts one message.
  package func post(_ body: [UInt8], to receiver: ThreadID) async throws(ClientError) {
    try await post(contentsOf: [body], to: receiver)
  }

  /// Returns when everything that was posted is queued at its owner, also what is posted meanwhile.
  ///
  /// - Throws: the first refusal that nobody was told of.
  package func flush() async throws(ClientError) {
    if let failure { throw failure }
    try await withCheckedContinuation { outbox.flush(for: $0) }.get()
  }

  /// Writes what the window says is to be written.
  func post(_ effects: [SendWindow.Effect]) {
    for case .write(let letter, let flags) in effects {
      do throws(FrameError) {
        try write { writer throws(FrameError) in
          try writer.mail(letter.body.span, to: letter.receiver, flags: flags)
        }
      } catch {
        preconditionFailure("a message's size was checked when it was handed over: \(error)")
      }
    }
  }

  private func check(_ bodies: [[UInt8]], _ receiver: ThreadID) throws(ClientError) {
    if let failure { throw failure }
    if bodies.contains(where: { $0.count > bodyMax }) {
      throw .refused(WireRefusal(mailTo: receiver, .tooLarge))
    }
  }
}
