import DequeModule
package import HeddleModel

/// The static coordinator: one supervisor of the cluster keeps the keys, in memory and in a journal.
///
/// One method an input; what is to be done goes to the end of `effects`. There is no election and no second copy: while
/// the registrar is away, the coordinator is lost, and the members fence themselves.
///
/// A lease runs by this value's clock from when its renewal was received. After a restart, and after a stall, every lease
/// runs for its full time again, since members may have renewed in vain.
package struct Registrar: Equatable, Sendable {
  /// Whether it grants.
  enum Phase: Equatable, Sendable {
    /// It began not long ago. Should the journal have lost a lease, its holder fences itself before anything is granted.
    case settling(until: Instant)
    case open
  }

  struct Watch: Equatable, Sendable {
    let client: RegistrarClientID
    let id: CoordinatorRequestID
    let prefix: String
  }

  package let bounds: RegistrarBounds
  var registry: Registry
  var phase: Phase
  /// When each lease runs out.
  var expiries: [LeaseID: Instant] = [:]
  /// The latest changes, oldest first.
  var history: Deque<CoordinatorNews> = []
  /// The first revision that a watch may begin with.
  var oldest: Revision
  /// In the order in which they began.
  var watches: [Watch] = []
  /// Since the last snapshot.
  var recordCount: Int

  /// How late time may be told before it counts as a stall.
  package static let stallAllowance = Duration.seconds(1)

  init(registry: Registry, phase: Phase, recordCount: Int, bounds: RegistrarBounds) {
    self.registry = registry
    self.phase = phase
    self.bounds = bounds
    self.recordCount = recordCount
    oldest = registry.revision.next
  }

  package var standing: CoordinatorStanding { registry.standing }

  // MARK: - Requests

  /// A client asks. Each request is answered once, and before the next one's answer.
  package mutating func handle(
    _ request: CoordinatorRequest,
    _ id: CoordinatorRequestID,
    from client: RegistrarClientID,
    now: Instant,
    effects: inout [RegistrarEffect]
  ) {
    openIfSettled(now)
    func answer(_ response: CoordinatorResponse, _ registrar: Registrar) {
      effects.append(.answer(client, id, CoordinatorAnswer(standing: registrar.standing, response: response)))
    }
    switch request {
    case .grant(let ttl): answer(grant(ttl, now: now, effects: &effects), self)
    case .keepAlive(let lease): answer(keepAlive(lease, now: now), self)
    case .get(let prefix): answer(.found(registry.entries(with: prefix)), self)
    case .unwatch(let watch): answer(unwatch(watch, of: client), self)
    case .watch(let prefix, let revision):
      let response = refusalOfWatch(from: revision) ?? .watching
      answer(response, self)
      guard response == .watching else { break }
      begin(Watch(client: client, id: id, prefix: prefix), from: revision, effects: &effects)
    case .revoke(let lease):
      guard registry.leases[lease] != nil else { return answer(.lost(lease), self) }
      let news = end(lease, effects: &effects)
      answer(.revoked(lease), self)
      publish(news, effects: &effects)
    case .claim(let transaction):
      let (response, news) = commit(transaction, now: now, effects: &effects)
      answer(response, self)
      publish(news, effects: &effects)
    case .release(let key, let created):
      let transaction = CoordinatorTransaction(
        if: [CoordinatorTransaction.Condition(key, created: created)],
        then: [.delete(key)]
      )
      let (response, news) = commit(transaction, now: now, effects: &effects)
      answer(response, self)
      publish(news, effects: &effects)
    }
    replaceJournalIfLong(effects: &effects)
  }

  /// The client's connection ended: its watches go. What it asked for was done or not; its leases run on.
  package mutating func clientLeft(_ client: RegistrarClientID) {
    watches.removeAll { $0.client == client }
  }

  // MARK: - Records

  /// Writes down what is done, and does it.
  ///
  /// - Returns: what changed, for `publish`, which comes after the answer to whoever caused it.
  mutating func record(_ record: JournalRecord, effects: inout [RegistrarEffect]) -> CoordinatorNews? {
    effects.append(.journal(record))
    recordCount += 1
    let events = registry.apply(record)
    return events.isEmpty ? nil : CoordinatorNews(revision: registry.revision, events: events)
  }

  private mutating func replaceJournalIfLong(effects: inout [RegistrarEffect]) {
    guard recordCount >= max(bounds.recordsMax, 2 * registry.entries.count) else { return }
    recordCount = 0
    effects.append(.replaceJournal(registry.snapshot))
  }

  // MARK: - Transactions

  private mutating func commit(
    _ transaction: CoordinatorTransaction,
    now: Instant,
    effects: inout [RegistrarEffect]
  ) -> (CoordinatorResponse, CoordinatorNews?) {
    if let refusal = refusal(of: transaction, now: now) { return (.refused(refusal), nil) }
    let holds = transaction.conditions.allSatisfy { (registry.entries[$0.key]?.created ?? .zero) == $0.created }
    guard holds else { return (.conflicted(transaction.conditions.map { registry.entries[$0.key] }), nil) }
    // A change that changes nothing is none.
    let operations = transaction.operations.filter { operation in
      if case .delete(let key) = operation { registry.entries[key] != nil } else { true }
    }
    guard !operations.isEmpty else { return (.committed(registry.revision), nil) }
    let news = record(.committed(operations, registry.revision.next), effects: &effects)
    return (.committed(registry.revision), news)
  }

  private func refusal(of transaction: CoordinatorTransaction, now: Instant) -> CoordinatorRefusal? {
    let count = transaction.conditions.count + transaction.operations.count
    guard count <= bounds.transactionMax else {
      return .transactionTooLarge(count: count, most: bounds.transactionMax)
    }
    for condition in transaction.conditions where !condition.key.isWellFormed { return .badKey(condition.key) }
    var keys: Set<CoordinatorKey> = []
    var (added, bytes) = (0, registry.entries.values.reduce(0) { $0 + $1.size })
    for operation in transaction.operations {
      if !operation.key.isWellFormed { return .badKey(operation.key) }
      if !keys.insert(operation.key).inserted { return .keyTwice(operation.key) }
      guard case .put(let key, let value, let lease) = operation else { continue }
      if let refusal = refusal(ofPut: key, value, lease: lease, now: now) { return refusal }
      if registry.entries[key] == nil { added += 1 }
      bytes += key.text.utf8.count + value.utf8.count + CoordinatorEntry.overhead - (registry.entries[key]?.size ?? 0)
    }
    guard registry.entries.count + added <= bounds.keysMax else { return .tooManyKeys(most: bounds.keysMax) }
    let isLarger = transaction.operations.contains { if case .put = $0 { true } else { false } }
    return isLarger && bytes > bounds.bytesMax ? .tooManyKeys(most: registry.entries.count) : nil
  }

  private func refusal(
    ofPut key: CoordinatorKey,
    _ value: String,
    lease: LeaseID?,
    now: Instant
  ) -> CoordinatorRefusal? {
    guard value.utf8.count <= bounds.valueBytesMax else {
      return .valueTooLong(key, bytes: value.utf8.count, most: bounds.valueBytesMax)
    }
    guard let lease else { return nil }
    guard registry.leases[lease] != nil else { return .noLease(lease) }
    // What would be held is granted as little as a lease is.
    if case .settling(let until) = phase { return .settling(remaining: now.span(until: until)) }
    return nil
  }
}
