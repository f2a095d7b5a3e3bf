package import SwiftProtobuf

/// The protobuf message in a body, of a frame or another, called `name` in errors.
package func decodeBody<Body: Message>(_ body: [UInt8], as name: String) throws(WireDecodingError) -> Body {
  do {
    return try Body(serializedBytes: body)
  } catch {
    // What protobuf says of its own bytes helps nobody; which message it was not, does.
    throw .malformed(message: name)
  }
}

/// The body with `message` in it.
package func encodeBody(_ message: some Message) -> [UInt8] {
  do {
    return try message.serializedBytes()
  } catch {
    preconditionFailure("a proto3 message of less than 2 GiB always has a serialized form: \(error)")
  }
}
