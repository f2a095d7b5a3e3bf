import DequeModule

/// One thread's mail, from the thread's creation to its death: oldest first, except what was rewound.
///
/// Whether the thread may get mail at all (it is alive, it runs) is the kernel's to say; the mailbox knows its bounds
/// and its end.
package struct Mailbox<Message> {
  private var queue: Deque<MailEntry<Message>> = []
  package let bounds: MailboxBounds
  /// What is queued, in bytes.
  package private(set) var bytes = 0
  /// Whether later mail is refused: `endMail` was called.
  package private(set) var isEnded = false

  package init(bounds: MailboxBounds = .unbounded) { self.bounds = bounds }

  /// The number of messages that are queued.
  package var count: Int { queue.count }
  package var isEmpty: Bool { queue.isEmpty }

  /// Whether half of the bounds is free: when a sender that was refused is told to try again.
  package var isHalfFree: Bool {
    queue.count <= (bounds.messagesMax ?? .max) / 2 && bytes <= (bounds.bytesMax ?? .max) / 2
  }

  /// Queues `message` behind all others. Racket: `thread-send`.
  ///
  /// - Parameter size: what it counts against the bound, in bytes.
  package mutating func send(_ message: Message, size: Int) throws(MailRefusal) {
    if isEnded { throw .ended }
    if let most = bounds.bytesMax, size > most { throw .tooLarge(bytes: size, most: most) }
    if let most = bounds.messagesMax, queue.count >= most { throw .full(bounds) }
    if let most = bounds.bytesMax, bytes + size > most { throw .full(bounds) }
    queue.append(MailEntry(message: message, size: size))
    bytes += size
  }

  /// Takes the first message; nil when there is none. Racket: `thread-try-receive`.
  package mutating func receive() -> Message? {
    guard let entry = queue.popFirst() else { return nil }
    bytes -= entry.size
    return entry.message
  }

  /// The first message, which stays.
  package var first: Message? { queue.first?.message }

  /// Pushes messages back to the front, one by one, so that the last of them is received first (MB-11). They were
  /// received before, so they may exceed the bounds, and they come in after the end of mail, too.
  /// Racket: `thread-rewind-receive`.
  package mutating func rewind(_ messages: some Sequence<(message: Message, size: Int)>) {
    for (message, size) in messages {
      queue.prepend(MailEntry(message: message, size: size))
      bytes += size
    }
  }

  /// Refuses mail from here on; what is queued stays to be received.
  package mutating func end() { isEnded = true }
}

/// Why a mailbox did not take a message. The message is the sender's still.
package enum MailRefusal: Error, Equatable, Codable, Sendable {
  /// No room for this message now; there will be when others were received.
  case full(MailboxBounds)
  /// It would not fit into the empty mailbox either. Both figures are in bytes.
  case tooLarge(bytes: Int, most: Int)
  /// The end of mail was announced before.
  case ended
}

private struct MailEntry<Message> {
  let message: Message
  let size: Int
}

extension MailEntry: Sendable where Message: Sendable {}
extension MailEntry: Equatable where Message: Equatable {}
extension MailEntry: Codable where Message: Codable {}
extension Mailbox: Sendable where Message: Sendable {}
extension Mailbox: Equatable where Message: Equatable {}
extension Mailbox: Codable where Message: Codable {}
