internal import HeddleMessages
internal import HeddleModel

extension DeathRecord {
  init(field: String, _ proto: ProtoDeathRecord) throws(WireDecodingError) {
    self.init(
      cause: try DeathCause(field: "\(field).cause", proto.cause),
      unreadMail: try Int(field: "\(field).unread_mail", proto.unreadMail)
    )
  }

  var proto: ProtoDeathRecord {
    var proto = ProtoDeathRecord()
    proto.cause = cause.proto
    proto.unreadMail = UInt64(clamping: unreadMail)
    return proto
  }
}

extension DeathCause {
  init(field: String, _ proto: ProtoDeathCause) throws(WireDecodingError) {
    switch proto.cause {
    case .exited(let exited):
      self = .exited(code: try UInt8(field: "\(field).exited.code", exited.code))
    case .signalled(let signalled):
      let number = try Int32(field: "\(field).signalled.signal", signalled.signal)
      self = .signalled(number: number, coreDumped: signalled.coreDumped)
    case .failedToStart(let failed):
      let number = try Int32(field: "\(field).failed_to_start.error_number", failed.errorNumber)
      self = .failedToStart(errorNumber: number, stage: failed.stage)
    case .killed(let killed):
      self = .killed(by: killed.by)
    case .custodianShutDown(let shutDown):
      self = .custodianShutDown(try CustodianPath(field: "\(field).custodian_shut_down.path", shutDown.path))
    case .daemonEnded:
      self = .daemonEnded
    case .timedOut(let timedOut):
      self = .timedOut(after: Duration(wire: timedOut.timeoutNs))
    case .nodeLost(let lost):
      self = .nodeLost(try EntityName(field: "\(field).node_lost.node", lost.node))
    case nil:
      throw .missing(field: field)
    }
  }

  var proto: ProtoDeathCause {
    var proto = ProtoDeathCause()
    switch self {
    case .exited(let code):
      proto.exited.code = UInt32(code)
    case .signalled(let number, let coreDumped):
      proto.signalled.signal = UInt32(clamping: number)
      proto.signalled.coreDumped = coreDumped
    case .failedToStart(let errorNumber, let stage):
      proto.failedToStart.errorNumber = UInt32(clamping: errorNumber)
      proto.failedToStart.stage = stage
    case .killed(let by):
      proto.killed.by = by
    case .custodianShutDown(let path):
      proto.custodianShutDown.path = path.description
    case .daemonEnded:
      proto.daemonEnded = .init()
    case .timedOut(let timeout):
      proto.timedOut.timeoutNs = timeout.wireNanoseconds
    case .nodeLost(let node):
      proto.nodeLost.node = node.text
    }
    return proto
  }
}
