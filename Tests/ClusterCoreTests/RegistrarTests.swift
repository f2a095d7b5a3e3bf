import Cluster
import HeddleModel
import HeddleWire
import Testing

/// A registrar under a clock of the test's.
private struct Desk {
  var registrar: Registrar
  var records: [JournalRecord] = []
  var now: Instant
  var effects: [RegistrarEffect] = []
  private var last: UInt64 = 0

  static let client = RegistrarClientID(rawValue: 1)
  static let other = RegistrarClientID(rawValue: 2)

  /// - Parameter settled: whether the time in which nothing is granted is over.
  init(from records: [JournalRecord] = [], bounds: RegistrarBounds = RegistrarBounds(), settled: Bool = true) {
    now = Instant(nanoseconds: 0)
    registrar = Registrar.recovered(
      from: records,
      orFounding: ClusterID(rawValue: 7),
      bounds: bounds,
      now: now,
      effects: &effects
    )
    self.records = records
    keepRecords()
    if settled { now = now.advanced(by: .seconds(6)) }
  }

  private mutating func keepRecords() {
    for effect in effects {
      switch effect {
      case .journal(let record): records.append(record)
      case .replaceJournal(let snapshot): records = [.snapshot(snapshot)]
      case .answer, .tell: break
      }
    }
  }

  @discardableResult
  mutating func ask(_ request: CoordinatorRequest, _ client: RegistrarClientID = client) -> CoordinatorResponse {
    last += 1
    effects = []
    let id = CoordinatorRequestID(rawValue: last)
    registrar.handle(request, id, from: client, now: now, effects: &effects)
    keepRecords()
    for case .answer(client, id, let answer) in effects { return answer.response }
    Issue.record("a request was not answered")
    return .unwatched
  }

  mutating func pass(_ span: Duration) {
    now = now.advanced(by: span)
    effects = []
    registrar.timePassed(now: now, effects: &effects)
    keepRecords()
  }

  mutating func lease(_ ttl: Duration = .seconds(6)) -> LeaseID {
    guard case .granted(let lease, _) = ask(.grant(ttl: ttl)) else { return LeaseID(rawValue: 0) }
    return lease
  }

  @discardableResult
  mutating func make(_ key: String, lease: LeaseID? = nil) -> CoordinatorResponse {
    let key = CoordinatorKey(key)
    return ask(.claim(CoordinatorTransaction(if: [.isAbsent(key)], then: [.put(key, "", lease: lease)])))
  }

  var told: [CoordinatorNews] {
    effects.compactMap { if case .tell(_, _, _, let news) = $0 { news } else { nil } }
  }
}

@Suite("Registrar")
struct RegistrarTests {
  @Test("a change is written down first, then answered, then told")
  func orderOfEffects() {
    var desk = Desk()
    desk.ask(.watch(prefix: "", from: Revision(rawValue: 1)), Desk.other)
    desk.make("a")
    let kinds = desk.effects.map { effect in
      switch effect {
      case .journal: "journal"
      case .replaceJournal: "replace"
      case .answer: "answer"
      case .tell: "tell"
      }
    }
    #expect(kinds == ["journal", "answer", "tell"])
  }

  @Test("what changes nothing is not written down")
  func noRecordWithoutChange() {
    var desk = Desk()
    let lease = desk.lease()
    let count = desk.records.count
    desk.ask(.get(prefix: ""))
    desk.ask(.keepAlive(lease))
    desk.ask(.claim(CoordinatorTransaction(if: [], then: [.delete(CoordinatorKey("absent"))])))
    desk.ask(.release(CoordinatorKey("absent"), created: Revision(rawValue: 1)))
    #expect(desk.records.count == count)
  }

  @Test("a registrar grants nothing for the longest time that it ever granted, and not even for a fresh journal")
  func settling() {
    var fresh = Desk(settled: false)
    #expect(fresh.ask(.grant(ttl: .seconds(6))) == .refused(.settling(remaining: .seconds(6))))
    fresh.pass(.seconds(6))
    _ = fresh.lease(.seconds(20))

    var again = Desk(from: fresh.records, settled: false)
    again.pass(.milliseconds(19_999))
    #expect(again.ask(.grant(ttl: .seconds(6))) == .refused(.settling(remaining: .milliseconds(1))))
    again.pass(.milliseconds(1))
    guard case .granted = again.ask(.grant(ttl: .seconds(6))) else {
      Issue.record("nothing granted after 20 s"); return
    }
  }

  @Test("while it settles nothing is put under a lease, but tombstones are, and leases are renewed")
  func settlingClaims() {
    var first = Desk()
    let lease = first.lease()
    var again = Desk(from: first.records, settled: false)
    #expect(again.make("names/x", lease: lease) == .refused(.settling(remaining: .seconds(6))))
    #expect(again.ask(.keepAlive(lease)) == .kept(lease))
    guard case .committed = again.make("closed/x") else { Issue.record("a tombstone was refused"); return }
  }

  @Test("after a restart every lease runs for its full time, and then ends")
  func leasesSurvive() {
    var first = Desk()
    let lease = first.lease()
    first.make("a", lease: lease)
    first.pass(.milliseconds(5_900))
    var again = Desk(from: first.records, settled: false)
    again.pass(.milliseconds(5_999))
    #expect(again.ask(.get(prefix: "a")) != .found([]))
    again.pass(.milliseconds(1))
    #expect(again.ask(.get(prefix: "a")) == .found([]))
    #expect(again.ask(.keepAlive(lease)) == .lost(lease))
  }

  @Test("a registrar that was stopped renews every lease instead of ending it")
  func stall() {
    var desk = Desk()
    let lease = desk.lease()
    desk.make("a", lease: lease)
    desk.pass(.seconds(30))
    #expect(desk.ask(.keepAlive(lease)) == .kept(lease))
    desk.pass(.seconds(6))
    #expect(desk.ask(.keepAlive(lease)) == .lost(lease))
  }

  @Test("what is read back from the records is what was there")
  func recovery() {
    var desk = Desk()
    let (first, second) = (desk.lease(), desk.lease())
    desk.make("a", lease: first)
    desk.make("b", lease: second)
    desk.make("c")
    desk.ask(.revoke(first))
    let before = desk.ask(.get(prefix: ""))
    var again = Desk(from: desk.records, settled: false)
    #expect(again.ask(.get(prefix: "")) == before)
    #expect(again.registrar.standing.revision == desk.registrar.standing.revision)
    #expect(again.registrar.standing.start > desk.registrar.standing.start)
    #expect(again.registrar.standing.cluster == desk.registrar.standing.cluster)
  }

  @Test("a long journal is replaced by a snapshot that says the same")
  func compaction() {
    var bounds = RegistrarBounds()
    bounds.recordsMax = 10
    var desk = Desk(bounds: bounds)
    let lease = desk.lease()
    for number in 0..<6 {
      desk.make("k/\(number)", lease: number.isMultiple(of: 2) ? lease : nil)
      guard case .committed(let created) = desk.make("temporary") else { continue }
      desk.ask(.release(CoordinatorKey("temporary"), created: created))
    }
    guard case .snapshot = desk.records.first else { Issue.record("20 records were not replaced"); return }
    #expect(desk.records.count < 14)
    var again = Desk(from: desk.records, settled: false)
    #expect(again.ask(.get(prefix: "")) == desk.ask(.get(prefix: "")))
    #expect(again.ask(.keepAlive(lease)) == .kept(lease))
  }

  @Test("a watch from a forgotten revision says from where on it can tell")
  func compactedHistory() {
    var bounds = RegistrarBounds()
    bounds.historyMax = 3
    var desk = Desk(bounds: bounds)
    for number in 1...5 { desk.make("k/\(number)") }
    #expect(desk.ask(.watch(prefix: "", from: Revision(rawValue: 2))) == .compacted(before: Revision(rawValue: 3)))
    #expect(desk.ask(.watch(prefix: "", from: Revision(rawValue: 3))) == .watching)
    #expect(desk.told.map(\.revision.rawValue) == [3, 4, 5])
  }

  @Test("a watch from the future is refused: who asks knows of changes that this registrar forgot")
  func future() {
    var desk = Desk()
    #expect(
      desk.ask(.watch(prefix: "", from: Revision(rawValue: 2)))
        == .refused(.future(asked: Revision(rawValue: 2), latest: .zero))
    )
  }

  @Test("a client that left is told nothing more, and its lease runs on")
  func clientLeft() {
    var desk = Desk()
    let lease = desk.lease()
    desk.ask(.watch(prefix: "", from: Revision(rawValue: 1)))
    desk.registrar.clientLeft(Desk.client)
    desk.make("a", lease: lease)
    #expect(desk.told.isEmpty)
    #expect(desk.ask(.keepAlive(lease), Desk.other) == .kept(lease))
  }

  @Test("all that there is fits into one answer: what would exceed it is refused, and what makes room is not")
  func bytes() {
    var desk = Desk()
    let value = String(repeating: "x", count: desk.registrar.bounds.valueBytesMax)
    func put(_ key: Int) -> CoordinatorRequest {
      .claim(CoordinatorTransaction(if: [], then: [.put(CoordinatorKey("k\(key)"), value, lease: nil)]))
    }
    var count = 0
    while case .committed = desk.ask(put(count)) { count += 1 }
    #expect(desk.ask(put(count)) == .refused(.tooManyKeys(most: count)))
    guard case .found(let entries) = desk.ask(.get(prefix: "")) else { preconditionFailure() }
    let answer = CoordinatorAnswer(standing: desk.registrar.standing, response: .found(entries))
    #expect(entries.count == count && answer.encoded().count <= BodyLimit.usual)
    let delete = CoordinatorTransaction(if: [], then: [.delete(CoordinatorKey("k0"))])
    guard case .committed = desk.ask(.claim(delete)), case .committed = desk.ask(put(0)) else {
      Issue.record("there is room again")
      return
    }
  }

  @Test("what exceeds a bound is refused with the bound")
  func bounds() {
    var bounds = RegistrarBounds()
    bounds.keysMax = 1
    bounds.leasesMax = 1
    bounds.watchesMax = 1
    bounds.valueBytesMax = 2
    bounds.transactionMax = 2
    var desk = Desk(bounds: bounds)
    _ = desk.lease()
    #expect(desk.ask(.grant(ttl: .seconds(6))) == .refused(.tooManyLeases(most: 1)))
    desk.make("a")
    #expect(desk.make("b") == .refused(.tooManyKeys(most: 1)))
    desk.ask(.watch(prefix: "", from: Revision(rawValue: 1)))
    #expect(desk.ask(.watch(prefix: "", from: Revision(rawValue: 1))) == .refused(.tooManyWatches(most: 1)))
    let long = CoordinatorTransaction(if: [], then: [.put(CoordinatorKey("a"), "123", lease: nil)])
    #expect(desk.ask(.claim(long)) == .refused(.valueTooLong(CoordinatorKey("a"), bytes: 3, most: 2)))
    let many = CoordinatorTransaction(if: [], then: ["a", "b", "c"].map { .delete(CoordinatorKey($0)) })
    #expect(desk.ask(.claim(many)) == .refused(.transactionTooLarge(count: 3, most: 2)))
    #expect(desk.make("white space") == .refused(.badKey(CoordinatorKey("white space"))))
    let least = bounds.ttl.lowerBound
    #expect(
      desk.ask(.grant(ttl: .zero)) == .refused(.ttl(asked: .zero, least: least, most: bounds.ttl.upperBound))
    )
  }

  @Test("a cluster that is founded anew begins with the revision that it is given, and keeps it")
  func firstRevision() {
    var effects: [RegistrarEffect] = []
    let now = Instant(nanoseconds: 0)
    let first = Registrar.recovered(
      from: [],
      orFounding: ClusterID(rawValue: 7),
      at: Revision(rawValue: 1_000),
      now: now,
      effects: &effects
    )
    #expect(first.standing.revision == Revision(rawValue: 1_000))
    var records: [JournalRecord] = []
    for case .journal(let record) in effects { records.append(record) }
    let second = Registrar.recovered(
      from: records,
      orFounding: ClusterID(rawValue: 8),
      at: Revision(rawValue: 2_000),
      now: now,
      effects: &effects
    )
    #expect(second.standing.revision == Revision(rawValue: 1_000))
    #expect(second.standing.cluster == ClusterID(rawValue: 7))
  }
}
