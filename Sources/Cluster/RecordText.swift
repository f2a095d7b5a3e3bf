internal import HeddleWire

/// A key's value as text: lines of a field's name, a space and what it holds. cluster.proto lists the fields.
struct RecordText {
  /// For errors.
  private let name: String
  private var fields: [(name: Substring, text: Substring)] = []

  /// - Parameter name: what the text is to be.
  init(_ text: String, as name: String) {
    self.name = name
    fields = text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      return (parts[0], parts.count == 2 ? parts[1] : "")
    }
  }

  /// What all fields of this name hold, in their order.
  func all(_ field: String) -> [String] { fields.filter { $0.name == field }.map { String($0.text) } }

  /// What the first field of this name holds; nil if there is none.
  subscript(field: String) -> Substring? { fields.first { $0.name == field }?.text }

  func text(_ field: String) throws(WireDecodingError) -> Substring {
    guard let text = self[field] else { throw .missing(field: "\(name).\(field)") }
    return text
  }

  func number(_ field: String, radix: Int = 10) throws(WireDecodingError) -> UInt64 {
    guard let number = UInt64(try text(field), radix: radix) else {
      throw .form(field: "\(name).\(field)", reason: "a number in base \(radix) stands there")
    }
    return number
  }

  func node(_ field: String) throws(WireDecodingError) -> NodeName {
    let text = try text(field)
    return try NodeName(field: "\(name).\(field)", text)
  }

  /// The text with these fields, in this order. A newline in one ends it there.
  static func made(of fields: [(name: String, text: String)]) -> String {
    fields.map { "\($0.name) \($0.text.prefix { $0 != "\n" })\n" }.joined()
  }
}
