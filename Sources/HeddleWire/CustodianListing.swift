internal import HeddleMessages
package import HeddleModel

/// A custodian and all that is below it.
package struct CustodianListing: Hashable, Codable, Sendable {
  package enum State: UInt8, Hashable, Codable, Sendable, CaseIterable {
    /// Takes threads and custodians.
    case open = 1
    /// Its shutdown has begun: nothing new starts in it, and its threads are ending.
    case shuttingDown = 2
  }

  package let path: CustodianPath
  package let state: State
  /// Oldest first.
  package let children: [CustodianListing]
  /// The threads that this custodian manages directly, oldest first.
  package let threads: [ThreadSummary]

  package init(path: CustodianPath, state: State, children: [CustodianListing], threads: [ThreadSummary]) {
    self.path = path
    self.state = state
    self.children = children
    self.threads = threads
  }
}

extension CustodianListing {
  init(field: String, _ proto: ProtoCustodianTree) throws(WireDecodingError) {
    self.init(
      path: try CustodianPath(field: "\(field).path", proto.path),
      state: try State(field: "\(field).state", enumeration: proto.state.rawValue),
      children: try proto.children.map { child throws(WireDecodingError) in
        try CustodianListing(field: field, child)
      },
      threads: try proto.threads.map { thread throws(WireDecodingError) in
        try ThreadSummary(field: "\(field).threads", thread)
      }
    )
  }

  var proto: ProtoCustodianTree {
    var proto = ProtoCustodianTree()
    proto.path = path.description
    proto.state = state.proto
    proto.children = children.map(\.proto)
    proto.threads = threads.map(\.proto)
    return proto
  }
}

extension CustodianListing.State {
  var proto: ProtoCustodianState {
    switch self {
    case .open: .open
    case .shuttingDown: .shuttingDown
    }
  }
}
