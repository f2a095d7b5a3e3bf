internal import HeddleMessages

/// Why a request, or a whole connection, was refused: a stable code, and the four parts of a sentence for people.
package struct WireRefusal: Error, Hashable, Codable, Sendable {
  package let code: RefusalCode
  /// "suspend"
  package let attempted: String
  /// "thread worker-3 (id:7f3a)"
  package let subject: String
  /// "custodian /main/b is not at or below /main/a"
  package let reason: String
  /// "name a custodian above both with --as"; may be empty.
  package let advice: String
  /// errno(3) on the supervisor's machine, where one was the reason.
  package let errorNumber: Int32?

  package init(
    _ code: RefusalCode,
    attempted: String,
    subject: String,
    reason: String,
    advice: String = "",
    errorNumber: Int32? = nil
  ) {
    self.code = code
    self.attempted = Self.cut(attempted)
    self.subject = Self.cut(subject)
    self.reason = Self.cut(reason)
    self.advice = Self.cut(advice)
    self.errorNumber = errorNumber
  }
}

extension WireRefusal {
  /// A sentence is for people, and fits any frame: what a client made long is cut, and marked.
  private static func cut(_ text: String) -> String {
    let most = 512
    return text.utf8.count <= most ? text : String(decoding: text.utf8.prefix(most), as: UTF8.self) + "..."
  }
}

extension WireRefusal: CustomStringConvertible {
  /// "cannot suspend thread worker-3 (id:7f3a): custodian /main/b is not at or below /main/a; name a custodian ..."
  package var description: String {
    let what = [attempted, subject].filter { !$0.isEmpty }.joined(separator: " ")
    let why = [reason, advice].filter { !$0.isEmpty }.joined(separator: "; ")
    return "cannot \(what): \(why)"
  }
}

// MARK: - For bytes that are not what they should be

extension WireRefusal {
  /// The refusal of a connection whose bytes are no frames.
  package init(_ error: FrameError) {
    let code: RefusalCode =
      switch error {
      case .unknownKind: .unknownRequest
      case .bodyTooLong: .tooLarge
      case .tooShort, .reservedBits, .flags, .id, .unexpectedBody, .cutOff: .badRequest
      }
    self.init(
      code,
      attempted: "read",
      subject: "a frame",
      reason: error.description,
      advice: "the connection is closed, as nothing more can be made of it"
    )
  }

  /// The refusal of one frame whose body is not what its kind says.
  package init(_ error: WireDecodingError) {
    let code: RefusalCode
    switch error {
    case .unknownCommand: code = .unknownRequest
    case .malformed, .missing, .unknownValue, .outOfRange, .form, .path, .name: code = .badRequest
    }
    self.init(code, attempted: "read", subject: "a request", reason: error.description)
  }
}

// MARK: - On the wire

extension WireRefusal {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoRefusal = try decodeBody(body, as: "Refusal")
    self.init(
      UInt16(exactly: proto.code.rawValue).flatMap(RefusalCode.init) ?? .unspecified,
      attempted: proto.attempted,
      subject: proto.subject,
      reason: proto.reason,
      advice: proto.advice,
      errorNumber: proto.hasErrorNumber ? try Int32(field: "refusal.error_number", proto.errorNumber) : nil
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoRefusal()
    proto.code = ProtoRefusalCode(rawValue: Int(code.rawValue)) ?? .unspecified
    proto.attempted = attempted
    proto.subject = subject
    proto.reason = reason
    proto.advice = advice
    if let errorNumber { proto.errorNumber = UInt32(clamping: errorNumber) }
    return encodeBody(proto)
  }
}
