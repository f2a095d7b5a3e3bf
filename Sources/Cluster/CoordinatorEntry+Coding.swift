internal import HeddleMessages
package import HeddleWire

extension CoordinatorStanding {
  init(_ proto: ProtoCoordinatorStanding) {
    self.init(
      cluster: ClusterID(rawValue: proto.cluster),
      start: RegistrarStart(rawValue: proto.start),
      revision: Revision(rawValue: proto.revision)
    )
  }

  var proto: ProtoCoordinatorStanding {
    var proto = ProtoCoordinatorStanding()
    proto.cluster = cluster.rawValue
    proto.start = start.rawValue
    proto.revision = revision.rawValue
    return proto
  }
}

extension CoordinatorEntry {
  init(_ proto: ProtoCoordinatorEntry) throws(WireDecodingError) {
    guard !proto.key.isEmpty else { throw .missing(field: "coordinator_entry.key") }
    self.init(
      key: CoordinatorKey(proto.key),
      value: proto.value,
      created: Revision(rawValue: proto.created),
      modified: Revision(rawValue: proto.modified),
      lease: proto.hasLease ? LeaseID(rawValue: proto.lease) : nil
    )
  }

  var proto: ProtoCoordinatorEntry {
    var proto = ProtoCoordinatorEntry()
    proto.key = key.text
    proto.value = value
    proto.created = created.rawValue
    proto.modified = modified.rawValue
    if let lease { proto.lease = lease.rawValue }
    return proto
  }
}

extension CoordinatorEvent {
  init(_ proto: ProtoCoordinatorEvent) throws(WireDecodingError) {
    let previous = proto.hasPrevious ? try CoordinatorEntry(proto.previous) : nil
    if proto.hasEntry {
      self = .put(try CoordinatorEntry(proto.entry), previous: previous)
    } else if let previous {
      self = .deleted(previous)
    } else {
      throw .missing(field: "coordinator_event.entry")
    }
  }

  var proto: ProtoCoordinatorEvent {
    var proto = ProtoCoordinatorEvent()
    switch self {
    case .put(let entry, let previous):
      proto.entry = entry.proto
      if let previous { proto.previous = previous.proto }
    case .deleted(let previous): proto.previous = previous.proto
    }
    return proto
  }
}

/// News, and who tells them.
package struct CoordinatorTold: Hashable, Codable, Sendable {
  package let standing: CoordinatorStanding
  package let news: CoordinatorNews

  package init(standing: CoordinatorStanding, news: CoordinatorNews) {
    self.standing = standing
    self.news = news
  }

  package init(decoding bytes: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoCoordinatorTold = try decodeBody(bytes, as: "CoordinatorTold")
    self.init(standing: CoordinatorStanding(proto.standing), news: try CoordinatorNews(proto.news))
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoCoordinatorTold()
    proto.standing = standing.proto
    proto.news = news.proto
    return encodeBody(proto)
  }
}

extension CoordinatorNews {
  package init(decoding bytes: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoCoordinatorNews = try decodeBody(bytes, as: "CoordinatorNews")
    try self.init(proto)
  }

  init(_ proto: ProtoCoordinatorNews) throws(WireDecodingError) {
    self.init(
      revision: Revision(rawValue: proto.revision),
      events: try proto.events.map { event throws(WireDecodingError) in try CoordinatorEvent(event) }
    )
  }

  package func encoded() -> [UInt8] { encodeBody(proto) }

  var proto: ProtoCoordinatorNews {
    var proto = ProtoCoordinatorNews()
    proto.revision = revision.rawValue
    proto.events = events.map(\.proto)
    return proto
  }
}
