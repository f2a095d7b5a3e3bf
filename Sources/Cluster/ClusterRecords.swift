package import HeddleModel

/// What a node says of itself for the time of its stay.
package struct NodeRecord: Hashable, Codable, Sendable {
  /// Where other nodes reach it.
  package let endpoints: [String]
  package let incarnation: Incarnation
  package let seat: Seat
  package let version: String

  package init(endpoints: [String], incarnation: Incarnation, seat: Seat, version: String) {
    self.endpoints = endpoints
    self.incarnation = incarnation
    self.seat = seat
    self.version = version
  }
}

/// Whose a global name is.
package struct NameRecord: Hashable, Codable, Sendable {
  package let node: NodeName
  package let epoch: Epoch
  package let thread: ThreadID

  package init(node: NodeName, epoch: Epoch, thread: ThreadID) {
    self.node = node
    self.epoch = epoch
    self.thread = thread
  }
}

/// What becomes of a shared custodian when its home node is lost.
package enum HomeLossPolicy: String, Hashable, Codable, Sendable, CaseIterable {
  case shutDown = "shutdown"
  /// It goes on, with the first by name of the nodes that take part as its home; without any it is shut down.
  case adopt
}

/// A custodian of several nodes.
package struct SharedCustodianRecord: Hashable, Codable, Sendable {
  /// The custodian above it; nil if that is its home node's own affair.
  package let parent: SharedCustodianID?
  package let home: NodeName
  package let homeEpoch: Epoch
  package let onHomeLoss: HomeLossPolicy

  package init(parent: SharedCustodianID?, home: NodeName, homeEpoch: Epoch, onHomeLoss: HomeLossPolicy) {
    self.parent = parent
    self.home = home
    self.homeEpoch = homeEpoch
    self.onHomeLoss = onHomeLoss
  }
}

/// That a shared custodian is shut down.
package struct TombstoneRecord: Hashable, Codable, Sendable {
  package enum Reason: String, Hashable, Codable, Sendable, CaseIterable {
    case asked
    case homeLost = "home-lost"
  }

  package let reason: Reason
  /// Who wrote it.
  package let by: NodeName

  package init(reason: Reason, by: NodeName) {
    self.reason = reason
    self.by = by
  }
}

/// That an operator ended a node's stay.
package struct FenceRecord: Hashable, Codable, Sendable {
  /// A later stay is not ended.
  package let epoch: Epoch

  package init(epoch: Epoch) { self.epoch = epoch }
}
