internal import HeddleMessages
internal import HeddleModel

extension Request {
  package func encoded() -> [UInt8] {
    var proto = ProtoRequest()
    if let authority { proto.asCustodian = authority.description }
    command.fill(&proto)
    return encodeBody(proto)
  }
}

extension Request.Command {
  fileprivate func fill(_ proto: inout ProtoRequest) {
    switch self {
    case .spawn(let spawn): proto.spawn = spawn.proto
    case .find(let thread): proto.find.thread = thread.proto
    case .list(let includeDead, let after):
      proto.list.includeDead = includeDead
      proto.list.after = after?.rawValue ?? 0
    case .suspend(let thread): proto.suspend.thread = thread.proto
    case .resume(let thread, let benefactor):
      proto.resume.thread = thread.proto
      proto.resume.benefactor = benefactor?.proto
    case .kill(let thread, let wait, let really):
      proto.kill.thread = thread.proto
      proto.kill.wait = wait
      proto.kill.really = really
    case .sendBreak(let thread, let kind):
      proto.breakThread.thread = thread.proto
      proto.breakThread.kind = kind.proto
    case .endMail(let thread): proto.endMail.thread = thread.proto
    case .wait(let thread): proto.wait.thread = thread.proto
    case .cancel(let request): proto.cancel.request = request.rawValue
    case .logs(let thread, let tailLines):
      proto.logs.thread = thread.proto
      if let tailLines { proto.logs.tailLines = UInt64(clamping: tailLines) }
    case .custodianNew(let path): proto.custodianNew.path = path.description
    case .sessionCustodianNew(let name): proto.custodianNew.name = name.text
    case .custodianTree(let path): proto.custodianTree.path = path.description
    case .custodianShutdown(let path, let follow):
      proto.custodianShutdown.path = path.description
      proto.custodianShutdown.follow = follow
    case .custodianWait(let path): proto.custodianWait.path = path.description
    case .barrier: proto.barrier = .init()
    case .daemonStatus: proto.daemonStatus = .init()
    case .event(let kind, let thread):
      proto.event.thread = thread.proto
      proto.event.kind = kind.proto
    case .stopDaemon(let grace):
      proto.stopDaemon = .init()
      if let grace { proto.stopDaemon.graceNs = grace.wireNanoseconds }
    }
  }
}

extension Request.Benefactor {
  fileprivate var proto: ProtoResume.OneOf_Benefactor {
    switch self {
    case .thread(let thread): .benefactorThread(thread.proto)
    case .custodian(let path): .benefactorCustodian(path.description)
    }
  }
}

extension BreakKind {
  fileprivate var proto: ProtoBreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }
}
