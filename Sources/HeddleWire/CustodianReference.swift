package import HeddleModel

/// A custodian, as a command line or a program names it: by its path, and perhaps the node that it is on.
package struct CustodianReference: Hashable, Sendable, CustomStringConvertible {
  /// nil is the node that is asked.
  package let node: EntityName?
  package let path: CustodianPath

  package init(_ path: CustodianPath, on node: EntityName? = nil) {
    self.path = path
    self.node = node
  }

  /// "/main/job", "b:/main/job"
  package var description: String { (node.map { "\($0):" } ?? "") + path.description }

  /// - Throws: what is wrong with the path, or with the node's name.
  package init(parsing text: some StringProtocol) throws {
    guard let colon = text.firstIndex(of: ":") else {
      self.init(try CustodianPath(parsing: text))
      return
    }
    self.init(try CustodianPath(parsing: text[text.index(after: colon)...]), on: try EntityName(text[..<colon]))
  }
}
