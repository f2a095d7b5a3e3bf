/// Where a group of threads stands: `/` is the one above all, `/render/tiles` is `tiles` in `render` in that. A group needs
/// no making: it is there as long as threads belong to it. Racket: thread groups.
package struct ThreadGroupPath: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The group above all others.
  package static let root = ThreadGroupPath(names: .root)

  /// The same names as a custodian's, from just below the root on.
  private let names: CustodianPath

  package var description: String { names.description }

  private init(names: CustodianPath) { self.names = names }

  /// The group that `text` names, with or without the slash at its beginning; empty is the root.
  ///
  /// - Throws: what is wrong with `text`, and where.
  package init(parsing text: String) throws(CustodianPathError) {
    names = try CustodianPath(parsing: text.utf8.first == UInt8(ascii: "/") ? text : "/\(text)")
  }
}
