internal import HeddleModel

// What a supervisor answers, in the ids of the one that has asked it for a client. By exhaustive switches: an answer that is
// added asks the question.

extension Reply {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> Reply {
    switch self {
    case .spawned(let info): return .spawned(try info.translated(way))
    case .thread(let info): return .thread(try info.translated(way))
    case .threads(let infos, let more):
      return .threads(try infos.map { info throws(ForeignThread) in try info.translated(way) }, more: more)
    case .died(let thread, let death): return .died(try thread.translated(way), death)
    case .custodianTree(let tree): return .custodianTree(try tree.translated(way))
    case .stateEvent(let event): return .stateEvent(try event.translated(way))
    case .nestedEnded(let end):
      return .nestedEnded(
        NestedEnd(thread: try end.thread.translated(way), death: end.death, isValueLost: end.isValueLost)
      )
    case .threadDetail(let detail): return .threadDetail(try detail.translated(way))
    case .shutdownPlan(let plan): return .shutdownPlan(try plan.translated(way))
    case .history(let page):
      return .history(
        HistoryPage(
          happenings: try page.happenings.map { it throws(ForeignThread) in try it.translated(way) },
          through: page.through,
          hasMore: page.hasMore,
          lost: page.lost
        )
      )
    case .done, .killed, .log, .shutDown, .daemonStatus, .received, .nodes, .names, .custodianShared: return self
    }
  }
}

extension Notice {
  package func translated(_ way: IDTranslation) throws(ForeignThread) -> Notice {
    switch self {
    case .threadDead(let thread, let after, let ended):
      .threadDead(try thread.translated(way), after: after, ended: ended)
    case .leftSuspended(let threads): .leftSuspended(try threads.translated(way))
    case .started(let info): .started(try info.translated(way))
    case .grace(let stage, let threads, let left): .grace(stage, try threads.translated(way), left: left)
    case .threadEnded(let thread, let after, let death): .threadEnded(try thread.translated(way), after: after, death)
    }
  }
}

extension ThreadInfo {
  func translated(_ way: IDTranslation) throws(ForeignThread) -> ThreadInfo {
    var info = self
    info.id = try id.translated(way)
    if case .incoming(let node, _) = way { info.node = node }
    if let relay {
      info.relay = Relay(
        to: try relay.to.translated(way),
        name: relay.name,
        passesEnd: relay.passesEnd,
        waitingLines: relay.waitingLines
      )
    }
    return info
  }
}

extension ThreadSummary {
  func translated(_ way: IDTranslation) throws(ForeignThread) -> ThreadSummary {
    ThreadSummary(id: try id.translated(way), name: name, state: state)
  }
}

extension [ThreadSummary] {
  fileprivate func translated(_ way: IDTranslation) throws(ForeignThread) -> [ThreadSummary] {
    try map { thread throws(ForeignThread) in try thread.translated(way) }
  }
}

extension ThreadDetail {
  fileprivate func translated(_ way: IDTranslation) throws(ForeignThread) -> ThreadDetail {
    var detail = self
    detail.thread = try thread.translated(way)
    detail.ties.benefactors = try ties.benefactors.translated(way)
    detail.ties.beneficiaries = try ties.beneficiaries.translated(way)
    detail.ties.creator = try ties.creator.map { it throws(ForeignThread) in try it.translated(way) }
    return detail
  }
}

extension CustodianListing {
  fileprivate func translated(_ way: IDTranslation) throws(ForeignThread) -> CustodianListing {
    CustodianListing(
      path: path,
      state: state,
      children: try children.map { child throws(ForeignThread) in try child.translated(way) },
      threads: try threads.translated(way)
    )
  }
}

extension ShutdownPlan {
  fileprivate func translated(_ way: IDTranslation) throws(ForeignThread) -> ShutdownPlan {
    ShutdownPlan(
      custodians: custodians,
      ended: try ended.translated(way),
      leftSuspended: try leftSuspended.translated(way),
      surviving: try surviving.translated(way)
    )
  }
}

extension Happening {
  fileprivate func translated(_ way: IDTranslation) throws(ForeignThread) -> Happening {
    guard let thread else { return self }
    return Happening(
      number: number,
      time: time,
      instant: instant,
      what: what,
      thread: Subject(id: try thread.id.translated(way), name: thread.name),
      by: by
    )
  }
}
