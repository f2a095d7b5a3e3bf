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
  /// Queues a message for a thread, or lets its longest waiting receive have one: the effect is then `chosen` with
  /// `Choice.message`. It never waits. Racket: `thread-send`.
  ///
  /// - Parameters:
  ///   - count: how many messages are queued, all or none.
  ///   - queue: puts them into the thread's mailbox; called once, if the thread takes mail at all.
  package mutating func send(
    _ count: Int = 1,
    to thread: ThreadID,
    whenSuspended: WhenSuspended = .queue,
    effects: inout Effects,
    queue: () throws(MailRefusal) -> Void
  ) throws(Refusal) {
    let receiver = try receiver(thread, whenSuspended)
    do throws(MailRefusal) {
      try queue()
    } catch {
      throw .mail(thread: thread, error)
    }
    threads.modify(thread) { $0?.mailCount += count }
    if receiver.isMailAwaited { serveMail(of: thread, effects: &effects) }
  }

  /// Whether a message for the thread could be taken at once, by the thread itself: it runs, and neither mail nor a wait is
  /// there before. A message that is handed over then need not be sent and received.
  package func takesMailAtOnce(_ thread: ThreadID) -> Bool {
    threads.look(thread) { $0.life.isRunning && $0.mailCount == 0 && !$0.isMailAwaited } ?? false
  }

  /// Whether no wait is for the thread's mail: a shell may then count the mail itself, after it took all of it from here, until
  /// somebody begins to wait for it.
  package func leavesMail(of thread: ThreadID) -> Bool {
    threads.look(thread) { $0.life.isRunning && !$0.isMailAwaited } ?? false
  }

  /// Takes the thread's first message, if it has one, or its first `count`, if it has so many. Racket: `thread-try-receive`.
  ///
  /// - Returns: whether it has: take them out of the mailbox now.
  package mutating func tryReceive(_ count: Int = 1, in thread: ThreadID) throws(Refusal) -> Bool {
    let isThere = try receiver(thread, .fail).mailCount >= count
    if isThere { threads.modify(thread) { $0?.mailCount -= count } }
    return isThere
  }

  /// Pushes messages back to the front of the thread's mail (MB-11). Racket: `thread-rewind-receive`.
  ///
  /// - Parameter rewind: pushes so many messages back into the thread's mailbox; called once, if the thread is alive.
  package mutating func rewind(
    _ count: Int,
    in thread: ThreadID,
    effects: inout Effects,
    rewind: () -> Void
  ) throws(Refusal) {
    let receiver = try receiver(thread, .queue)
    rewind()
    threads.modify(thread) { $0?.mailCount += count }
    if receiver.isMailAwaited { serveMail(of: thread, effects: &effects) }
  }

  /// The record of a thread that takes mail.
  @inline(__always)
  private func receiver(_ thread: ThreadID, _ whenSuspended: WhenSuspended) throws(Refusal) -> ThreadRecord {
    guard let record = threads.look(thread, \.self) else { throw missing(thread) }
    switch record.life.phase {
    case .running: break
    case .suspended: if whenSuspended == .fail { throw .threadSuspended(thread) }
    case .ending, .dead: throw .threadDead(thread)
    }
    return record
  }
}
