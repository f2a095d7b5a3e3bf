/// How much unread mail a mailbox takes; a send beyond it is refused, never dropped and never delayed.
package struct MailboxBounds: Hashable, Codable, Sendable {
  /// The most messages that may be queued; nil is no bound.
  package var messagesMax: Int?
  /// The most bytes that may be queued, as the messages' own sizes say; nil is no bound.
  package var bytesMax: Int?

  package init(messagesMax: Int?, bytesMax: Int?) {
    self.messagesMax = messagesMax
    self.bytesMax = bytesMax
  }

  /// What a thread inside one process has unless it asks for bounds (MB-19).
  package static let unbounded = MailboxBounds(messagesMax: nil, bytesMax: nil)

  /// What a supervisor gives a thread entity unless asked otherwise: 1,024 messages and 8 MiB.
  package static let supervised = MailboxBounds(messagesMax: 1_024, bytesMax: 8 << 20)
}
