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
      bodyMax: try agreeable(proto.bodyMax == 0 ? UInt32(BodyLimit.usual) : proto.bodyMax, field: "hello.body_max"),
      mailCredit: proto.hasMailCredit ? try MailTotals(field: "hello.mail_credit", proto.mailCredit) : nil
    )
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoHello()
    proto.versionMin = versions.lowerBound
    proto.versionMax = versions.upperBound
    proto.clientName = clientName
    proto.clientVersion = clientVersion
    proto.bodyMax = UInt32(clamping: bodyMax)
    if let mailCredit { proto.mailCredit = mailCredit.proto }
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
      session: proto.hasSession ? try CustodianPath(field: "welcome.session", proto.session) : nil,
      worker: proto.hasWorker ? try Worker(field: "welcome.worker", proto.worker) : nil
    )
    if proto.hasCluster { cluster = try EntityName(field: "welcome.cluster", proto.cluster) }
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
    if let worker { proto.worker = worker.proto }
    if let cluster { proto.cluster = cluster.text }
    return encodeBody(proto)
  }
}

extension Welcome.Worker {
  fileprivate init(field: String, _ proto: ProtoWelcome.Worker) throws(WireDecodingError) {
    self.init(
      thread: try ThreadID(field: "\(field).thread", proto.thread),
      name: proto.hasName ? try EntityName(field: "\(field).name", proto.name) : nil,
      credit: try MailTotals(field: "\(field).credit", proto.credit),
      breaksDisabled: proto.breaksDisabled
    )
  }

  fileprivate var proto: ProtoWelcome.Worker {
    var proto = ProtoWelcome.Worker()
    proto.thread = thread.rawValue
    if let name { proto.name = name.text }
    proto.credit = credit.proto
    proto.breaksDisabled = breaksDisabled
    return proto
  }
}

extension MailTotals {
  /// A credit, which is of one message and one byte at least.
  fileprivate init(field: String, _ proto: ProtoMailCredit) throws(WireDecodingError) {
    guard proto.messages != 0 else { throw .missing(field: "\(field).messages") }
    guard proto.bytes != 0 else { throw .missing(field: "\(field).bytes") }
    self.init(messages: proto.messages, bytes: proto.bytes)
  }

  fileprivate var proto: ProtoMailCredit {
    var proto = ProtoMailCredit()
    proto.messages = messages
    proto.bytes = bytes
    return proto
  }
}

/// - Throws: `outOfRange` for a limit that two ends can't agree on.
func agreeable(_ bodyMax: UInt32, field: String) throws(WireDecodingError) -> Int {
  guard BodyLimit.agreeable.contains(Int(bodyMax)) else { throw .outOfRange(field: field, number: UInt64(bodyMax)) }
  return Int(bodyMax)
}
