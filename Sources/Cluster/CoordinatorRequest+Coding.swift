internal import HeddleMessages
package import HeddleWire

extension CoordinatorTransaction.Condition {
  init(_ proto: ProtoCoordinatorCondition) {
    self.init(CoordinatorKey(proto.key), created: Revision(rawValue: proto.created))
  }

  var proto: ProtoCoordinatorCondition {
    var proto = ProtoCoordinatorCondition()
    proto.key = key.text
    proto.created = created.rawValue
    return proto
  }
}

extension CoordinatorTransaction.Operation {
  init(_ proto: ProtoCoordinatorOperation) {
    let key = CoordinatorKey(proto.key)
    let lease = proto.hasLease ? LeaseID(rawValue: proto.lease) : nil
    self = proto.hasValue ? .put(key, proto.value, lease: lease) : .delete(key)
  }

  var proto: ProtoCoordinatorOperation {
    var proto = ProtoCoordinatorOperation()
    proto.key = key.text
    guard case .put(_, let value, let lease) = self else { return proto }
    proto.value = value
    if let lease { proto.lease = lease.rawValue }
    return proto
  }
}

extension CoordinatorTransaction {
  init(_ proto: ProtoCoordinatorTransaction) {
    self.init(if: proto.conditions.map(Condition.init), then: proto.operations.map(Operation.init))
  }

  var proto: ProtoCoordinatorTransaction {
    var proto = ProtoCoordinatorTransaction()
    proto.conditions = conditions.map(\.proto)
    proto.operations = operations.map(\.proto)
    return proto
  }
}

extension CoordinatorRequest {
  package init(decoding bytes: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoCoordinatorRequest = try decodeBody(bytes, as: "CoordinatorRequest")
    switch proto.command {
    case .grant(let ttl): self = .grant(ttl: try Duration(field: "coordinator_request.grant", nanoseconds: ttl))
    case .keepAlive(let lease): self = .keepAlive(LeaseID(rawValue: lease))
    case .revoke(let lease): self = .revoke(LeaseID(rawValue: lease))
    case .claim(let transaction): self = .claim(CoordinatorTransaction(transaction))
    case .release(let key): self = .release(CoordinatorKey(key.key), created: Revision(rawValue: key.created))
    case .get(let prefix): self = .get(prefix: prefix)
    case .watch(let watch): self = .watch(prefix: watch.prefix, from: Revision(rawValue: watch.from))
    case .unwatch(let id): self = .unwatch(CoordinatorRequestID(rawValue: id))
    case nil: throw .missing(field: "coordinator_request.command")
    }
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoCoordinatorRequest()
    switch self {
    case .grant(let ttl): proto.grant = ttl.wholeNanoseconds
    case .keepAlive(let lease): proto.keepAlive = lease.rawValue
    case .revoke(let lease): proto.revoke = lease.rawValue
    case .claim(let transaction): proto.claim = transaction.proto
    case .release(let key, let created):
      proto.release = CoordinatorTransaction.Condition(key, created: created).proto
    case .get(let prefix): proto.get = prefix
    case .watch(let prefix, let revision):
      proto.watch.prefix = prefix
      proto.watch.from = revision.rawValue
    case .unwatch(let id): proto.unwatch = id.rawValue
    }
    return encodeBody(proto)
  }
}
