package import HeddleModel

/// Which custodian has which path. A path is free when the shutdown of its custodian is complete.
package struct CustodianNames: Equatable, Codable, Sendable {
  private var ids: [CustodianPath: CustodianID]
  private var paths: [CustodianID: CustodianPath]

  package init(root: CustodianID) {
    ids = [.root: root]
    paths = [root: .root]
  }

  package subscript(path: CustodianPath) -> CustodianID? { ids[path] }

  /// The path of a custodian; nil once its shutdown is complete.
  package func path(of id: CustodianID) -> CustodianPath? { paths[id] }

  package var count: Int { ids.count }

  /// The custodians of sessions, oldest first.
  var ofSessions: [CustodianID] {
    paths.filter { $0.value.components.last?.isSession == true }.keys.sorted()
  }

  /// Whether there is one that a user has made: neither the root nor `/main`, nor a session's.
  var hasUsers: Bool {
    ids.keys.contains { $0 != .root && $0 != .main && $0.components.last?.isSession != true }
  }

  mutating func add(_ id: CustodianID, at path: CustodianPath) {
    ids[path] = id
    paths[id] = path
  }

  mutating func remove(_ id: CustodianID) {
    if let path = paths.removeValue(forKey: id) { ids[path] = nil }
  }
}
