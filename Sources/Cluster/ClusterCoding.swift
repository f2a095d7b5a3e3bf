internal import HeddleModel
internal import HeddleWire
internal import SwiftProtobuf

/// The protobuf message in `bytes`, called `name` in errors.
func decodeMessage<Body: Message>(_ bytes: [UInt8], as name: String) throws(WireDecodingError) -> Body {
  do {
    return try Body(serializedBytes: bytes)
  } catch {
    // What protobuf says of its own bytes helps nobody; which message it was not, does.
    throw .malformed(message: name)
  }
}

func encodeMessage(_ message: some Message) -> [UInt8] {
  do {
    return try message.serializedBytes()
  } catch {
    preconditionFailure("a proto3 message of less than 2 GiB always has a serialized form: \(error)")
  }
}

extension Duration {
  /// - Throws: `outOfRange` beyond some 292 years.
  init(field: String, nanoseconds: UInt64) throws(WireDecodingError) {
    guard let signed = Int64(exactly: nanoseconds) else { throw .outOfRange(field: field, number: nanoseconds) }
    self = .nanoseconds(signed)
  }
}

extension NodeName {
  init(field: String, _ text: some StringProtocol) throws(WireDecodingError) {
    do throws(EntityNameError) {
      try self.init(text)
    } catch {
      throw .name(field: field, error)
    }
  }
}

extension SharedCustodianID {
  init(field: String, _ text: some StringProtocol) throws(WireDecodingError) {
    guard let id = SharedCustodianID(text) else {
      throw .form(field: field, reason: "NODE.INCARNATION.NUMBER names a custodian")
    }
    self = id
  }
}
