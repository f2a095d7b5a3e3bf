internal import HeddleMessages
internal import HeddleModel

extension Hello {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoHello = try decodeBody(body, as: "Hello")
    guard proto.versionMin != 0 else { throw .missing(field: "hello.version_min") }
    guard proto.versionMax >= proto.versionMin else {
      throw .outOfRange(field: "hello.version_max", number: UInt64(proto.versionMax))
    }
    self.init(
      versions: proto.versionMin...proto.versionMax,
      clientName: proto.clientName,
      clientVersion: proto.clientVersion,
      bodyMax: try agreeable(proto.bodyMax == 0 ? UInt32(BodyLimit.usual) : proto.bodyMax, field: "hello.body_max")
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoHello()
    proto.versionMin = versions.lowerBound
    proto.versionMax = versions.upperBound
    proto.clientName = clientName
    proto.clientVersion = clientVersion
    proto.bodyMax = UInt32(clamping: bodyMax)
    return encodeBody(proto)
  }
}

extension Welcome {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoWelcome = try decodeBody(body, as: "Welcome")
    guard proto.version != 0 else { throw .missing(field: "welcome.version") }
    self.init(
      version: proto.version,
      bodyMax: try agreeable(proto.bodyMax, field: "welcome.body_max"),
      node: proto.node,
      incarnation: proto.incarnation,
      daemonPID: try Int32(field: "welcome.daemon_pid", proto.daemonPid),
      daemonVersion: proto.daemonVersion,
      grant: proto.hasGrant ? try CustodianPath(field: "welcome.grant", proto.grant) : nil,
      session: proto.hasSession ? try CustodianPath(field: "welcome.session", proto.session) : nil
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoWelcome()
    proto.version = version
    proto.bodyMax = UInt32(clamping: bodyMax)
    proto.node = node
    proto.incarnation = incarnation
    proto.daemonPid = UInt32(clamping: daemonPID)
    proto.daemonVersion = daemonVersion
    if let grant { proto.grant = grant.description }
    if let session { proto.session = session.description }
    return encodeBody(proto)
  }
}

/// - Throws: `outOfRange` for a limit that two ends can't agree on.
private func agreeable(_ bodyMax: UInt32, field: String) throws(WireDecodingError) -> Int {
  guard BodyLimit.agreeable.contains(Int(bodyMax)) else { throw .outOfRange(field: field, number: UInt64(bodyMax)) }
  return Int(bodyMax)
}
