internal import HeddleMessages
internal import HeddleModel

extension ThreadInfo {
  init(field: String, _ proto: ProtoThreadInfo) throws(WireDecodingError) {
    let state = try State(field: "\(field).state", enumeration: proto.state.rawValue)
    guard proto.hasDeath == (state == .dead) else {
      throw .form(field: "\(field).death", reason: "a thread has a death record when it is dead, and only then")
    }
    self.init(
      id: try ThreadID(field: "\(field).id", proto.id),
      name: proto.hasName ? try EntityName(field: "\(field).name", proto.name) : nil,
      argv: proto.argv.map { [UInt8]($0) },
      custodians: try proto.custodians.map { path throws(WireDecodingError) in
        try CustodianPath(field: "\(field).custodians", path)
      },
      state: state,
      age: Duration(wire: proto.ageNs),
      sinceChange: Duration(wire: proto.sinceChangeNs),
      lastChange: Change(what: proto.lastChange.what, by: proto.lastChange.by),
      pid: proto.hasPid ? try Int32(field: "\(field).pid", proto.pid) : nil,
      channel: try ChannelMode(field: "\(field).channel", proto.channel),
      mail: try Mail(field: field, proto),
      death: proto.hasDeath ? try DeathRecord(field: "\(field).death", proto.death) : nil,
      group: try ThreadGroupPath(field: "\(field).group", proto.group),
      relay: proto.hasRelay ? try Relay(field: "\(field).relay", proto.relay) : nil
    )
    if !proto.node.isEmpty { node = try EntityName(field: "\(field).node", proto.node) }
    onPartition = try PartitionPolicy(field: "\(field).on_partition", proto.onPartition)
    server = proto.hasServer ? try ServerInfo(field: "\(field).server", proto.server) : nil
    peer = proto.hasPeer ? proto.peer : nil
  }

  var proto: ProtoThreadInfo {
    var proto = ProtoThreadInfo()
    proto.id = id.rawValue
    if let name { proto.name = name.text }
    proto.argv = argv.map { $0.wire() }
    proto.custodians = custodians.map(\.description)
    proto.state = state.proto
    proto.ageNs = age.wireNanoseconds
    proto.sinceChangeNs = sinceChange.wireNanoseconds
    proto.lastChange.what = lastChange.what
    proto.lastChange.by = lastChange.by
    if let pid { proto.pid = UInt32(clamping: pid) }
    if channel != .none { proto.channel = channel.proto }
    proto.mailboxMessages = UInt64(clamping: mail.messages)
    proto.mailboxBytes = UInt64(clamping: mail.bytes)
    proto.mailboxBounds = mail.bounds.proto
    if let death { proto.death = death.proto }
    if group != .root { proto.group = group.description }
    if let relay { proto.relay = relay.proto }
    if let node { proto.node = node.text }
    if onPartition != .suspend { proto.onPartition = onPartition.proto }
    if let server { proto.server = server.proto }
    if let peer { proto.peer = peer }
    return proto
  }
}

extension ThreadInfo.Mail {
  init(field: String, _ proto: ProtoThreadInfo) throws(WireDecodingError) {
    self.init(
      messages: try Int(field: "\(field).mailbox_messages", proto.mailboxMessages),
      bytes: try Int(field: "\(field).mailbox_bytes", proto.mailboxBytes),
      bounds: try MailboxBounds(field: "\(field).mailbox_bounds", proto.mailboxBounds)
    )
  }
}

extension ThreadInfo.State {
  var proto: ProtoThreadState {
    switch self {
    case .starting: .starting
    case .running: .running
    case .suspended: .suspended
    case .ending: .ending
    case .dead: .dead
    }
  }
}

extension ThreadSummary {
  init(field: String, _ proto: ProtoThreadSummary) throws(WireDecodingError) {
    self.init(
      id: try ThreadID(field: "\(field).id", proto.id),
      name: proto.hasName ? try EntityName(field: "\(field).name", proto.name) : nil,
      state: try ThreadInfo.State(field: "\(field).state", enumeration: proto.state.rawValue)
    )
  }

  var proto: ProtoThreadSummary {
    var proto = ProtoThreadSummary()
    proto.id = id.rawValue
    if let name { proto.name = name.text }
    proto.state = state.proto
    return proto
  }
}
