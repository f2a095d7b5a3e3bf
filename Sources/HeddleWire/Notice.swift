internal import HeddleMessages
internal import HeddleModel

/// Something that happened on the way to the answer of a request that is still open.
package enum Notice: Hashable, Codable, Sendable {
  /// A thread that a shutdown killed is dead, so long after the shutdown began, and these processes with it.
  case threadDead(ThreadSummary, after: Duration, ended: EndedProcesses)
  /// Suspend-to-kill threads that the shutdown suspended instead of killing.
  case leftSuspended([ThreadSummary])
  /// The program of a nested thread runs.
  case started(ThreadInfo)
  /// How far the grace of a shutdown is: the threads that are not dead, and how much time they have.
  case grace(GraceStage, [ThreadSummary], left: Duration)
  /// A thread that a shutdown asked to end has done so, so long after it was asked for.
  case threadEnded(ThreadSummary, after: Duration, DeathRecord)
}

/// How far the grace of a shutdown is.
package enum GraceStage: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// The threads were asked to end, by a break.
  case asked = 1
  /// They were sent SIGTERM.
  case terminated = 2
  /// The time is up, or all are dead: the shutdown begins.
  case over = 3
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
    case .grace(let it):
      self = .grace(
        try GraceStage(field: "grace.stage", enumeration: it.stage.rawValue),
        try it.threads.map { thread throws(WireDecodingError) in
          try ThreadSummary(field: "grace.threads", thread)
        },
        left: Duration(wire: it.leftNs)
      )
    case .threadEnded(let it):
      self = .threadEnded(
        try ThreadSummary(field: "thread_ended.thread", it.thread),
        after: Duration(wire: it.afterNs),
        try DeathRecord(field: "thread_ended.death", it.death)
      )
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
    case .grace(let stage, let threads, let left):
      proto.grace.stage = stage.proto
      proto.grace.threads = threads.map(\.proto)
      proto.grace.leftNs = left.wireNanoseconds
    case .threadEnded(let thread, let after, let death):
      proto.threadEnded.thread = thread.proto
      proto.threadEnded.afterNs = after.wireNanoseconds
      proto.threadEnded.death = death.proto
    }
    return proto
  }
}

extension GraceStage {
  fileprivate var proto: ProtoGraceStage {
    switch self {
    case .asked: .asked
    case .terminated: .terminated
    case .over: .over
    }
  }
}
