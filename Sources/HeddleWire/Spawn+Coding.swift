internal import HeddleMessages
internal import HeddleModel

extension Spawn {
  init(_ proto: ProtoSpawn) throws(WireDecodingError) {
    self.init(
      name: proto.hasName ? try EntityName(field: "spawn.name", proto.name) : nil,
      in: proto.hasInCustodian ? try CustodianPath(field: "spawn.in_custodian", proto.inCustodian) : nil,
      argv: proto.argv.map { [UInt8]($0) },
      environment: proto.environment.map { [UInt8]($0) },
      cwd: [UInt8](proto.cwd),
      umask: proto.hasUmask ? proto.umask : Self.usualUmask,
      channel: try ChannelMode(field: "spawn.channel", proto.channel),
      suspendToKill: proto.suspendToKill,
      linger: proto.linger,
      limits: ResourceLimits(proto.limits),
      allowSetuid: proto.allowSetuid,
      mailboxBounds: proto.hasMailboxBounds
        ? try MailboxBounds(field: "spawn.mailbox_bounds", proto.mailboxBounds) : nil,
      stdinPipe: proto.stdinPipe,
      nested: proto.nested,
      group: proto.hasGroup ? try ThreadGroupPath(field: "spawn.group", proto.group) : nil,
      breaksDisabled: proto.breaksDisabled,
      relay: try Relay(proto)
    )
    if proto.hasTimeoutNs { timeout = Duration(wire: proto.timeoutNs) }
    forget = proto.forget
    held = proto.held
    if proto.hasGlobalName { globalName = try EntityName(field: "spawn.global_name", proto.globalName) }
    onPartition = try PartitionPolicy(field: "spawn.on_partition", proto.onPartition)
    try check()
  }

  /// - Throws: what execve(2), chdir(2) or umask(2) would not take, or would take for something else; or what no thread
  ///   can be.
  private func check() throws(WireDecodingError) {
    guard argv.first?.isEmpty == false else { throw .missing(field: "spawn.argv") }
    guard !argv.contains(where: \.hasNUL) else { throw .form(field: "spawn.argv", reason: "an argument has no NUL") }
    guard environment.allSatisfy(\.isAssignment) else {
      throw .form(field: "spawn.environment", reason: "a variable is KEY=VALUE without NUL")
    }
    guard cwd.first == UInt8(ascii: "/"), !cwd.hasNUL else {
      throw .form(field: "spawn.cwd", reason: "the directory is an absolute path without NUL")
    }
    guard umask <= 0o777 else { throw .outOfRange(field: "spawn.umask", number: UInt64(umask)) }
    // A kill would only suspend it, and its creator wait on.
    guard !nested || !suspendToKill else {
      throw .form(field: "spawn.nested", reason: "a nested thread is not made with suspend_to_kill")
    }
  }

  var proto: ProtoSpawn {
    var proto = ProtoSpawn()
    if let name { proto.name = name.text }
    if let custodian { proto.inCustodian = custodian.description }
    proto.argv = argv.map { $0.wire() }
    proto.environment = environment.map { $0.wire() }
    proto.cwd = cwd.wire()
    proto.umask = umask
    proto.channel = channel.proto
    proto.suspendToKill = suspendToKill
    proto.linger = linger
    if limits != ResourceLimits() { proto.limits = limits.proto }
    proto.allowSetuid = allowSetuid
    if let mailboxBounds { proto.mailboxBounds = mailboxBounds.proto }
    proto.stdinPipe = stdinPipe
    proto.nested = nested
    if let group { proto.group = group.description }
    proto.breaksDisabled = breaksDisabled
    if let relay {
      proto.relayTo = relay.to.proto
      proto.relayEnd = relay.passesEnd
    }
    if let timeout { proto.timeoutNs = timeout.wireNanoseconds }
    proto.forget = forget
    proto.held = held
    if onPartition != .suspend { proto.onPartition = onPartition.proto }
    if let globalName { proto.globalName = globalName.text }
    return proto
  }
}

extension [UInt8] {
  /// Whether C would take it for something shorter.
  fileprivate var hasNUL: Bool { contains(0) }

  /// Whether it is an environment variable; environ(7).
  fileprivate var isAssignment: Bool {
    !hasNUL && (firstIndex(of: UInt8(ascii: "=")) ?? 0) > 0
  }
}
