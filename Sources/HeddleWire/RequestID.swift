internal import HeddleModel

/// One request on one connection: the client's choice, from 1, unique among its open ones.
package struct RequestID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
