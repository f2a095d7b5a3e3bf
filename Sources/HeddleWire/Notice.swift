internal import HeddleMessages

/// Something that happened on the way to the answer of a request that is still open.
package enum Notice: Hashable, Codable, Sendable {
  /// A shutdown has killed this thread, which is ending; `stragglers` are the processes of its tree beside its program.
  case threadKilled(ThreadSummary, stragglers: Int)
  /// A thread that the shutdown killed is dead, so long after the shutdown began.
  case threadDead(ThreadSummary, after: Duration)
  /// Suspend-to-kill threads that the shutdown suspended instead of killing.
  case leftSuspended([ThreadSummary])
}

extension Notice {
  package init(decoding body: [UInt8]) throws(WireDecodingError) {
    let proto: ProtoNotice = try decodeBody(body, as: "Notice")
    switch proto.notice {
    case .threadKilled(let it):
      let stragglers = try Int(field: "thread_killed.stragglers", it.stragglers)
      self = .threadKilled(try ThreadSummary(field: "thread_killed.thread", it.thread), stragglers: stragglers)
    case .threadDead(let it):
      self = .threadDead(try ThreadSummary(field: "thread_dead.thread", it.thread), after: Duration(wire: it.afterNs))
    case .leftSuspended(let it):
      self = .leftSuspended(
        try it.threads.map { thread throws(WireDecodingError) in
          try ThreadSummary(field: "left_suspended.threads", thread)
        }
      )
    case nil:
      throw .missing(field: "notice.notice")
    }
  }

  package func encoded() -> [UInt8] {
    var proto = ProtoNotice()
    switch self {
    case .threadKilled(let thread, let stragglers):
      proto.threadKilled.thread = thread.proto
      proto.threadKilled.stragglers = UInt64(clamping: stragglers)
    case .threadDead(let thread, let after):
      proto.threadDead.thread = thread.proto
      proto.threadDead.afterNs = after.wireNanoseconds
    case .leftSuspended(let threads):
      proto.leftSuspended.threads = threads.map(\.proto)
    }
    return encodeBody(proto)
  }
}
