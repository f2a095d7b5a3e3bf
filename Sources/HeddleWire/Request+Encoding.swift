internal import HeddleMessages
internal import HeddleModel

extension Request {
  package func encoded() -> [UInt8] {
    var proto = ProtoRequest()
    if let authority { proto.asCustodian = authority.description }
    if let node { proto.node = node.text }
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
    case .logs(let thread, let tailLines, let since):
      proto.logs.thread = thread.proto
      if let tailLines { proto.logs.tailLines = UInt64(clamping: tailLines) }
      if let since { proto.logs.sinceAgeNs = since.wireNanoseconds }
    case .custodianNew(let path): proto.custodianNew.path = path.description
    case .sessionCustodianNew(let name): proto.custodianNew.name = name.text
    case .custodianTree(let path): proto.custodianTree.path = path.description
    case .custodianShutdown(let path, let follow, let grace):
      proto.custodianShutdown.path = path.description
      proto.custodianShutdown.follow = follow
      proto.custodianShutdown.graceNs = grace.wireNanoseconds
    case .custodianWait(let path): proto.custodianWait.path = path.description
    case .barrier: proto.barrier = .init()
    case .daemonStatus: proto.daemonStatus = .init()
    case .event(let kind, let thread):
      proto.event.kind = kind.proto
      proto.event.thread = thread.proto
    case .receive(let most, let wait):
      proto.receive.most = UInt64(clamping: most)
      proto.receive.wait = wait
    case .confirmMail(let through): proto.confirmMail.through = through
    case .rewind(let messages): proto.rewind.messages = messages.map { $0.wire() }
    case .mailWait: proto.mailWait = .init()
    case .becomeThread(let name): proto.becomeThread.name = name.text
    case .history(let query): proto.history = query.proto
    case .show(let thread): proto.show.thread = thread.proto
    case .shutdownPlan(let path): proto.shutdownPlan.path = path.description
    case .serve(let serve): proto.serve = serve.proto
    case .stopDaemon(let grace):
      proto.stopDaemon = .init()
      if let grace { proto.stopDaemon.graceNs = grace.wireNanoseconds }
    case .nodes: proto.nodes = .init()
    case .names: proto.names = .init()
    case .fenceNode(let node): proto.fenceNode.node = node.text
    case .shareCustodian(let path, let adopt):
      proto.shareCustodian.path = path.description
      proto.shareCustodian.adopt = adopt
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
  var proto: ProtoBreakKind {
    switch self {
    case .interrupt: .interrupt
    case .hangUp: .hangUp
    case .terminate: .terminate
    }
  }
}
