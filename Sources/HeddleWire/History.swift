internal import HeddleMessages
internal import HeddleModel

/// Which happenings a client wants to know of.
package struct HistoryQuery: Hashable, Codable, Sendable {
  package enum Since: Hashable, Codable, Sendable {
    /// In the last so much time, by the clock that nobody sets.
    case age(Duration)
    /// At this time of the wall clock, or later.
    case time(Moment)
  }

  /// Only those with higher numbers.
  package var after: UInt64
  package var since: Since?
  /// Only these kinds; all if there are none.
  package var kinds: Set<Happening.Kind>
  package var thread: ThreadReference?
  /// Only the last so many of those that would be told; none tells where the history is.
  package var newest: Int?
  /// If there is nothing to tell, the answer comes when there is.
  package var waits: Bool

  package init(
    after: UInt64 = 0,
    since: Since? = nil,
    kinds: Set<Happening.Kind> = [],
    thread: ThreadReference? = nil,
    newest: Int? = nil,
    waits: Bool = false
  ) {
    self.after = after
    self.since = since
    self.kinds = kinds
    self.thread = thread
    self.newest = newest
    self.waits = waits
  }
}

/// A part of what happened.
package struct HistoryPage: Hashable, Codable, Sendable {
  /// By ascending number.
  package let happenings: [Happening]
  /// Nothing before or at this number is left to tell.
  package let through: UInt64
  /// There is more than fits one answer.
  package let hasMore: Bool
  /// How many happenings behind the query's `after` are not kept any more.
  package let lost: UInt64

  package init(happenings: [Happening], through: UInt64, hasMore: Bool = false, lost: UInt64 = 0) {
    self.happenings = happenings
    self.through = through
    self.hasMore = hasMore
    self.lost = lost
  }
}

// MARK: - On the wire

extension HistoryQuery {
  init(_ proto: ProtoGetHistory) throws(WireDecodingError) {
    var kinds: Set<Happening.Kind> = []
    for kind in proto.kinds { kinds.insert(try Happening.Kind(field: "history.kinds", enumeration: kind.rawValue)) }
    let since: Since? =
      switch proto.since {
      case .ageNs(let age): .age(Duration(wire: age))
      case .timeNs(let time): .time(Moment(nanoseconds: time))
      case nil: nil
      }
    self.init(
      after: proto.after,
      since: since,
      kinds: kinds,
      thread: proto.hasThread ? try ThreadReference(field: "history.thread", proto.thread) : nil,
      newest: proto.hasNewest ? try Int(field: "history.newest", proto.newest) : nil,
      waits: proto.wait
    )
  }

  var proto: ProtoGetHistory {
    var proto = ProtoGetHistory()
    proto.after = after
    switch since {
    case .age(let age): proto.since = .ageNs(age.wireNanoseconds)
    case .time(let time): proto.since = .timeNs(time.nanoseconds)
    case nil: break
    }
    proto.kinds = kinds.sorted { $0.rawValue < $1.rawValue }.map(\.proto)
    if let thread { proto.thread = thread.proto }
    if let newest { proto.newest = UInt64(clamping: newest) }
    proto.wait = waits
    return proto
  }
}

extension HistoryPage {
  init(_ proto: ProtoHistory) throws(WireDecodingError) {
    self.init(
      happenings: try proto.happenings.map { happening throws(WireDecodingError) in
        try Happening(field: "history.happenings", happening)
      },
      through: proto.through,
      hasMore: proto.more,
      lost: proto.lost
    )
  }

  var proto: ProtoHistory {
    var proto = ProtoHistory()
    proto.happenings = happenings.map(\.proto)
    proto.through = through
    proto.more = hasMore
    proto.lost = lost
    return proto
  }
}
