internal import HeddleModel
internal import HeddleWire

// What happened, and those who wait to be told of it.

extension Node {
  /// What the daemon's own log files have to say: one can't be written, or can again.
  ///
  /// - Parameter name: the log's, as `logName` gives it.
  package mutating func logFileChanged(_ name: String, isLost: Bool, _ sentence: String) {
    let thread = (try? EntityName(name)).flatMap { names[$0] }
    record(isLost ? .logDegraded("\(name): \(sentence)") : .logRestored("\(name): \(sentence)"), of: thread)
  }

  /// To follow each input: now those are answered who waited for a death, and the dead can go that nobody is to remember.
  package mutating func inputEnded(effects: inout Effects) {
    if !transients.isEmpty { forgetTransients() }
    tellFollowers(effects: &effects)
  }

  /// Tells those who wait for something to happen.
  private mutating func tellFollowers(effects: inout Effects) {
    guard toldThrough != history.last else { return }
    toldThrough = history.last
    for id in followers.sorted() {
      for (request, query) in (connections[id]?.historyWaits ?? [:]).sorted(by: { $0.key < $1.key }) {
        tell(query, to: id, request, effects: &effects)
      }
      if connections[id]?.historyWaits.isEmpty != false { followers.remove(id) }
    }
  }

  /// Remembers that something has happened, now.
  ///
  /// - Parameter by: who asked for it; nil is whoever is being served.
  mutating func record(_ what: Happening.What, of thread: ThreadID? = nil, by: String? = nil) {
    let subject = thread.map { Happening.Subject(id: $0, name: entities[$0]?.name) }
    history.append(what, subject, by: by ?? asker, at: now, date)
  }

  // MARK: - Requests

  /// - Returns: the answer; nil when it comes later.
  mutating func tellHistory(_ query: HistoryQuery, for inquiry: Inquiry) throws(WireRefusal) -> Reply? {
    var query = query
    // A name may be another thread's by the time that something happens.
    if let thread = query.thread { query.thread = .id(try find(thread, to: "tell the history of")) }
    let page = page(query, for: inquiry.connection)
    guard page.happenings.isEmpty, query.waits else { return .history(page) }
    try requireRoom(for: inquiry, "wait for", "what happens")
    // What was looked at is not looked at again.
    query.after = page.through
    connections[inquiry.connection]?.historyWaits[inquiry.request] = query
    followers.insert(inquiry.connection)
    return nil
  }

  private mutating func tell(
    _ query: HistoryQuery,
    to id: ConnectionID,
    _ request: RequestID,
    effects: inout Effects
  ) {
    let page = page(query, for: id)
    if page.happenings.isEmpty {
      connections[id]?.historyWaits[request]?.after = page.through
    } else {
      connections[id]?.historyWaits[request] = nil
      effects.append(.send(id, .reply(.history(page), request)))
    }
  }

  private func page(_ query: HistoryQuery, for id: ConnectionID) -> HistoryPage {
    var thread: ThreadID?
    if case .id(let id) = query.thread { thread = id }
    let bytesMax = (connections[id]?.bodyMax ?? 0) - Limits.frameSlack
    return history.page(query, of: thread, bytesMax: bytesMax, at: now)
  }
}
