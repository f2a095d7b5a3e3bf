// Mail. The mailboxes are the shell's, one a thread, generic over the message; the kernel says who may send and who
// gets, and counts what is queued.

/// What a send to a suspended thread does.
package enum WhenSuspended: UInt8, Hashable, Codable, Sendable {
  /// It queues, as in every release of PLT Scheme (MB-10).
  case queue
  /// It fails, as the page says literally.
  case fail
}

extension Kernel {
  /// Queues a message for a thread, or hands it to its longest waiting receive: the effect is then `chosen` with
  /// `Choice.message`. It never waits. Racket: `thread-send`.
  ///
  /// - Parameters:
  ///   - size: what the message counts against the mailbox's bound, in bytes.
  ///   - mailbox: the thread's.
  package mutating func send<Message>(
    _ message: Message,
    size: Int,
    to thread: ThreadID,
    in mailbox: inout Mailbox<Message>,
    whenSuspended: WhenSuspended = .queue,
    effects: inout Effects
  ) throws(Refusal) {
    try requireReceiver(thread, whenSuspended)
    do throws(MailRefusal) {
      try mailbox.send(message, size: size)
    } catch {
      throw .mail(thread: thread, error)
    }
    mailArrived(1, for: thread, effects: &effects)
  }

  /// Takes the thread's first message; nil when it has none. Racket: `thread-try-receive`.
  package mutating func tryReceive<Message>(
    in thread: ThreadID,
    from mailbox: inout Mailbox<Message>
  ) throws(Refusal) -> Message? {
    try requireReceiver(thread, .fail)
    guard let message = mailbox.receive() else { return nil }
    threads[thread]?.mailCount -= 1
    return message
  }

  /// Pushes messages back to the front of the thread's mail, so that the last of them is received first (MB-11).
  /// Racket: `thread-rewind-receive`.
  package mutating func rewind<Message>(
    _ messages: [(message: Message, size: Int)],
    in thread: ThreadID,
    to mailbox: inout Mailbox<Message>,
    effects: inout Effects
  ) throws(Refusal) {
    try requireReceiver(thread, .queue)
    mailbox.rewind(messages)
    mailArrived(messages.count, for: thread, effects: &effects)
  }

  func requireReceiver(_ thread: ThreadID, _ whenSuspended: WhenSuspended) throws(Refusal) {
    switch try phase(of: thread) {
    case .running: break
    case .suspended: if whenSuspended == .fail { throw .threadSuspended(thread) }
    case .ending, .dead: throw .threadDead(thread)
    }
  }

  mutating func mailArrived(_ count: Int, for thread: ThreadID, effects: inout Effects) {
    threads[thread]?.mailCount += count
    if threads[thread]?.mailWatchers.isEmpty == false { serveMail(of: thread, effects: &effects) }
  }
}
