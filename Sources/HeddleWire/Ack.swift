/// What became of mail: all that the peer sent with a number after the last ack's `through` up to this one's is queued at
/// its owner, but for what is listed as refused.
///
/// Both ends number the MAIL frames of one direction of a connection 1, 2, 3 ...; the number is not sent. The body is not
/// protobuf: u64 `through`, then for each refused one u64 number and u16 code, big-endian, numbers ascending.
package struct Ack: Hashable, Codable, Sendable {
  /// One message that was not queued.
  package struct Refused: Hashable, Codable, Sendable {
    package let number: UInt64
    package let code: RefusalCode

    package init(number: UInt64, code: RefusalCode) {
      self.number = number
      self.code = code
    }
  }

  /// So much mail whose ack nobody waits for can come without one, in messages and in bytes of their bodies.
  package static let later = MailTotals(messages: 256, bytes: 64 << 10)

  package let through: UInt64
  /// By ascending number, none above `through`.
  package let refused: [Refused]

  package init(through: UInt64, refused: [Refused] = []) {
    self.through = through
    self.refused = refused
  }
}

/// Why a body is no ack.
package enum AckError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Not 8 bytes and then 10 for each refused message.
  case count(Int)
  /// This number is 0, above `through`, or not above the one before it.
  case order(number: UInt64)

  package var description: String {
    switch self {
    case .count(let count): "an ack has 8 bytes and 10 for each refused message, not \(count)"
    case .order(let number): "the refused message \(number) of an ack is out of order"
    }
  }
}

extension Ack {
  private static let throughCount = MemoryLayout<UInt64>.size
  private static let refusedCount = MemoryLayout<UInt64>.size + MemoryLayout<UInt16>.size

  package init(decoding body: [UInt8]) throws(AckError) {
    guard body.count >= Self.throughCount, (body.count - Self.throughCount).isMultiple(of: Self.refusedCount) else {
      throw .count(body.count)
    }
    let bytes = body.span
    let through = bytes.bigEndian(UInt64.self, at: 0)
    var refused: [Refused] = []
    refused.reserveCapacity(body.count / Self.refusedCount)
    for offset in stride(from: Self.throughCount, to: body.count, by: Self.refusedCount) {
      let number = bytes.bigEndian(UInt64.self, at: offset)
      guard number > refused.last?.number ?? 0, number <= through else { throw .order(number: number) }
      let code = RefusalCode(rawValue: bytes.bigEndian(UInt16.self, at: offset + 8))
      refused.append(Refused(number: number, code: code ?? .unspecified))
    }
    self.init(through: through, refused: refused)
  }

  package func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.throughCount + refused.count * Self.refusedCount)
    bytes.append(bigEndian: through)
    for one in refused {
      bytes.append(bigEndian: one.number)
      bytes.append(bigEndian: one.code.rawValue)
    }
    return bytes
  }

  /// The same as several acks, each in a body of at most `bodyMax` bytes. All but the last end at a refused message.
  func split(bodyMax: Int) -> [Ack] {
    let partCount = max(1, (bodyMax - Self.throughCount) / Self.refusedCount)
    guard refused.count > partCount else { return [self] }
    return stride(from: 0, to: refused.count, by: partCount).map { start in
      let part = refused[start..<min(start + partCount, refused.count)]
      let isLast = part.endIndex == refused.endIndex
      return Ack(through: isLast ? through : part.last?.number ?? through, refused: Array(part))
    }
  }
}
