internal import HeddleMessages

/// Something that happened on the way to the answer of a request that is still open.
package enum Notice: Hashable, Codable, Sendable {
  /// A thread that a shutdown killed is dead, so long after the shutdown began, and these processes with it.
  case threadDead(ThreadSummary, after: Duration, ended: EndedProcesses)
  /// Suspend-to-kill threads that the shutdown suspended instead of killing.
  case leftSuspended([ThreadSummary])
  /// The program of a nested thread runs.
  case started(ThreadInfo)
}

extension Notice {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoNotice = try decodeBody(body, as: "Notice")
    switch proto.notice {
    case .threadDead(let it):
      let thread = try ThreadSummary(field: "thread_dead.thread", it.thread)
      self = .threadDead(thread, after: Duration(wire: it.afterNs), ended: try EndedProcesses(it))
    case .leftSuspended(let it):
      self = .leftSuspended(
        try it.threads.map { thread throws(WireDecodingError) in
          try ThreadSummary(field: "left_suspended.threads", thread)
        }
      )
    case .started(let it): self = .started(try ThreadInfo(field: "started.thread", it.thread))
    case nil:
      throw .missing(field: "notice.notice")
    }
  }

  package func encoded() -> [UInt8] { encodeBody(proto) }

  var proto: ProtoNotice {
    var proto = ProtoNotice()
    switch self {
    case .threadDead(let thread, let after, let ended):
      proto.threadDead.thread = thread.proto
      proto.threadDead.afterNs = after.wireNanoseconds
      ended.fill(&proto.threadDead)
    case .leftSuspended(let threads):
      proto.leftSuspended.threads = threads.map(\.proto)
    case .started(let thread): proto.started.thread = thread.proto
    }
    return proto
  }
}
