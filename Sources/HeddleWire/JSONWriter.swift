internal import SwiftProtobuf

/// Writes a message as a JSON object, whose keys do not depend on what the values are; see `WireJSON`.
struct JSONWriter<M: Message>: Visitor {
  private let shape = JSONShape.of(M.self)
  private var members: [String] = []
  /// The place in the shape of the next field to be written.
  private var next = 0
  /// What was visited so far of the field at `next`: of a list, each element.
  private var values: [Value] = []

  private struct Value {
    let json: String
    /// Of bytes: what they are, and whether the JSON has them as they are.
    var bytes: [UInt8] = []
    var isExact = true
  }

  /// - Parameter first: a member that stands before the fields.
  static func object(_ message: M, first: String? = nil) -> String {
    var writer = JSONWriter()
    // Nothing here throws.
    try? message.traverse(visitor: &writer)
    writer.writeFields(before: writer.shape.fields.count)
    return "{" + ([first].compactMap(\.self) + writer.members).joined(separator: ",") + "}"
  }

  // MARK: - What is set, by ascending number

  mutating func visitSingularDoubleField(value: Double, fieldNumber: Int) { note(Value(json: "\(value)"), fieldNumber) }

  mutating func visitSingularInt64Field(value: Int64, fieldNumber: Int) { note(Value(json: "\(value)"), fieldNumber) }

  mutating func visitSingularUInt64Field(value: UInt64, fieldNumber: Int) { note(Value(json: "\(value)"), fieldNumber) }

  mutating func visitSingularBoolField(value: Bool, fieldNumber: Int) { note(Value(json: "\(value)"), fieldNumber) }

  mutating func visitSingularStringField(value: String, fieldNumber: Int) {
    note(Value(json: JSONText.quoted(value)), fieldNumber)
  }

  // The requirement is of a type that only Foundation has.
  mutating func visitSingularBytesField(value: some Collection<UInt8>, fieldNumber: Int) {
    let text = String(decoding: value, as: UTF8.self)
    let isExact = text.utf8.elementsEqual(value)
    note(Value(json: JSONText.quoted(text), bytes: Array(value), isExact: isExact), fieldNumber)
  }

  mutating func visitSingularEnumField<E: Enum>(value: E, fieldNumber: Int) {
    note(Value(json: JSONShape.enumeration(value.rawValue, field: fieldNumber, of: M.self)), fieldNumber)
  }

  mutating func visitSingularMessageField<N: Message>(value: N, fieldNumber: Int) {
    note(Value(json: JSONWriter<N>.object(value)), fieldNumber)
  }

  // What another version has added has no name here, and the schema has no maps.
  mutating func visitUnknown(bytes: some Collection<UInt8>) {}
  mutating func visitMapField<Key, Element: MapValueType>(
    fieldType: _ProtobufMap<Key, Element>.Type,
    value: _ProtobufMap<Key, Element>.BaseType,
    fieldNumber: Int
  ) {}
  mutating func visitMapField<Key, Element>(
    fieldType: _ProtobufEnumMap<Key, Element>.Type,
    value: _ProtobufEnumMap<Key, Element>.BaseType,
    fieldNumber: Int
  ) where Element.RawValue == Int {}
  mutating func visitMapField<Key, Element>(
    fieldType: _ProtobufMessageMap<Key, Element>.Type,
    value: _ProtobufMessageMap<Key, Element>.BaseType,
    fieldNumber: Int
  ) {}

  // MARK: - Members

  private mutating func note(_ value: Value, _ number: Int) {
    guard let place = shape.fields.firstIndex(where: { $0.number == number }) else { return }
    writeFields(before: place)
    values.append(value)
  }

  /// Writes the fields up to a place in the shape: first the one that was visited, then those that are not set.
  private mutating func writeFields(before place: Int) {
    while next < place {
      write(shape.fields[next])
      values = []
      next += 1
    }
  }

  private mutating func write(_ field: JSONShape.Field) {
    let values = values
    guard let last = values.last else {
      if let absent = field.absent { members.append(#""\#(field.name)":\#(absent)"#) }
      return
    }
    let json = field.isList ? "[\(values.map(\.json).joined(separator: ","))]" : last.json
    members.append(#""\#(field.name)":\#(json)"#)
    guard !values.allSatisfy(\.isExact) else { return }
    let encoded = (field.isList ? values : [last]).map { JSONText.quoted(JSONText.base64($0.bytes)) }
    let bytes = field.isList ? "[\(encoded.joined(separator: ","))]" : encoded[0]
    members.append(#""\#(field.name)_bytes":\#(bytes)"#)
  }
}
