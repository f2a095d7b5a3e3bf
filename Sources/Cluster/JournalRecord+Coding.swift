internal import HeddleMessages
package import HeddleWire

extension JournalRecord {
  package init(decoding bytes: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoJournalRecord = try decodeBody(bytes, as: "JournalRecord")
    switch proto.record {
    case .started(let standing):
      let standing = CoordinatorStanding(standing)
      self = .started(standing.cluster, standing.start, from: standing.revision)
    case .granted(let lease):
      let lease = try RegistrarSnapshot.Lease(lease)
      self = .granted(lease.id, ttl: lease.ttl)
    case .ended(let ended): self = .ended(LeaseID(rawValue: ended.lease), Revision(rawValue: ended.revision))
    case .committed(let committed):
      let operations = committed.operations.map(CoordinatorTransaction.Operation.init)
      self = .committed(operations, Revision(rawValue: committed.revision))
    case .snapshot(let snapshot): self = .snapshot(try RegistrarSnapshot(snapshot))
    case nil: throw .missing(field: "journal_record.record")
    }
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoJournalRecord()
    switch self {
    case .started(let cluster, let start, let revision):
      proto.started = CoordinatorStanding(cluster: cluster, start: start, revision: revision).proto
    case .granted(let lease, let ttl): proto.granted = RegistrarSnapshot.Lease(id: lease, ttl: ttl).proto
    case .ended(let lease, let revision):
      proto.ended.lease = lease.rawValue
      proto.ended.revision = revision.rawValue
    case .committed(let operations, let revision):
      proto.committed.operations = operations.map(\.proto)
      proto.committed.revision = revision.rawValue
    case .snapshot(let snapshot): proto.snapshot = snapshot.proto
    }
    return encodeBody(proto)
  }
}

extension RegistrarSnapshot.Lease {
  init(_ proto: ProtoGrantedLease) throws(WireDecodingError) {
    let ttl = try Duration(field: "granted_lease.ttl_ns", nanoseconds: proto.ttlNs)
    self.init(id: LeaseID(rawValue: proto.lease), ttl: ttl)
  }

  var proto: ProtoGrantedLease {
    var proto = ProtoGrantedLease()
    proto.lease = id.rawValue
    proto.ttlNs = ttl.wholeNanoseconds
    return proto
  }
}

extension RegistrarSnapshot {
  init(_ proto: ProtoRegistrarSnapshot) throws(WireDecodingError) {
    let standing = CoordinatorStanding(proto.standing)
    self.init(
      cluster: standing.cluster,
      start: standing.start,
      revision: standing.revision,
      lastLease: LeaseID(rawValue: proto.lastLease),
      longestTTL: try Duration(field: "registrar_snapshot.longest_ttl_ns", nanoseconds: proto.longestTtlNs),
      leases: try proto.leases.map { lease throws(WireDecodingError) in try Lease(lease) },
      entries: try proto.entries.map { entry throws(WireDecodingError) in try CoordinatorEntry(entry) }
    )
  }

  var proto: ProtoRegistrarSnapshot {
    var proto = ProtoRegistrarSnapshot()
    proto.standing = CoordinatorStanding(cluster: cluster, start: start, revision: revision).proto
    proto.lastLease = lastLease.rawValue
    proto.longestTtlNs = longestTTL.wholeNanoseconds
    proto.leases = leases.map(\.proto)
    proto.entries = entries.map(\.proto)
    return proto
  }
}
