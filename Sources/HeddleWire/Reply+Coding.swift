internal import HeddleMessages
internal import HeddleModel

extension Reply {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoReply = try decodeBody(body, as: "Reply")
    switch proto.reply {
    case .done: self = .done
    case .spawned(let it): self = .spawned(try ThreadInfo(field: "spawned.thread", it.thread))
    case .thread(let it): self = .thread(try ThreadInfo(field: "thread", it))
    case .threads(let it):
      let threads = try it.threads.map { info throws(WireDecodingError) in
        try ThreadInfo(field: "threads.threads", info)
      }
      self = .threads(threads, more: it.more)
    case .killed(let it): self = .killed(try KillOutcome(field: "killed.outcome", enumeration: it.outcome.rawValue))
    case .died(let it):
      self = .died(try ThreadID(field: "died.thread", it.thread), try DeathRecord(field: "died.death", it.death))
    case .log(let it):
      let dropped = try Int(field: "log.dropped_bytes", it.droppedBytes)
      let offset = it.hasOffset ? try Int(field: "log.offset", it.offset) : nil
      self = .log(LogText(text: [UInt8](it.text), droppedBytes: dropped, offset: offset))
    case .custodianTree(let it): self = .custodianTree(try CustodianListing(field: "custodian_tree", it))
    case .shutDown(let it): self = .shutDown(try ShutdownReport(it))
    case .daemonStatus(let it): self = .daemonStatus(try DaemonStatus(it))
    case .stateEvent(let it): self = .stateEvent(try StateEvent(field: "state_event", it))
    case .nestedEnded(let it): self = .nestedEnded(try NestedEnd(it))
    case .received(let it):
      self = .received(messages: try Int(field: "received.messages", it.messages), isEnd: it.end)
    case .history(let it): self = .history(try HistoryPage(it))
    case .threadDetail(let it): self = .threadDetail(try ThreadDetail(it))
    case .shutdownPlan(let it): self = .shutdownPlan(try ShutdownPlan(it))
    case .nodes(let it): self = .nodes(try NodeListing(it))
    case .names(let it):
      self = .names(try it.names.map { name throws(WireDecodingError) in try GlobalName(name) })
    case .custodianShared(let it):
      self = .custodianShared(try CustodianPath(field: "custodian_shared.path", it.path))
    case nil: throw .missing(field: "reply.reply")
    }
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoReply()
    switch self {
    case .done: proto.done = .init()
    case .spawned(let info): proto.spawned.thread = info.proto
    case .thread(let info): proto.thread = info.proto
    case .threads(let infos, let more):
      proto.threads.threads = infos.map(\.proto)
      proto.threads.more = more
    case .killed(let outcome): proto.killed.outcome = outcome.proto
    case .died(let thread, let death):
      proto.died.thread = thread.rawValue
      proto.died.death = death.proto
    case .log(let log):
      proto.log.text = log.text.wire()
      proto.log.droppedBytes = UInt64(clamping: log.droppedBytes)
      if log.offset != log.droppedBytes { proto.log.offset = UInt64(clamping: log.offset) }
    case .custodianTree(let tree): proto.custodianTree = tree.proto
    case .shutDown(let report): proto.shutDown = report.proto
    case .daemonStatus(let status): proto.daemonStatus = status.proto
    case .stateEvent(let event): proto.stateEvent = event.proto
    case .nestedEnded(let end): proto.nestedEnded = end.proto
    case .received(let messages, let isEnd):
      proto.received.messages = UInt64(clamping: messages)
      proto.received.end = isEnd
    case .history(let page): proto.history = page.proto
    case .threadDetail(let detail): proto.threadDetail = detail.proto
    case .shutdownPlan(let plan): proto.shutdownPlan = plan.proto
    case .nodes(let listing): proto.nodes = listing.proto
    case .names(let names): proto.names.names = names.map(\.proto)
    case .custodianShared(let path): proto.custodianShared.path = path.description
    }
    return encodeBody(proto)
  }
}

extension KillOutcome {
  fileprivate var proto: ProtoKillOutcome {
    switch self {
    case .ending: .ending
    case .died: .died
    case .suspended: .suspended
    case .wasDead: .wasDead
    }
  }
}

extension ShutdownReport {
  fileprivate init(_ proto: ProtoShutDown) throws(WireDecodingError) {
    self.init(
      threads: try Int(field: "shut_down.threads", proto.threads),
      processes: try Int(field: "shut_down.processes", proto.processes),
      leftSuspended: try Int(field: "shut_down.left_suspended", proto.leftSuspended),
      duration: Duration(wire: proto.durationNs)
    )
  }

  var proto: ProtoShutDown {
    var proto = ProtoShutDown()
    proto.threads = UInt64(clamping: threads)
    proto.processes = UInt64(clamping: processes)
    proto.leftSuspended = UInt64(clamping: leftSuspended)
    proto.durationNs = duration.wireNanoseconds
    return proto
  }
}
