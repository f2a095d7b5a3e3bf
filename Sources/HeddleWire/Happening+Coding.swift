internal import HeddleMessages
internal import HeddleModel

extension Happening {
  init(field: String, _ proto: ProtoHappening) throws(WireDecodingError) {
    let thread = ThreadID(rawValue: proto.thread)
    let name = proto.hasName ? try EntityName(field: "\(field).name", proto.name) : nil
    self.init(
      number: proto.number,
      time: Moment(nanoseconds: proto.timeNs),
      instant: Instant(nanoseconds: proto.monotonicNs),
      what: try What(field: field, proto),
      thread: proto.thread == 0 ? nil : Subject(id: thread, name: name),
      by: proto.by
    )
  }

  var proto: ProtoHappening {
    var proto = ProtoHappening()
    proto.number = number
    proto.timeNs = time.nanoseconds
    proto.monotonicNs = instant.nanoseconds
    proto.kind = kind.proto
    if let thread {
      proto.thread = thread.id.rawValue
      if let name = thread.name { proto.name = name.text }
    }
    proto.custodian = custodian?.description ?? ""
    proto.by = by
    what.fill(&proto)
    return proto
  }
}

extension Happening.What {
  init(field: String, _ proto: ProtoHappening) throws(WireDecodingError) {
    let kind = try Happening.Kind(field: "\(field).kind", enumeration: proto.kind.rawValue)
    func custodian() throws(WireDecodingError) -> CustodianPath {
      try CustodianPath(field: "\(field).custodian", proto.custodian)
    }
    func death() throws(WireDecodingError) -> DeathRecord { try DeathRecord(field: "\(field).death", proto.death) }
    switch kind {
    case .spawned: self = .spawned(in: proto.custodian.isEmpty ? nil : try custodian())
    case .started: self = .started(pid: try Int32(field: "\(field).pid", proto.pid))
    case .failed: self = .failed(try death())
    case .suspended: self = .suspended
    case .resumed: self = .resumed
    case .broken:
      self = .broken(try BreakKind(field: "\(field).break_kind", enumeration: proto.breakKind.rawValue))
    case .ending: self = .ending(with: proto.custodian.isEmpty ? nil : try custodian())
    case .dead: self = .dead(try death())
    case .mailEnded: self = .mailEnded
    case .logDegraded: self = .logDegraded(proto.text)
    case .logRestored: self = .logRestored(proto.text)
    case .custodianMade: self = .custodianMade(try custodian())
    case .graceBegun: self = .graceBegun(try custodian())
    case .shutdownBegun: self = .shutdownBegun(try custodian())
    case .shutdownComplete:
      let report = proto.hasEnded ? try ShutdownReport(field: "\(field).ended", proto.ended) : nil
      self = .shutdownComplete(try custodian(), report)
    case .daemonStarted: self = .daemonStarted(containment: proto.text)
    case .daemonEnding: self = .daemonEnding
    case .nodeJoined, .nodeUnreachable, .nodeReachable, .nodeLost, .nodeFenced, .nodeRenewed:
      let change = Happening.NodeChange.allCases.first { $0.kind == kind } ?? .joined
      self = .node(try EntityName(field: "\(field).node", proto.node), change)
    }
  }

  /// Adds what belongs to this kind alone.
  fileprivate func fill(_ proto: inout ProtoHappening) {
    switch self {
    case .started(let pid): proto.pid = UInt32(clamping: pid)
    case .failed(let death), .dead(let death): proto.death = death.proto
    case .broken(let kind): proto.breakKind = kind.proto
    case .logDegraded(let text), .logRestored(let text), .daemonStarted(let text): proto.text = text
    case .shutdownComplete(_, let report?): proto.ended = report.happened
    case .node(let node, _): proto.node = node.text
    case .shutdownComplete(_, nil), .spawned, .suspended, .resumed, .ending, .mailEnded: break
    case .custodianMade, .graceBegun, .shutdownBegun, .daemonEnding: break
    }
  }
}

extension Happening.Kind {
  var proto: ProtoHappeningKind {
    switch self {
    case .spawned: .spawned
    case .started: .started
    case .failed: .failed
    case .suspended: .suspended
    case .resumed: .resumed
    case .broken: .broken
    case .ending: .ending
    case .dead: .dead
    case .mailEnded: .mailEnded
    case .logDegraded: .logDegraded
    case .logRestored: .logRestored
    case .custodianMade: .custodianMade
    case .graceBegun: .graceBegun
    case .shutdownBegun: .shutdownBegun
    case .shutdownComplete: .shutdownComplete
    case .daemonStarted: .daemonStarted
    case .daemonEnding: .daemonEnding
    case .nodeJoined: .nodeJoined
    case .nodeUnreachable: .nodeUnreachable
    case .nodeReachable: .nodeReachable
    case .nodeLost: .nodeLost
    case .nodeFenced: .nodeFenced
    case .nodeRenewed: .nodeRenewed
    }
  }
}

extension ShutdownReport {
  fileprivate init(field: String, _ proto: ProtoHappening.Ended) throws(WireDecodingError) {
    self.init(
      threads: try Int(field: "\(field).threads", proto.threads),
      processes: try Int(field: "\(field).processes", proto.processes),
      leftSuspended: try Int(field: "\(field).left_suspended", proto.leftSuspended),
      duration: Duration(wire: proto.durationNs)
    )
  }

  fileprivate var happened: ProtoHappening.Ended {
    var proto = ProtoHappening.Ended()
    proto.threads = UInt64(clamping: threads)
    proto.processes = UInt64(clamping: processes)
    proto.leftSuspended = UInt64(clamping: leftSuspended)
    proto.durationNs = duration.wireNanoseconds
    return proto
  }
}
