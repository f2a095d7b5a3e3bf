internal import DequeModule
package import HeddleModel
package import HeddleWire

/// What happened, as far as it is remembered: the last of it, within two bounds.
package struct History: Equatable, Codable, Sendable {
  /// The most happenings that are kept, and the most bytes that these may have as `size` counts them.
  package static let countMax = 10_000
  package static let bytesMax = 4 << 20

  /// Oldest first, with consecutive numbers.
  private var kept: Deque<Happening> = []
  /// What `kept` comes to in bytes.
  private var bytes = 0
  /// The number of the last happening; 0 before the first.
  package private(set) var last: UInt64 = 0

  package init() {}

  /// How many are kept.
  package var count: Int { kept.count }

  /// The number of the oldest that is kept; that of the next to come if there is none.
  private var first: UInt64 { last + 1 - UInt64(kept.count) }

  /// Something has happened; the oldest make room.
  package mutating func append(
    _ what: Happening.What,
    _ thread: Happening.Subject?,
    by: String,
    at instant: Instant,
    _ time: Moment
  ) {
    last += 1
    let happening = Happening(number: last, time: time, instant: instant, what: what, thread: thread, by: by)
    kept.append(happening)
    bytes += happening.size
    while kept.count > Self.countMax || bytes > Self.bytesMax, let oldest = kept.popFirst() { bytes -= oldest.size }
  }

  /// What a query is told now.
  ///
  /// - Parameters:
  ///   - thread: the thread that the query names.
  ///   - bytesMax: of the happenings, as `size` counts them; one is told in any case.
  package func page(_ query: HistoryQuery, of thread: ThreadID?, bytesMax: Int, at now: Instant) -> HistoryPage {
    let before = first - 1
    let lost = before > query.after ? before - query.after : 0
    var chosen: [Happening] = []
    var free = bytesMax
    for happening in candidates(query, of: thread, at: now) {
      guard chosen.isEmpty || happening.size <= free else {
        return HistoryPage(happenings: chosen, through: happening.number - 1, hasMore: true, lost: lost)
      }
      free -= happening.size
      chosen.append(happening)
    }
    return HistoryPage(happenings: chosen, through: max(last, query.after), lost: lost)
  }

  /// All that the query asks for, oldest first.
  private func candidates(
    _ query: HistoryQuery,
    of thread: ThreadID?,
    at now: Instant
  ) -> some Sequence<Happening> {
    let known = query.after < first ? 0 : Int(min(query.after - first + 1, UInt64(kept.count)))
    let matching = kept[known...].lazy.filter { $0.matches(query, of: thread, at: now) }
    guard let newest = query.newest else { return AnySequence(matching) }
    return AnySequence(matching.reversed().prefix(newest).reversed())
  }
}

extension Happening {
  /// About how many bytes it takes, here and on the wire: not less than there.
  fileprivate var size: Int {
    let text =
      switch what {
      case .logDegraded(let text), .logRestored(let text), .daemonStarted(let text): text
      case .node(let node, _): node.text
      case .failed(let death), .dead(let death): death.cause.text
      case .spawned, .started, .suspended, .resumed, .broken, .ending, .mailEnded: ""
      case .custodianMade, .graceBegun, .shutdownBegun, .shutdownComplete, .daemonEnding: ""
      }
    return 192 + by.utf8.count + text.utf8.count + (custodian?.description.utf8.count ?? 0)
  }

  fileprivate func matches(_ query: HistoryQuery, of thread: ThreadID?, at now: Instant) -> Bool {
    guard query.kinds.isEmpty || query.kinds.contains(kind), thread == nil || self.thread?.id == thread else {
      return false
    }
    return switch query.since {
    case .age(let age): now - instant <= age
    case .time(let time): self.time >= time
    case nil: true
    }
  }
}

extension DeathCause {
  /// What it holds of text.
  fileprivate var text: String {
    switch self {
    case .failedToStart(_, let stage): stage
    case .killed(let by): by
    case .custodianShutDown(let path): path.description
    case .nodeLost(let node): node.text
    case .exited, .signalled, .daemonEnded, .timedOut: ""
    }
  }
}
