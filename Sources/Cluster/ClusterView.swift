package import HeddleModel
internal import HeddleWire

/// What a member knows of the cluster's keys: a copy that follows the coordinator's changes in their order. All look-ups are
/// answered from it.
///
/// A value that can't be read, of a later version say, counts as absent; the key itself is remembered.
package struct ClusterView: Equatable, Codable, Sendable {
  package struct Node: Hashable, Codable, Sendable {
    package let epoch: Epoch
    package let lease: LeaseID?
    package let record: NodeRecord
  }

  package struct Name: Hashable, Codable, Sendable {
    package let fence: Fence
    package let record: NameRecord
  }

  package struct Custodian: Hashable, Codable, Sendable {
    package let created: Revision
    package let record: SharedCustodianRecord
  }

  package struct Tombstone: Hashable, Codable, Sendable {
    package let created: Revision
    package let record: TombstoneRecord
  }

  /// What a change meant.
  package enum Change: Hashable, Sendable {
    case nodeLeft(NodeName, Node)
    case nodeJoined(NodeName, Node)
    case nameFreed(EntityName, Name)
    case nameTaken(EntityName, Name)
    case custodianMade(SharedCustodianID)
    case custodianClosed(SharedCustodianID)
    /// It was forgotten, long after its end.
    case custodianForgotten(SharedCustodianID)
    case partTaken(SharedCustodianID, NodeName)
    case partLeft(SharedCustodianID, NodeName)
    case fenceOrdered(NodeName, Epoch)
  }

  /// Everything up to this is in the view.
  package private(set) var revision = Revision.zero
  package private(set) var nodes: [NodeName: Node] = [:]
  package private(set) var names: [EntityName: Name] = [:]
  package private(set) var custodians: [SharedCustodianID: Custodian] = [:]
  package private(set) var closed: [SharedCustodianID: Tombstone] = [:]
  /// Who takes part in what, with the revision of each key's creation.
  package private(set) var parts: [SharedCustodianID: [NodeName: Revision]] = [:]
  /// As the coordinator has them, for comparison with a new list.
  private var entries: [CoordinatorKey: CoordinatorEntry] = [:]

  package init() {}

  // MARK: - Changes

  /// - Returns: what it meant; losses of nodes first, then in the order of the keys. News that are in the view already mean
  ///   nothing.
  package mutating func apply(_ news: CoordinatorNews) -> [Change] {
    guard news.revision > revision else { return [] }
    revision = news.revision
    var changes: [Change] = []
    for event in news.events {
      switch event {
      case .put(let entry, _): put(entry, changes: &changes)
      case .deleted(let entry): remove(entry.key, changes: &changes)
      }
    }
    return Self.ordered(changes)
  }

  /// Takes a whole list for what is in the view.
  ///
  /// - Returns: what happened meanwhile, as far as it can be seen: losses of nodes first.
  package mutating func replace(with list: [CoordinatorEntry], at revision: Revision) -> [Change] {
    guard revision >= self.revision else { return [] }
    self.revision = revision
    var changes: [Change] = []
    let present = Set(list.map(\.key))
    for key in entries.keys.sorted() where !present.contains(key) { remove(key, changes: &changes) }
    for entry in list.sorted(by: { ($0.modified, $0.key) < ($1.modified, $1.key) }) where entries[entry.key] != entry {
      put(entry, changes: &changes)
    }
    return Self.ordered(changes)
  }

  /// News without a change to what is watched, or with one that another answer told of.
  package mutating func sawNothing(upTo revision: Revision) { self.revision = max(self.revision, revision) }

  private static func ordered(_ changes: [Change]) -> [Change] {
    func isLoss(_ change: Change) -> Bool { if case .nodeLeft = change { true } else { false } }
    return changes.filter(isLoss) + changes.filter { !isLoss($0) }
  }

  private mutating func put(_ entry: CoordinatorEntry, changes: inout [Change]) {
    // Made anew meanwhile: the earlier one went.
    if let known = entries[entry.key], known.created != entry.created { remove(entry.key, changes: &changes) }
    entries[entry.key] = entry
    guard let key = ClusterKey(entry.key) else { return }
    do throws(WireDecodingError) {
      try take(key, entry, changes: &changes)
    } catch {
      // Absent, as far as this version can tell.
    }
  }

  private mutating func take(
    _ key: ClusterKey,
    _ entry: CoordinatorEntry,
    changes: inout [Change]
  ) throws(WireDecodingError) {
    switch key {
    case .node(let name):
      let node = Node(epoch: Epoch(entry.created), lease: entry.lease, record: try NodeRecord(reading: entry.value))
      let isNew = nodes.updateValue(node, forKey: name) == nil
      if isNew { changes.append(.nodeJoined(name, node)) }
    case .name(let name):
      let holder = Name(fence: Fence(entry.created), record: try NameRecord(reading: entry.value))
      names[name] = holder
      changes.append(.nameTaken(name, holder))
    case .custodian(let id):
      let record = try SharedCustodianRecord(reading: entry.value)
      custodians[id] = Custodian(created: entry.created, record: record)
      changes.append(.custodianMade(id))
    case .closed(let id):
      closed[id] = Tombstone(created: entry.created, record: try TombstoneRecord(reading: entry.value))
      changes.append(.custodianClosed(id))
    case .part(let id, let node):
      parts[id, default: [:]][node] = entry.created
      changes.append(.partTaken(id, node))
    case .fence(let node):
      changes.append(.fenceOrdered(node, try FenceRecord(reading: entry.value).epoch))
    }
  }

  private mutating func remove(_ key: CoordinatorKey, changes: inout [Change]) {
    entries[key] = nil
    switch ClusterKey(key) {
    case .node(let name):
      if let node = nodes.removeValue(forKey: name) { changes.append(.nodeLeft(name, node)) }
    case .name(let name):
      if let holder = names.removeValue(forKey: name) { changes.append(.nameFreed(name, holder)) }
    case .custodian(let id):
      if custodians.removeValue(forKey: id) != nil { changes.append(.custodianForgotten(id)) }
    case .closed(let id): closed[id] = nil
    case .part(let id, let node):
      guard parts[id]?.removeValue(forKey: node) != nil else { return }
      if parts[id]?.isEmpty == true { parts[id] = nil }
      changes.append(.partLeft(id, node))
    case .fence, nil: break
    }
  }
}

// MARK: - Looking

extension ClusterView {
  /// Whether a stay goes on, as far as is known.
  package enum Stay: Hashable, Sendable {
    case live
    /// It has ended, for good.
    case ended
    /// It began after what is in the view.
    case unknown
  }

  package func stay(of node: NodeName, _ epoch: Epoch) -> Stay {
    if nodes[node]?.epoch == epoch { return .live }
    return epoch.created <= revision ? .ended : .unknown
  }

  /// The custodian and all above it, as far as they are shared; innermost first.
  package func lineage(of id: SharedCustodianID) -> [SharedCustodianID] {
    var line = [id]
    while let parent = line.last.flatMap({ custodians[$0]?.record.parent }), !line.contains(parent) {
      line.append(parent)
    }
    return line
  }

  /// Whether the custodian takes nothing more: it or one above it has a tombstone, or is not there, or not any more.
  package func isClosed(_ id: SharedCustodianID) -> Bool {
    lineage(of: id).contains { closed[$0] != nil || custodians[$0] == nil }
  }

  /// The custodian and all below it, in order.
  package func subtree(of id: SharedCustodianID) -> [SharedCustodianID] {
    let below = custodians.keys.filter { $0 != id && lineage(of: $0).contains(id) }
    return ([id] + below).sorted()
  }
}
