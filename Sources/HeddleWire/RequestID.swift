internal import HeddleModel

/// One request on one connection: the client's choice, from 1, unique among its open ones.
package struct RequestID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One watch on one connection, in the numbers of its requests.
package struct WatchID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A worker's mark in its own mail: its choice, from 1.
package struct MarkID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One stream of bytes on one connection, in the numbers of its requests.
package struct StreamID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
