/// Why bytes are no frame. After one of these nothing more can be made of a connection's bytes: its reader says what is
/// wrong, in a REFUSAL with id 0, and closes.
package enum FrameError: Error, Equatable, Sendable {
  /// The declared body exceeds what this peer may send. Both figures are in bytes.
  case bodyTooLong(declared: Int, limit: Int)
  /// The length does not even cover the rest of the header.
  case tooShort(length: UInt32)
  /// A kind that this version of the protocol does not have.
  case unknownKind(UInt8)
  /// The reserved field, which is 0 in this version, is this.
  case reservedBits(UInt16)
  /// Flags that the kind does not have.
  case flags(FrameFlags, FrameKind)
  /// An id that the kind does not have: 0 where a thread or a request has to be named, or another one where none can be.
  case id(UInt64, FrameKind)
  /// A body where the kind has none, or one of another size than the kind's. The figure is in bytes.
  case unexpectedBody(FrameKind, count: Int)
  /// The bytes ended before the frame did.
  case cutOff
}

extension FrameError: CustomStringConvertible {
  /// What is wrong, as the reason in a sentence.
  package var description: String {
    switch self {
    case .bodyTooLong(let declared, let limit): "a body of \(declared) bytes is longer than the \(limit) allowed"
    case .tooShort(let length):
      "a length of \(length) does not cover the header, of which it counts \(FrameHeader.countedCount)"
    case .unknownKind(let number): "frame kind \(number) is unknown"
    case .reservedBits(let bits): "the reserved field is \(bits) rather than 0"
    case .flags(let flags, let kind): "a \(kind) frame has no flags 0x\(String(flags.rawValue, radix: 16))"
    case .id(let id, let kind): "a \(kind) frame can't have id \(id)"
    case .unexpectedBody(let kind, let count): "a \(kind) frame has no body of \(count) bytes"
    case .cutOff: "the connection ended within a frame"
    }
  }
}
