package import HeddleModel

/// What the cluster keeps at its coordinator, and under which key. cluster.proto has the values.
package enum ClusterKey: Hashable, Sendable {
  /// A node's stay, under its lease; the revision of its creation is the epoch.
  case node(NodeName)
  /// A global name, under its holder's lease; the revision of its creation is the fencing token.
  case name(EntityName)
  /// A custodian of several nodes.
  case custodian(SharedCustodianID)
  /// Its tombstone: it is shut down, for good.
  case closed(SharedCustodianID)
  /// A node takes part in it, under that node's lease; gone when nothing of it is left there.
  case part(SharedCustodianID, NodeName)
  /// An operator ended a node's stay.
  case fence(NodeName)

  package var key: CoordinatorKey {
    switch self {
    case .node(let node): CoordinatorKey("nodes/\(node)")
    case .name(let name): CoordinatorKey("names/\(name)")
    case .custodian(let id): CoordinatorKey("cust/\(id)")
    case .closed(let id): CoordinatorKey("closed/\(id)")
    case .part(let id, let node): CoordinatorKey("part/\(id)/\(node)")
    case .fence(let node): CoordinatorKey("fences/\(node)")
    }
  }

  /// What `key` stands for; nil for a key of a later version.
  package init?(_ key: CoordinatorKey) {
    let parts = key.text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 2 else { return nil }
    switch (parts[0], parts.count) {
    case ("nodes", 2): self.init(NodeName.init, parts[1], Self.node)
    case ("fences", 2): self.init(NodeName.init, parts[1], Self.fence)
    case ("names", 2): self.init(EntityName.init, parts[1], Self.name)
    case ("cust", 2):
      guard let id = SharedCustodianID(parts[1]) else { return nil }
      self = .custodian(id)
    case ("closed", 2):
      guard let id = SharedCustodianID(parts[1]) else { return nil }
      self = .closed(id)
    case ("part", 3):
      guard let id = SharedCustodianID(parts[1]) else { return nil }
      self.init(NodeName.init, parts[2]) { .part(id, $0) }
    default: return nil
    }
  }

  private init?<Name>(
    _ parse: (Substring) throws(EntityNameError) -> Name,
    _ text: Substring,
    _ make: (Name) -> ClusterKey
  ) {
    do throws(EntityNameError) {
      self = make(try parse(text))
    } catch {
      return nil
    }
  }
}
