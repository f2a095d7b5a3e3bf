package import HeddleModel
package import HeddleWire

/// What a supervisor tells those who look on.
extension Supervisor {
  /// What happened, one page of it; if the query waits, when there is something to tell.
  package func history(_ query: HistoryQuery) async throws(ClientError) -> HistoryPage {
    let reply = try await answer(to: .history(query))
    guard case .history(let page) = reply else { throw unexpectedAnswer() }
    return page
  }

  /// All that is known of a thread, but for its mail and its log.
  package func show(_ thread: ThreadReference) async throws(ClientError) -> ThreadDetail {
    let reply = try await answer(to: .show(thread))
    guard case .threadDetail(let detail) = reply else { throw unexpectedAnswer() }
    return detail
  }

  /// The nodes of the supervisor's cluster, as it sees them.
  package func nodes() async throws(ClientError) -> NodeListing {
    let reply = try await answer(to: .nodes)
    guard case .nodes(let listing) = reply else { throw unexpectedAnswer() }
    return listing
  }

  /// The names that no two threads of the cluster have at a time, as far as the supervisor has heard.
  package func globalNames() async throws(ClientError) -> [GlobalName] {
    let reply = try await answer(to: .names)
    guard case .names(let names) = reply else { throw unexpectedAnswer() }
    return names
  }

  /// What the shutdown of a custodian would do now.
  package func shutdownPlan(
    of path: CustodianPath,
    on node: EntityName? = nil
  ) async throws(ClientError) -> ShutdownPlan {
    let reply = try await answer(to: .shutdownPlan(path), on: node)
    guard case .shutdownPlan(let plan) = reply else { throw unexpectedAnswer() }
    return plan
  }
}

/// A walk along a supervisor's history, page by page, at the walker's pace: the supervisor keeps nothing for it.
package struct HistoryWalk {
  private let supervisor: Supervisor
  private var query: HistoryQuery
  private var isFirst = true
  /// Whether there is no more to come without waiting.
  package private(set) var isUpToDate = false

  /// - Parameter query: where it begins, and what it wants to see.
  package init(_ query: HistoryQuery, of supervisor: Supervisor) {
    self.supervisor = supervisor
    self.query = query
  }

  /// The next happenings.
  ///
  /// - Parameter waits: whether to wait for the next if there is none; else there may be none.
  /// - Returns: with how many were lost since the last, because the walker was slow.
  package mutating func next(
    waiting waits: Bool
  ) async throws(ClientError) -> (happenings: [Happening], lost: UInt64) {
    query.waits = waits
    let page = try await supervisor.history(query)
    defer { isFirst = false }
    query.after = page.through
    // All that comes behind what was told is as new, or newer; by then a span would begin later.
    if case .age = query.since { query.since = nil }
    if !page.hasMore { query.newest = nil }
    isUpToDate = !page.hasMore
    return (page.happenings, isFirst ? 0 : page.lost)
  }
}
