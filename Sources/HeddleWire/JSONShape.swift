internal import SwiftProtobuf
internal import Synchronization

/// What the JSON of one kind of message has: its fields by ascending number, with their names, and what stands for those that
/// are not set.
///
/// SwiftProtobuf tells nobody but its own encoders what fields a message has. So it is asked for the JSON of messages with a
/// single field each, which are made from their bytes.
struct JSONShape: Sendable {
  struct Field: Sendable {
    let number: Int
    let name: String
    /// What stands for it when it is not set: a zero, an empty text, an empty list. nil leaves it out: a message, an
    /// enumeration, and whatever the schema calls optional.
    let absent: String?
    var isList: Bool { absent == "[]" }
  }

  let fields: [Field]

  private static let known = Mutex<[ObjectIdentifier: JSONShape]>([:])
  /// The schema has no higher number in what is printed.
  private static let numberMax = 99

  static func of<M: Message>(_ type: M.Type) -> JSONShape {
    let id = ObjectIdentifier(type)
    if let shape = known.withLock({ $0[id] }) { return shape }
    let shape = JSONShape(fields: (1...numberMax).compactMap { field($0, of: type) })
    known.withLock { $0[id] = shape }
    return shape
  }

  /// An enumeration's value as JSON has it: the name in quotes, or a number that the schema does not name.
  static func enumeration<M: Message>(_ value: Int, field number: Int, of type: M.Type) -> String {
    json(of: type, number, .varint, [UInt8(truncatingIfNeeded: value)])?.value ?? "\(value)"
  }

  private static func field<M: Message>(_ number: Int, of type: M.Type) -> Field? {
    if let (name, value) = json(of: type, number, .varint, [1]) {
      let isOptional = json(of: type, number, .varint, [0]) != nil
      return Field(number: number, name: name, absent: value.first == "[" ? "[]" : isOptional ? nil : zeros[value])
    }
    // A text of one letter, which is no message; then nothing at all, which is any.
    if let (name, value) = json(of: type, number, .bytes, [1, UInt8(ascii: "a")]) {
      let isOptional = json(of: type, number, .bytes, [0]) != nil
      return Field(number: number, name: name, absent: value.first == "[" ? "[]" : isOptional ? nil : #""""#)
    }
    return json(of: type, number, .bytes, [0]).map { name, value in
      Field(number: number, name: name, absent: value.first == "[" ? "[]" : nil)
    }
  }

  /// What stands for the zero of the value that a 1 is; an enumeration's says nothing.
  private static let zeros = ["1": "0", "true": "false"]

  /// https://protobuf.dev/programming-guides/encoding/#structure
  private enum WireType: Int {
    case varint = 0
    case bytes = 2
  }

  /// The JSON of a message with one field; nil if the schema has no such field, or that is how its absence is written.
  private static func json<M: Message>(
    of type: M.Type,
    _ number: Int,
    _ wireType: WireType,
    _ content: [UInt8]
  ) -> (name: String, value: String)? {
    let tag = number << 3 | wireType.rawValue
    let bytes = (tag < 0x80 ? [UInt8(tag)] : [UInt8(tag & 0x7F | 0x80), UInt8(tag >> 7)]) + content
    guard let message = try? M(serializedBytes: bytes), message.unknownFields.data.isEmpty,
      let text = try? message.jsonString(options: options), let colon = text.firstIndex(of: ":")
    else { return nil }
    return (String(text[..<colon].dropFirst(2).dropLast()), String(text[colon...].dropFirst().dropLast()))
  }

  private static let options = {
    var options = JSONEncodingOptions()
    options.preserveProtoFieldNames = true
    options.alwaysPrintInt64sAsNumbers = true
    return options
  }()
}
