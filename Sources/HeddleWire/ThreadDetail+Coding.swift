internal import HeddleMessages
internal import HeddleModel

extension ThreadDetail {
  init(_ proto: ProtoThreadDetail) throws(WireDecodingError) {
    self.init(
      thread: try ThreadInfo(field: "thread_detail.thread", proto.thread),
      made: Moment(nanoseconds: proto.madeTimeNs),
      changed: Moment(nanoseconds: proto.changeTimeNs),
      start: try Start(proto),
      ties: try Ties(proto),
      pendingBreak: proto.pendingBreak == .unspecified
        ? nil : try BreakKind(field: "thread_detail.pending_break", enumeration: proto.pendingBreak.rawValue),
      traffic: try Traffic(proto),
      place: Place(
        containment: proto.containment,
        cgroup: proto.cgroup,
        processes: proto.hasProcesses ? try Int(field: "thread_detail.processes", proto.processes) : nil,
        warden: proto.hasWarden ? try Int32(field: "thread_detail.warden", proto.warden) : nil
      )
    )
  }

  var proto: ProtoThreadDetail {
    var proto = ProtoThreadDetail()
    proto.thread = thread.proto
    proto.madeTimeNs = made.nanoseconds
    proto.changeTimeNs = changed.nanoseconds
    start.fill(&proto)
    ties.fill(&proto)
    if let pendingBreak { proto.pendingBreak = pendingBreak.proto }
    traffic.fill(&proto)
    proto.containment = place.containment
    proto.cgroup = place.cgroup
    if let processes = place.processes { proto.processes = UInt32(clamping: processes) }
    if let warden = place.warden { proto.warden = UInt32(clamping: warden) }
    return proto
  }
}

extension ThreadDetail.Start {
  fileprivate init(_ proto: ProtoThreadDetail) throws(WireDecodingError) {
    self.init(
      cwd: [UInt8](proto.cwd),
      environmentCount: try Int(field: "thread_detail.environment_count", proto.environmentCount),
      heddleEnvironment: proto.heddleEnvironment,
      umask: proto.umask,
      limits: ResourceLimits(proto.limits),
      suspendToKill: proto.suspendToKill,
      linger: proto.linger,
      allowSetuid: proto.allowSetuid,
      stdinPipe: proto.stdinPipe
    )
  }

  fileprivate func fill(_ proto: inout ProtoThreadDetail) {
    proto.cwd = cwd.wire()
    proto.environmentCount = UInt64(clamping: environmentCount)
    proto.heddleEnvironment = heddleEnvironment
    proto.umask = umask
    if limits != ResourceLimits() { proto.limits = limits.proto }
    proto.suspendToKill = suspendToKill
    proto.linger = linger
    proto.allowSetuid = allowSetuid
    proto.stdinPipe = stdinPipe
  }
}

extension ThreadDetail.Ties {
  fileprivate init(_ proto: ProtoThreadDetail) throws(WireDecodingError) {
    func summaries(_ protos: [ProtoThreadSummary], _ field: String) throws(WireDecodingError) -> [ThreadSummary] {
      try protos.map { thread throws(WireDecodingError) in try ThreadSummary(field: "thread_detail.\(field)", thread) }
    }
    self.init(
      currentCustodian: proto.currentCustodian.isEmpty
        ? nil : try CustodianPath(field: "thread_detail.current_custodian", proto.currentCustodian),
      benefactors: try summaries(proto.benefactors, "benefactors"),
      beneficiaries: try summaries(proto.beneficiaries, "beneficiaries"),
      creator: proto.hasCreator ? try ThreadSummary(field: "thread_detail.creator", proto.creator) : nil
    )
  }

  fileprivate func fill(_ proto: inout ProtoThreadDetail) {
    proto.currentCustodian = currentCustodian?.description ?? ""
    proto.benefactors = benefactors.map(\.proto)
    proto.beneficiaries = beneficiaries.map(\.proto)
    if let creator { proto.creator = creator.proto }
  }
}

extension ThreadDetail.Traffic {
  fileprivate init(_ proto: ProtoThreadDetail) throws(WireDecodingError) {
    self.init(
      mailTaken: proto.mailTaken,
      isMailEnded: proto.mailEnded,
      credit: proto.hasCredit ? MailTotals(proto.credit) : nil,
      onTheirWay: proto.hasOnTheirWay ? MailTotals(proto.onTheirWay) : nil,
      logWritten: try Int(field: "thread_detail.log_written", proto.logWritten),
      logKept: try Int(field: "thread_detail.log_kept", proto.logKept)
    )
  }

  fileprivate func fill(_ proto: inout ProtoThreadDetail) {
    proto.mailTaken = mailTaken
    proto.mailEnded = isMailEnded
    if let credit { proto.credit = credit.amount }
    if let onTheirWay { proto.onTheirWay = onTheirWay.amount }
    proto.logWritten = UInt64(clamping: logWritten)
    proto.logKept = UInt64(clamping: logKept)
  }
}

extension MailTotals {
  fileprivate init(_ proto: ProtoMailAmount) { self.init(messages: proto.messages, bytes: proto.bytes) }

  fileprivate var amount: ProtoMailAmount {
    var proto = ProtoMailAmount()
    proto.messages = messages
    proto.bytes = bytes
    return proto
  }
}
