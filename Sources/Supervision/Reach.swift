internal import HeddleWire

/// Who may ask a command of another node.
enum Reach: Equatable, Sendable {
  /// Every client: it needs no authority.
  case all
  /// A client that speaks for the root of its own node: to the other it is the node itself.
  case root
  /// Nobody: each node answers it for its own clients.
  case home
}

extension Request.Command {
  var reach: Reach {
    switch self {
    case .find, .list, .sendBreak, .endMail, .wait, .cancel, .logs, .custodianTree, .custodianWait, .barrier, .event,
      .show:
      .all
    case .resume(_, let benefactor): if case .custodian = benefactor { .root } else { .all }
    case .spawn(let spawn): spawn.nested ? .home : .root
    case .suspend, .kill, .custodianNew, .sessionCustodianNew, .custodianShutdown, .shutdownPlan: .root
    case .daemonStatus, .receive, .confirmMail, .rewind, .mailWait, .becomeThread, .history, .stopDaemon, .serve,
      .nodes, .names, .fenceNode, .shareCustodian:
      .home
    }
  }

  /// What it attempts, as the sentences of refusals have it.
  var attempted: String {
    switch self {
    case .spawn: "start a thread on"
    case .find: "find"
    case .list: "list the threads of"
    case .suspend: "suspend"
    case .resume: "resume"
    case .kill: "kill"
    case .sendBreak: "break"
    case .endMail: "end the mail of"
    case .wait: "wait for"
    case .cancel: "cancel a request to"
    case .logs: "read the log of"
    case .custodianNew, .sessionCustodianNew: "make a custodian on"
    case .custodianTree: "list a custodian of"
    case .custodianShutdown: "shut down a custodian of"
    case .custodianWait: "wait for the shutdown of a custodian of"
    case .barrier: "wait for the effects of requests to"
    case .daemonStatus: "ask the status of"
    case .event: "name an event of"
    case .receive, .confirmMail, .mailWait: "receive mail of"
    case .rewind: "push mail back to"
    case .becomeThread: "become a thread of"
    case .history: "ask for the history of"
    case .show: "show"
    case .shutdownPlan: "plan the shutdown of a custodian of"
    case .stopDaemon: "end the supervisor of"
    case .serve: "start a server on"
    case .nodes: "list the nodes of"
    case .names: "list the names that are known to"
    case .fenceNode: "have a node fenced by"
    case .shareCustodian: "share a custodian of"
    }
  }

  /// Whether a thread is called by the name of its node, or by an id of another one.
  var mentionsNode: Bool {
    switch self {
    case .spawn(let spawn): spawn.relay.map { $0.to.mentionsNode } ?? false
    case .resume(let thread, .thread(let giver)): thread.mentionsNode || giver.mentionsNode
    case .list(_, let after): after.map { $0.slot != .home } ?? false
    default: thread?.mentionsNode ?? false
    }
  }
}

extension ThreadReference {
  fileprivate var mentionsNode: Bool { node != nil || slot != .home }
}
