/// A name for a thread entity, and a component of a custodian's path: 1 to 63 ASCII letters, digits, `.`, `_` and `-`,
/// of which the first is not `-`; neither `.` nor `..`, which mean something else to everybody.
package struct EntityName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The most characters of a name.
  package static let countMax = 63

  /// The name as it was given.
  package let text: String

  package var description: String { text }

  /// - Throws: what is wrong with `text`, and where.
  package init(_ text: some StringProtocol) throws(EntityNameError) {
    guard !text.isEmpty else { throw .empty }
    guard text.first != "-" else { throw .leadingHyphen }
    guard text.utf8.allSatisfy(Self.allows) else { throw Self.firstBadCharacter(in: text) }
    // Counted only now that all characters are known to be single bytes.
    guard text.utf8.count <= Self.countMax else { throw .tooLong(count: text.utf8.count) }
    guard text != ".", text != ".." else { throw .onlyDots }
    self.text = String(text)
  }

  package static func < (left: EntityName, right: EntityName) -> Bool { left.text < right.text }

  private static func allows(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }

  /// Characters are looked at only here: to walk over them costs many times what bytes do.
  private static func firstBadCharacter(in text: some StringProtocol) -> EntityNameError {
    for (offset, character) in text.enumerated() {
      let bytes = character.utf8
      if bytes.count > 1 || !bytes.allSatisfy(allows) { return .character(character, offset: offset) }
    }
    preconditionFailure("a text with a bad byte has a character with that byte")
  }
}

/// Why a text is no name.
package enum EntityNameError: Error, Equatable, Sendable, CustomStringConvertible {
  case empty
  case leadingHyphen
  case onlyDots
  /// More than `EntityName.countMax` characters.
  case tooLong(count: Int)
  /// A character that no name has; `offset` counts characters from 0.
  case character(Character, offset: Int)

  package var description: String {
    switch self {
    case .empty: "a name has at least one character"
    case .leadingHyphen: "a name does not start with -"
    case .onlyDots: "a name is neither . nor .."
    case .tooLong(let count): "a name has at most \(EntityName.countMax) characters, this one has \(count)"
    case .character(let character, let offset):
      "character \(offset + 1) is \(String(character).debugDescription), and a name has only letters, digits, . _ and -"
    }
  }
}

extension EntityName: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(String(from: decoder))
  }

  package func encode(to encoder: any Encoder) throws {
    try text.encode(to: encoder)
  }
}
