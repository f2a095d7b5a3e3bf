/// A number of messages, and of the bytes of their bodies: what a worker lets its supervisor write ahead, in `Hello`, and
/// what it has taken since its connection began, in a CREDIT frame.
package struct MailTotals: Hashable, Codable, Sendable {
  /// The size of a CREDIT frame's body, in bytes.
  static let count = 2 * MemoryLayout<UInt64>.size
  /// The credit of a worker that asks for none in particular.
  package static let usualCredit = MailTotals(messages: 16_384, bytes: 1 << 20)
  /// No worker gets more credit, whatever it asks for.
  package static let creditCeiling = MailTotals(messages: 1 << 20, bytes: 16 << 20)

  package var messages: UInt64
  package var bytes: UInt64

  package init(messages: UInt64, bytes: UInt64) {
    self.messages = messages
    self.bytes = bytes
  }

  package static let zero = MailTotals(messages: 0, bytes: 0)

  /// The lesser of each figure.
  package func limited(to other: MailTotals) -> MailTotals {
    MailTotals(messages: min(messages, other.messages), bytes: min(bytes, other.bytes))
  }
}

extension MailTotals {
  /// - Parameter body: of a CREDIT frame, and so of the right size.
  package init(decoding body: [UInt8]) {
    precondition(body.count == Self.count, "a CREDIT frame's size is checked with its header")
    let bytes = body.span
    self.init(messages: bytes.bigEndian(UInt64.self, at: 0), bytes: bytes.bigEndian(UInt64.self, at: 8))
  }

  package func encoded() -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(Self.count)
    body.append(bigEndian: messages)
    body.append(bigEndian: bytes)
    return body
  }
}
