package import HeddleModel

/// A supervisor's name in its cluster. It follows the rules of `EntityName`.
package struct NodeName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let name: EntityName

  package init(_ name: EntityName) { self.name = name }

  /// - Throws: what is wrong with `text`, and where.
  package init(_ text: some StringProtocol) throws(EntityNameError) { name = try EntityName(text) }

  package var text: String { name.text }
  package var description: String { name.text }

  package static func < (left: NodeName, right: NodeName) -> Bool { left.name < right.name }
}

extension NodeName: Codable {
  package init(from decoder: any Decoder) throws { name = try EntityName(from: decoder) }

  package func encode(to encoder: any Encoder) throws { try name.encode(to: encoder) }
}
