public import DequeModule

/// One thread's mail, from the thread's creation to its death: oldest first, except what was rewound.
///
/// Whether the thread may get mail at all (it is alive, it runs) is the kernel's to say; the mailbox knows its bounds
/// and its end. It is public and inlinable so that it is compiled for the message's type wherever it is used: mail is the
/// hot path.
///
/// What stands for several messages that came together can be queued as one `Message`; it counts as so many.
public struct Mailbox<Message> {
  @usableFromInline var queue: Deque<MailEntry<Message>> = []
  public let bounds: MailboxBounds
  @usableFromInline var queuedBytes = 0
  @usableFromInline var queuedCount = 0
  @usableFromInline var hasEnded = false

  @inlinable public init(bounds: MailboxBounds = .unbounded) { self.bounds = bounds }

  /// What is queued, in bytes.
  public var bytes: Int { queuedBytes }
  /// Whether later mail is refused: `end` was called.
  public var isEnded: Bool { hasEnded }
  /// The number of messages that are queued.
  @inlinable public var count: Int { queuedCount }
  @inlinable public var isEmpty: Bool { queue.isEmpty }

  /// The largest message that an empty mailbox takes, in bytes; negative when it takes none.
  @inlinable public var mostInMessage: Int {
    if hasEnded || bounds.messagesMax == 0 { -1 } else { bounds.bytesMax ?? .max }
  }

  /// Whether half of the bounds is free: when a sender that was refused is told to try again.
  @inlinable public var isHalfFree: Bool {
    queuedCount <= (bounds.messagesMax ?? .max) / 2 && bytes <= (bounds.bytesMax ?? .max) / 2
  }

  /// How much more it takes now.
  @inlinable public var room: (messages: Int, bytes: Int) {
    if hasEnded { return (0, 0) }
    // What was rewound may exceed the bounds.
    return (
      max(0, (bounds.messagesMax ?? .max) - queuedCount), max(0, (bounds.bytesMax ?? .max) - queuedBytes)
    )
  }

  /// Queues `message` behind all others. Racket: `thread-send`.
  ///
  /// - Parameters:
  ///   - size: what it counts against the bound, in bytes.
  ///   - count: for how many messages it stands, which are queued all or none.
  @inlinable public mutating func send(_ message: Message, size: Int, count: Int = 1) throws(MailRefusal) {
    if hasEnded { throw .ended }
    if let most = bounds.bytesMax, size > most { throw .tooLarge(bytes: size, most: most) }
    if let most = bounds.messagesMax, queuedCount + count > most { throw .full(bounds) }
    if let most = bounds.bytesMax, queuedBytes + size > most { throw .full(bounds) }
    queue.append(MailEntry(message: message, size: size, count: count))
    queuedBytes += size
    queuedCount += count
  }

  /// Takes the first message; nil when there is none. Racket: `thread-try-receive`.
  @inlinable public mutating func receive() -> Message? {
    guard let entry = queue.popFirst() else { return nil }
    queuedBytes -= entry.size
    queuedCount -= entry.count
    return entry.message
  }

  /// Takes some of the messages for which the first one stands.
  ///
  /// - Parameter rest: what is left of it, in its place; with the size and the number of messages that it has now.
  @inlinable public mutating func leave(_ rest: Message, size: Int, count: Int) {
    guard let entry = queue.first else { return }
    queue[queue.startIndex] = MailEntry(message: rest, size: size, count: count)
    queuedBytes += size - entry.size
    queuedCount += count - entry.count
  }

  /// The first message, which stays.
  @inlinable public var first: Message? { queue.first?.message }

  /// Pushes messages back to the front, one by one, so that the last of them is received first (MB-11). They were
  /// received before, so they may exceed the bounds, and they come in after the end of mail, too.
  /// Racket: `thread-rewind-receive`.
  @inlinable public mutating func rewind(_ messages: some Sequence<(message: Message, size: Int)>) {
    for (message, size) in messages {
      queue.prepend(MailEntry(message: message, size: size, count: 1))
      queuedBytes += size
      queuedCount += 1
    }
  }

  /// Refuses mail from here on; what is queued stays to be received.
  @inlinable public mutating func end() { hasEnded = true }
}

/// Why a mailbox did not take a message. The message is the sender's still.
public enum MailRefusal: Error, Equatable, Codable, Sendable {
  /// No room for this message now; there will be when others were received.
  case full(MailboxBounds)
  /// It would not fit into the empty mailbox either. Both figures are in bytes.
  case tooLarge(bytes: Int, most: Int)
  /// The end of mail was announced before.
  case ended
}

@usableFromInline struct MailEntry<Message> {
  @usableFromInline let message: Message
  @usableFromInline let size: Int
  @usableFromInline let count: Int

  @inlinable init(message: Message, size: Int, count: Int) {
    self.message = message
    self.size = size
    self.count = count
  }
}

extension MailEntry: Sendable where Message: Sendable {}
extension MailEntry: Equatable where Message: Equatable {}
extension MailEntry: Codable where Message: Codable {}
extension Mailbox: Sendable where Message: Sendable {}
extension Mailbox: Equatable where Message: Equatable {}
extension Mailbox: Codable where Message: Codable {}
