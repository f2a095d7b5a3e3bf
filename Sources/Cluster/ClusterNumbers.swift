/// What the cluster's numbers share: each is a type of its own, so that none is taken for another.
package protocol ClusterNumber: RawRepresentable, Hashable, Comparable, Codable, Sendable, CustomStringConvertible
where RawValue == UInt64 {
  init(rawValue: UInt64)
}

extension ClusterNumber {
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  package var description: String { String(rawValue) }
}

/// The number of a change to the coordinator's keys. Changes made together share one; later ones have greater ones, also
/// across restarts of the coordinator. 0 comes before the first.
package struct Revision: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Before all changes; of a key, that it is absent.
  package static let zero = Revision(rawValue: 0)
  package var next: Revision { Revision(rawValue: rawValue == .max ? .max : rawValue + 1) }
}

/// The revision with which a node's key was made: one stay of one supervisor in the cluster. A later stay has a greater
/// one, whoever's it is.
package struct Epoch: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package init(_ created: Revision) { rawValue = created.rawValue }
  package var created: Revision { Revision(rawValue: rawValue) }
}

/// The revision with which a global name was claimed: the token by which a resource tells the name's holder from an
/// earlier one. It only grows.
package struct Fence: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package init(_ created: Revision) { rawValue = created.rawValue }
  package var created: Revision { Revision(rawValue: rawValue) }
}

/// One lease that a coordinator granted; never given twice.
package struct LeaseID: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Drawn at random when a coordinator's journal is begun: another number is another cluster, or a lost journal.
package struct ClusterID: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package var description: String { String(rawValue, radix: 16) }
}

/// Which start of the registrar this is, counted in its journal from 1.
package struct RegistrarStart: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Which start of a supervisor this is: `Node.Identity.incarnation`.
package struct Incarnation: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package var description: String { String(rawValue, radix: 16) }
}

/// The place whose instance lock a supervisor holds: one machine and one directory of state. Of two incarnations with one
/// seat, the earlier one and all its threads had ended before the later one began.
package struct Seat: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package var description: String { String(rawValue, radix: 16) }
}

/// A request to a coordinator, unique among the open ones of its client; of a watch, also what its news carry.
package struct CoordinatorRequestID: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// One connection to the registrar, from its beginning to its end.
package struct RegistrarClientID: ClusterNumber {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}
