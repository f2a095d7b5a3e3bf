/// The name of one value that a coordinator keeps, relative to the cluster's prefix: printable ASCII, its parts divided by
/// slashes.
package struct CoordinatorKey: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
  /// The most bytes of a key.
  package static let countMax = 512

  package let text: String
  package init(_ text: String) { self.text = text }

  package var description: String { text }

  /// Whether a coordinator takes it.
  package var isWellFormed: Bool {
    !text.isEmpty && text.utf8.count <= Self.countMax && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
  }

  package func hasPrefix(_ prefix: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

  package static func < (left: CoordinatorKey, right: CoordinatorKey) -> Bool { left.text < right.text }
}
