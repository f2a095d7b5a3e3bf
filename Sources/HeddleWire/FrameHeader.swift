/// The 16 bytes in front of every frame's body, in the order of proto/README.md: u32 length of what follows it, u8 kind,
/// u8 flags, u16 reserved, u64 id; big-endian.
package struct FrameHeader: Hashable, Sendable {
  /// The header's own size, in bytes.
  package static let count = 16
  /// How much of the header the length counts: all but the length field.
  static let countedCount = count - MemoryLayout<UInt32>.size
  /// Where the flags are in it.
  static let flagsOffset = 5
  /// Where the id begins in it.
  static let idOffset = 8

  package let kind: FrameKind
  package let flags: FrameFlags
  /// The receiver of mail or room, the request that is asked or answered, or 0 for the connection.
  package let id: UInt64
  /// The size of the body that follows, in bytes.
  package let bodyCount: Int

  package init(_ kind: FrameKind, flags: FrameFlags = [], id: UInt64, bodyCount: Int) {
    self.kind = kind
    self.flags = flags
    self.id = id
    self.bodyCount = bodyCount
  }
}

extension FrameHeader {
  /// The header that `bytes` are.
  ///
  /// - Parameters:
  ///   - bytes: as many as a header has.
  ///   - bodyMax: the most bytes that the peer may put into a body.
  /// - Throws: what is wrong with it, before any of the body is read or room for it is made.
  package init(decoding bytes: Span<UInt8>, bodyMax: Int) throws(FrameError) {
    precondition(bytes.count == Self.count, "a header is decoded only once all of it has arrived")
    let length = bytes.bigEndian(UInt32.self, at: 0)
    let kindNumber = bytes[4]
    let reserved = bytes.bigEndian(UInt16.self, at: 6)

    guard length >= Self.countedCount else { throw .tooShort(length: length) }
    guard let kind = FrameKind(rawValue: kindNumber) else { throw .unknownKind(kindNumber) }
    guard reserved == 0 else { throw .reservedBits(reserved) }
    self.init(
      kind,
      flags: FrameFlags(rawValue: bytes[Self.flagsOffset]),
      id: bytes.bigEndian(UInt64.self, at: 8),
      bodyCount: Int(length) - Self.countedCount
    )
    try check(bodyMax: bodyMax)
  }

  /// - Throws: why no frame has this header where bodies have at most `bodyMax` bytes.
  func check(bodyMax: Int) throws(FrameError) {
    guard bodyCount <= bodyMax else { throw .bodyTooLong(declared: bodyCount, limit: bodyMax) }
    guard flags.rawValue & ~kind.flags.rawValue == 0 else { throw .flags(flags.subtracting(kind.flags), kind) }
    guard kind.allows(id: id) else { throw .id(id, kind) }
    guard kind.allows(bodyCount: bodyCount) else { throw .unexpectedBody(kind, count: bodyCount) }
  }

  /// Appends the header's 16 bytes.
  func encode(into bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Appends the header's 16 bytes, for which there is room.
  func encode(into output: inout OutputSpan<UInt8>) {
    unsafe withUnsafeBytes(of: words) { unsafe output.append(copying: $0) }
  }

  /// The header as it is in memory. Two words are appended faster than five fields.
  private var words: (UInt64, UInt64) {
    let length = UInt64(bodyCount + Self.countedCount)
    let first = length << 32 | UInt64(kind.rawValue) << 24 | UInt64(flags.rawValue) << 16
    return (first.bigEndian, id.bigEndian)
  }
}
