package import HeddleModel

/// How the ids of threads, and the names of nodes, change on their way between two supervisors.
package enum IDTranslation: Hashable, Sendable {
  /// On the way to the node of this name, which the sender knows by this slot: what is said of its threads is said in ids
  /// of its own.
  case outgoing(to: EntityName, NodeSlot)
  /// On the way from it: what it says of its own threads gets its slot, and the name of the node.
  case incoming(from: EntityName, NodeSlot)
  /// Between a supervisor of this name and its own clients.
  case home(EntityName)
}

/// A thread is mentioned that is on a node which this is not about.
package struct ForeignThread: Error, Equatable, Sendable {
  /// "id:1000000000007", or "c/worker".
  package let reference: String

  package init(reference: String) { self.reference = reference }
}

extension ThreadID {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> ThreadID {
    switch way {
    case .outgoing(_, let place) where slot == place: return moved(to: .home)
    case .incoming(_, let place) where slot == .home: return moved(to: place)
    case .home where slot == .home: return self
    case .outgoing, .incoming, .home: throw ForeignThread(reference: "id:\(self)")
    }
  }
}

extension ThreadReference {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> ThreadReference {
    switch self {
    case .id(let id): return .id(try id.translated(way))
    // Beside a node that the request names.
    case .name: return self
    case .named(let name, let node):
      switch way {
      case .outgoing(to: node, _), .home(node): return .name(name)
      case .outgoing, .incoming, .home: throw ForeignThread(reference: "\(self)")
      }
    }
  }

  /// The node that it names; nil where it names none.
  package var node: EntityName? { if case .named(_, let node) = self { node } else { nil } }

  /// What its id begins with; the supervisor's own slot if it is a name.
  package var slot: NodeSlot { if case .id(let id) = self { id.slot } else { .home } }
}

extension StateEvent {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> StateEvent {
    StateEvent(thread: try thread.translated(way), kind: kind, generation: generation)
  }
}

extension Attach {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> Attach {
    switch target {
    case .thread(let thread):
      Attach(stream, of: .thread(try thread.translated(way)), from: offset, holdsProgram: holdsProgram)
    case .spawn: self
    }
  }
}

extension Attached {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> Attached {
    Attached(thread: try thread.translated(way), offset: offset)
  }
}

extension Request.Command {
  /// The thread that it is about, if it is about one.
  package var thread: ThreadReference? {
    switch self {
    case .find(let it), .suspend(let it), .resume(let it, _), .kill(let it, _, _), .sendBreak(let it, _),
      .endMail(let it),
      .wait(let it), .logs(let it, _, _), .event(_, let it), .show(let it):
      it
    case .history(let query): query.thread
    case .spawn, .list, .cancel, .custodianNew, .sessionCustodianNew, .custodianTree, .custodianShutdown,
      .custodianWait,
      .barrier, .daemonStatus, .receive, .confirmMail, .rewind, .mailWait, .becomeThread, .shutdownPlan, .stopDaemon,
      .serve, .nodes, .names, .fenceNode, .shareCustodian:
      nil
    }
  }

  package func translated(_ way: IDTranslation) throws(ForeignThread) -> Request.Command {
    switch self {
    case .spawn(var spawn):
      if let relay = spawn.relay {
        spawn.relay = Spawn.Relay(to: try relay.to.translated(way), passesEnd: relay.passesEnd)
      }
      return .spawn(spawn)
    case .find(let it): return .find(try it.translated(way))
    case .list(let includeDead, let after):
      return .list(
        includeDead: includeDead,
        after: try after.map { id throws(ForeignThread) in try id.translated(way) }
      )
    case .suspend(let it): return .suspend(try it.translated(way))
    case .resume(let it, .thread(let giver)):
      return .resume(try it.translated(way), benefactor: .thread(try giver.translated(way)))
    case .resume(let it, let benefactor): return .resume(try it.translated(way), benefactor: benefactor)
    case .kill(let it, let wait, let really): return .kill(try it.translated(way), wait: wait, really: really)
    case .sendBreak(let it, let kind): return .sendBreak(try it.translated(way), kind)
    case .endMail(let it): return .endMail(try it.translated(way))
    case .wait(let it): return .wait(try it.translated(way))
    case .logs(let it, let tail, let since): return .logs(try it.translated(way), tailLines: tail, since: since)
    case .event(let kind, let it): return .event(kind, of: try it.translated(way))
    case .show(let it): return .show(try it.translated(way))
    case .history(var query):
      query.thread = try query.thread.map { it throws(ForeignThread) in try it.translated(way) }
      return .history(query)
    case .cancel, .custodianNew, .sessionCustodianNew, .custodianTree, .custodianShutdown, .custodianWait, .barrier,
      .daemonStatus, .receive, .confirmMail, .rewind, .mailWait, .becomeThread, .shutdownPlan, .stopDaemon, .serve,
      .nodes, .names, .fenceNode, .shareCustodian:
      return self
    }
  }
}
