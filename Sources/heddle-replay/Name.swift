/// What the names of a trace share: a word for the kind, mostly one letter, and a number (the first
/// root has none).
///
/// The kinds are told apart by that word alone, so `"t3"` is a thread wherever it stands.
package protocol Name: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The kind, as a message speaks of it.
  static var noun: String { get }
  /// The words that a name of this kind may begin with.
  static var prefixes: [String] { get }
  /// The name as it is written.
  var text: String { get }
  /// - Precondition: `text` is a name of this kind.
  init(checked text: String)
}

extension Name {
  /// The name that `text` spells; nil when it is not one of this kind.
  package init?(_ text: String) {
    guard let prefix = Self.prefixes.first(where: { text.hasPrefix($0) }) else { return nil }
    let number = text.utf8.dropFirst(prefix.utf8.count)
    guard number.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), !number.isEmpty || prefix == "root"
    else { return nil }
    self.init(checked: text)
  }

  package var description: String { text }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" does not name \(Self.noun)")
    }
    self = name
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// A thread of a trace: `t3`.
package struct ThreadName: Name {
  package static var noun: String { "a thread" }
  package static var prefixes: [String] { ["t"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "t\(number)" }
}

/// A custodian of a trace: `c1`, or one directly below the driver's own: `root`, `root17`.
package struct CustodianName: Name {
  /// The custodian that every world starts with.
  package static let root = CustodianName(checked: "root")
  package static var noun: String { "a custodian" }
  package static var prefixes: [String] { ["c", "root"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "c\(number)" }
  package init(root number: Int) { text = "root\(number)" }
}

/// A state event that the driver keeps: `e6`.
package struct EventName: Name {
  package static var noun: String { "an event" }
  package static var prefixes: [String] { ["e"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "e\(number)" }
}

/// A counting semaphore: `s7`.
package struct SemaphoreName: Name {
  package static var noun: String { "a semaphore" }
  package static var prefixes: [String] { ["s"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "s\(number)" }
}

/// A rendezvous channel: `h9`.
package struct ChannelName: Name {
  package static var noun: String { "a channel" }
  package static var prefixes: [String] { ["h"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "h\(number)" }
}

/// A negative acknowledgement of one branch of one sync: `n3`.
package struct NackName: Name {
  package static var noun: String { "a nack" }
  package static var prefixes: [String] { ["n"] }
  package let text: String
  package init(checked text: String) { self.text = text }
  package init(_ number: Int) { text = "n\(number)" }
}
