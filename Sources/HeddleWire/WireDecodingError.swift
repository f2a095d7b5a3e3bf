package import HeddleModel

/// Why a frame's body is not the message that its kind says. Fields go by the names that they have in proto/.
package enum WireDecodingError: Error, Equatable, Sendable {
  /// The bytes are no protobuf message of this type.
  case malformed(message: String)
  /// A field without which the message says nothing is absent.
  case missing(field: String)
  /// A value of an enumeration that this version does not have.
  case unknownValue(field: String, number: Int)
  /// A number that means nothing there.
  case outOfRange(field: String, number: UInt64)
  /// Text or bytes of the wrong form; `reason` says which form is the right one.
  case form(field: String, reason: String)
  case path(field: String, CustodianPathError)
  case name(field: String, EntityNameError)
  /// A request whose command has a field number that this version does not have.
  case unknownCommand(number: Int)
}

extension WireDecodingError: CustomStringConvertible {
  /// What is wrong, as the reason in a sentence.
  package var description: String {
    switch self {
    case .malformed(let message): "the body is no protobuf message \(message)"
    case .missing(let field): "field \(field) is missing"
    case .unknownValue(let field, let number): "field \(field) has the unknown value \(number)"
    case .outOfRange(let field, let number): "field \(field) can't be \(number)"
    case .form(let field, let reason): "field \(field): \(reason)"
    case .path(let field, let error): "field \(field): \(error)"
    case .name(let field, let error): "field \(field): \(error)"
    case .unknownCommand(let number): "command \(number) is unknown"
    }
  }
}
