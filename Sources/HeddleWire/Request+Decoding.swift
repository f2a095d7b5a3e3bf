internal import HeddleMessages
internal import HeddleModel
internal import SwiftProtobuf

extension Request {
  /// - Throws: also `unknownCommand`, so that a supervisor can say which command it does not have.
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoRequest = try decodeBody(body, as: "Request")
    guard let command = proto.command else {
      let unknown = firstFieldNumber(in: [UInt8](proto.unknownFields.data), from: Command.firstFieldNumber)
      throw unknown.map { .unknownCommand(number: $0) } ?? .missing(field: "request.command")
    }
    self.init(
      try Command(command),
      as: proto.hasAsCustodian ? try CustodianPath(field: "request.as_custodian", proto.asCustodian) : nil,
      on: proto.hasNode ? try EntityName(field: "request.node", proto.node) : nil
    )
  }
}

extension Request.Command {
  /// Commands have field numbers from here on; those below belong to every request.
  fileprivate static let firstFieldNumber = 16

  init(_ proto: ProtoRequest.OneOf_Command) throws(WireDecodingError) {
    switch proto {
    case .spawn(let it): self = .spawn(try Spawn(it))
    case .find(let it): self = .find(try ThreadReference(field: "find.thread", it.thread))
    case .list(let it):
      self = .list(includeDead: it.includeDead, after: it.after == 0 ? nil : ThreadID(rawValue: it.after))
    case .suspend(let it): self = .suspend(try ThreadReference(field: "suspend.thread", it.thread))
    case .resume(let it):
      self = .resume(
        try ThreadReference(field: "resume.thread", it.thread),
        benefactor: try it.benefactor.map(Request.Benefactor.init)
      )
    case .kill(let it):
      self = .kill(try ThreadReference(field: "kill.thread", it.thread), wait: it.wait, really: it.really)
    case .breakThread(let it):
      self = .sendBreak(
        try ThreadReference(field: "break.thread", it.thread),
        try BreakKind(field: "break.kind", enumeration: it.kind.rawValue)
      )
    case .endMail(let it): self = .endMail(try ThreadReference(field: "end_mail.thread", it.thread))
    case .wait(let it): self = .wait(try ThreadReference(field: "wait.thread", it.thread))
    case .cancel(let it):
      guard it.request != 0 else { throw .missing(field: "cancel.request") }
      self = .cancel(RequestID(rawValue: it.request))
    case .logs(let it):
      self = .logs(
        try ThreadReference(field: "logs.thread", it.thread),
        tailLines: it.hasTailLines ? try Int(field: "logs.tail_lines", it.tailLines) : nil,
        since: it.hasSinceAgeNs ? Duration(wire: it.sinceAgeNs) : nil
      )
    case .custodianNew(let it) where it.hasName:
      self = .sessionCustodianNew(try EntityName(field: "custodian_new.name", it.name))
    case .custodianNew(let it): self = .custodianNew(try CustodianPath(field: "custodian_new.path", it.path))
    case .custodianTree(let it): self = .custodianTree(try CustodianPath(field: "custodian_tree.path", it.path))
    case .custodianShutdown(let it):
      self = .custodianShutdown(
        try CustodianPath(field: "custodian_shutdown.path", it.path),
        follow: it.follow,
        grace: Duration(wire: it.graceNs)
      )
    case .custodianWait(let it): self = .custodianWait(try CustodianPath(field: "custodian_wait.path", it.path))
    case .barrier: self = .barrier
    case .daemonStatus: self = .daemonStatus
    case .event(let it):
      self = .event(
        try StateEvent.Kind(field: "event.kind", enumeration: it.kind.rawValue),
        of: try ThreadReference(field: "event.thread", it.thread)
      )
    case .receive(let it): self = .receive(most: max(1, Int(clamping: it.most)), wait: it.wait)
    case .confirmMail(let it): self = .confirmMail(through: it.through)
    case .rewind(let it): self = .rewind(it.messages.map { [UInt8]($0) })
    case .mailWait: self = .mailWait
    case .becomeThread(let it): self = .becomeThread(try EntityName(field: "become_thread.name", it.name))
    case .history(let it): self = .history(try HistoryQuery(it))
    case .show(let it): self = .show(try ThreadReference(field: "show.thread", it.thread))
    case .shutdownPlan(let it): self = .shutdownPlan(try CustodianPath(field: "shutdown_plan.path", it.path))
    case .serve(let it): self = .serve(try Serve(it))
    case .stopDaemon(let it): self = .stopDaemon(grace: it.hasGraceNs ? Duration(wire: it.graceNs) : nil)
    case .nodes: self = .nodes
    case .names: self = .names
    case .fenceNode(let it): self = .fenceNode(try EntityName(field: "fence_node.node", it.node))
    case .shareCustodian(let it):
      self = .shareCustodian(try CustodianPath(field: "share_custodian.path", it.path), adopt: it.adopt)
    }
  }
}

extension Request.Benefactor {
  init(_ proto: ProtoResume.OneOf_Benefactor) throws(WireDecodingError) {
    switch proto {
    case .benefactorThread(let it): self = .thread(try ThreadReference(field: "resume.benefactor_thread", it))
    case .benefactorCustodian(let it): self = .custodian(try CustodianPath(field: "resume.benefactor_custodian", it))
    }
  }
}
