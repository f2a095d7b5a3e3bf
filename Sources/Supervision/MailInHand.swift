internal import DequeModule

/// The messages that one connection has received and not confirmed: they go back when it ends.
struct MailInHand: Equatable, Sendable {
  /// Oldest first.
  private var messages: Deque<[UInt8]> = []
  private var bytes = 0
  /// How many were confirmed, from the connection's first one on.
  private var confirmed: UInt64 = 0

  var count: Int { messages.count }

  /// How many were received, confirmed or not.
  var received: UInt64 { confirmed + UInt64(messages.count) }

  /// Whether some have to be confirmed before there are more.
  var isFull: Bool { messages.count >= Limits.unconfirmedMax || bytes >= Limits.unconfirmedBytesMax }

  mutating func take(_ message: [UInt8]) {
    messages.append(message)
    bytes += message.count
  }

  /// The client has done with so many, all in all, which are not more than were received.
  ///
  /// - Returns: how many of them it had not done with before.
  mutating func confirm(through: UInt64) -> Int {
    precondition(through <= received, "who asks has compared")
    var count = 0
    while confirmed < through, let message = messages.popFirst() {
      confirmed += 1
      bytes -= message.count
      count += 1
    }
    return count
  }

  /// The messages in the order in which they are pushed back, so that the oldest is first again.
  var newestFirst: [[UInt8]] { messages.reversed() }
}
