internal import HeddleMessages
package import HeddleWire

extension CoordinatorAnswer {
  package init(decoding bytes: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoCoordinatorAnswer = try decodeBody(bytes, as: "CoordinatorAnswer")
    guard proto.hasStanding else { throw .missing(field: "coordinator_answer.standing") }
    guard let response = proto.response else { throw .missing(field: "coordinator_answer.response") }
    self.init(standing: CoordinatorStanding(proto.standing), response: try CoordinatorResponse(response))
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoCoordinatorAnswer()
    proto.standing = standing.proto
    proto.response = response.proto
    return encodeBody(proto)
  }
}

extension CoordinatorResponse {
  fileprivate init(_ proto: ProtoCoordinatorAnswer.OneOf_Response) throws(WireDecodingError) {
    switch proto {
    case .granted(let lease):
      let ttl = try Duration(field: "granted_lease.ttl_ns", nanoseconds: lease.ttlNs)
      self = .granted(LeaseID(rawValue: lease.lease), ttl: ttl)
    case .kept(let lease): self = .kept(LeaseID(rawValue: lease))
    case .lost(let lease): self = .lost(LeaseID(rawValue: lease))
    case .revoked(let lease): self = .revoked(LeaseID(rawValue: lease))
    case .committed(let revision): self = .committed(Revision(rawValue: revision))
    case .conflicted(let conflict):
      self = .conflicted(
        try conflict.found.map { entry throws(WireDecodingError) in
          entry.key.isEmpty ? nil : try CoordinatorEntry(entry)
        }
      )
    case .found(let list):
      self = .found(try list.entries.map { entry throws(WireDecodingError) in try CoordinatorEntry(entry) })
    case .watching: self = .watching
    case .compactedBefore(let revision): self = .compacted(before: Revision(rawValue: revision))
    case .unwatched: self = .unwatched
    case .refused(let refusal): self = .refused(try CoordinatorRefusal(refusal))
    }
  }

  fileprivate var proto: ProtoCoordinatorAnswer.OneOf_Response {
    switch self {
    case .granted(let id, let ttl):
      var lease = ProtoGrantedLease()
      lease.lease = id.rawValue
      lease.ttlNs = ttl.wholeNanoseconds
      return .granted(lease)
    case .kept(let lease): return .kept(lease.rawValue)
    case .lost(let lease): return .lost(lease.rawValue)
    case .revoked(let lease): return .revoked(lease.rawValue)
    case .committed(let revision): return .committed(revision.rawValue)
    case .conflicted(let found):
      var conflict = ProtoCoordinatorConflict()
      conflict.found = found.map { $0?.proto ?? ProtoCoordinatorEntry() }
      return .conflicted(conflict)
    case .found(let entries):
      var list = ProtoCoordinatorEntries()
      list.entries = entries.map(\.proto)
      return .found(list)
    case .watching: return .watching(.init())
    case .compacted(let revision): return .compactedBefore(revision.rawValue)
    case .unwatched: return .unwatched(.init())
    case .refused(let refusal): return .refused(refusal.proto)
    }
  }
}

extension CoordinatorRefusal {
  fileprivate init(_ proto: ProtoCoordinatorRefusal) throws(WireDecodingError) {
    let key = CoordinatorKey(proto.key)
    let most = Int(clamping: proto.most)
    func span(_ nanoseconds: UInt64) throws(WireDecodingError) -> Duration {
      try Duration(field: "coordinator_refusal", nanoseconds: nanoseconds)
    }
    switch proto.code {
    case .settling: self = .settling(remaining: try span(proto.number))
    case .ttl: self = .ttl(asked: try span(proto.number), least: try span(proto.least), most: try span(proto.most))
    case .noLease: self = .noLease(LeaseID(rawValue: proto.number))
    case .badKey: self = .badKey(key)
    case .keyTwice: self = .keyTwice(key)
    case .valueTooLong: self = .valueTooLong(key, bytes: Int(clamping: proto.number), most: most)
    case .transactionTooLarge: self = .transactionTooLarge(count: Int(clamping: proto.number), most: most)
    case .tooManyKeys: self = .tooManyKeys(most: most)
    case .tooManyLeases: self = .tooManyLeases(most: most)
    case .tooManyWatches: self = .tooManyWatches(most: most)
    case .future: self = .future(asked: Revision(rawValue: proto.number), latest: Revision(rawValue: proto.most))
    case .noWatch: self = .noWatch(CoordinatorRequestID(rawValue: proto.number))
    case .unspecified: throw .missing(field: "coordinator_refusal.code")
    case .UNRECOGNIZED(let number): throw .unknownValue(field: "coordinator_refusal.code", number: number)
    }
  }

  fileprivate var proto: ProtoCoordinatorRefusal {
    func make(
      _ code: ProtoCoordinatorRefusalCode,
      key: CoordinatorKey? = nil,
      number: UInt64 = 0,
      least: UInt64 = 0,
      most: UInt64 = 0
    ) -> ProtoCoordinatorRefusal {
      var proto = ProtoCoordinatorRefusal()
      (proto.code, proto.key, proto.number, proto.least, proto.most) = (code, key?.text ?? "", number, least, most)
      return proto
    }
    func bound(_ most: Int) -> UInt64 { UInt64(clamping: most) }
    switch self {
    case .settling(let remaining): return make(.settling, number: remaining.wholeNanoseconds)
    case .ttl(let asked, let least, let most):
      return make(
        .ttl,
        number: asked.wholeNanoseconds,
        least: least.wholeNanoseconds,
        most: most.wholeNanoseconds
      )
    case .noLease(let lease): return make(.noLease, number: lease.rawValue)
    case .badKey(let key): return make(.badKey, key: key)
    case .keyTwice(let key): return make(.keyTwice, key: key)
    case .valueTooLong(let key, let bytes, let most):
      return make(.valueTooLong, key: key, number: bound(bytes), most: bound(most))
    case .transactionTooLarge(let count, let most):
      return make(.transactionTooLarge, number: bound(count), most: bound(most))
    case .tooManyKeys(let most): return make(.tooManyKeys, most: bound(most))
    case .tooManyLeases(let most): return make(.tooManyLeases, most: bound(most))
    case .tooManyWatches(let most): return make(.tooManyWatches, most: bound(most))
    case .future(let asked, let latest): return make(.future, number: asked.rawValue, most: latest.rawValue)
    case .noWatch(let id): return make(.noWatch, number: id.rawValue)
    }
  }
}
