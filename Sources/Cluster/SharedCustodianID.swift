internal import HeddleModel

/// One custodian that several nodes take part in, from its creation for ever: the start of the supervisor that made it,
/// and a number of that supervisor's. As text "a.3f.12", the numbers in hexadecimal.
package struct SharedCustodianID: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
  package let node: NodeName
  package let incarnation: Incarnation
  package let number: UInt64

  package init(node: NodeName, incarnation: Incarnation, number: UInt64) {
    self.node = node
    self.incarnation = incarnation
    self.number = number
  }

  package var description: String { "\(node).\(incarnation).\(String(number, radix: 16))" }

  /// What `description` gave; nil for anything else.
  package init?(_ text: some StringProtocol) {
    // A node's name may have dots; the numbers have none.
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 3, let number = UInt64(parts[parts.count - 1], radix: 16),
      let incarnation = UInt64(parts[parts.count - 2], radix: 16)
    else { return nil }
    do {
      node = try NodeName(parts.dropLast(2).joined(separator: "."))
    } catch {
      return nil
    }
    self.incarnation = Incarnation(rawValue: incarnation)
    self.number = number
    guard description == text else { return nil }
  }

  package static func < (left: SharedCustodianID, right: SharedCustodianID) -> Bool {
    (left.node, left.incarnation, left.number) < (right.node, right.incarnation, right.number)
  }
}
