import Cluster
import HeddleModel
import Testing

@Suite("Coordinator messages and records")
struct CodingTests {
  static let entry = CoordinatorEntry(
    key: CoordinatorKey("names/x"),
    value: "node a\n",
    created: Revision(rawValue: 3),
    modified: Revision(rawValue: 4),
    lease: LeaseID(rawValue: 5)
  )
  static let plain = CoordinatorEntry(
    key: CoordinatorKey("closed/y"),
    value: "",
    created: Revision(rawValue: 6),
    modified: Revision(rawValue: 6),
    lease: nil
  )

  @Test(
    "a request is what it was",
    arguments: [
      CoordinatorRequest.grant(ttl: .seconds(6)), .keepAlive(LeaseID(rawValue: 1)), .revoke(LeaseID(rawValue: 2)),
      .claim(
        CoordinatorTransaction(
          if: [.isAbsent(CoordinatorKey("a")), .init(CoordinatorKey("b"), created: Revision(rawValue: 3))],
          then: [
            .put(CoordinatorKey("a"), "", lease: nil), .put(CoordinatorKey("c"), "x", lease: LeaseID(rawValue: 1)),
            .delete(CoordinatorKey("b")),
          ]
        )
      ),
      .release(CoordinatorKey("a"), created: Revision(rawValue: 3)), .get(prefix: ""), .get(prefix: "names/"),
      .watch(prefix: "n", from: Revision(rawValue: 8)), .unwatch(CoordinatorRequestID(rawValue: 9)),
    ]
  )
  func request(_ request: CoordinatorRequest) throws {
    #expect(try CoordinatorRequest(decoding: request.encoded()) == request)
  }

  static let refusals: [CoordinatorRefusal] = [
    .settling(remaining: .milliseconds(20)), .ttl(asked: .seconds(1), least: .seconds(2), most: .seconds(3)),
    .noLease(LeaseID(rawValue: 4)), .badKey(CoordinatorKey("a b")), .keyTwice(CoordinatorKey("a")),
    .valueTooLong(CoordinatorKey("a"), bytes: 9, most: 8), .transactionTooLarge(count: 9, most: 8),
    .tooManyKeys(most: 1), .tooManyLeases(most: 2), .tooManyWatches(most: 3),
    .future(asked: Revision(rawValue: 9), latest: Revision(rawValue: 8)), .noWatch(CoordinatorRequestID(rawValue: 4)),
  ]

  @Test(
    "an answer is what it was",
    arguments: [
      CoordinatorResponse.granted(LeaseID(rawValue: 1), ttl: .seconds(6)), .kept(LeaseID(rawValue: 1)),
      .lost(LeaseID(rawValue: 1)), .revoked(LeaseID(rawValue: 1)), .committed(Revision(rawValue: 9)),
      .conflicted([entry, nil, plain]), .found([]), .found([plain, entry]), .watching,
      .compacted(before: Revision(rawValue: 4)), .unwatched,
    ] + refusals.map { .refused($0) }
  )
  func answer(_ response: CoordinatorResponse) throws {
    let standing = CoordinatorStanding(
      cluster: ClusterID(rawValue: .max),
      start: RegistrarStart(rawValue: 2),
      revision: Revision(rawValue: 3)
    )
    let answer = CoordinatorAnswer(standing: standing, response: response)
    #expect(try CoordinatorAnswer(decoding: answer.encoded()) == answer)
  }

  @Test("news are what they were")
  func news() throws {
    let news = CoordinatorNews(
      revision: Revision(rawValue: 7),
      events: [
        .put(Self.entry, previous: nil), .put(Self.entry, previous: Self.plain), .deleted(Self.plain),
      ]
    )
    #expect(try CoordinatorNews(decoding: news.encoded()) == news)
  }

  @Test("a message without its command is refused by name")
  func empty() {
    #expect(throws: (any Error).self) { try CoordinatorRequest(decoding: []) }
    #expect(throws: (any Error).self) { try CoordinatorAnswer(decoding: []) }
    #expect(throws: (any Error).self) { try JournalRecord(decoding: []) }
  }

  @Test("keys say what they stand for, also of nodes with dots in their names")
  func keys() {
    let node: NodeName = "b.example.org"
    let custodian = SharedCustodianID(node: node, incarnation: Incarnation(rawValue: 0x3f), number: 0x12)
    #expect(custodian.description == "b.example.org.3f.12")
    let keys: [ClusterKey] = [
      .node(node), .name("x"), .custodian(custodian), .closed(custodian), .part(custodian, node),
      .fence(node),
    ]
    for key in keys { #expect(ClusterKey(key.key) == key) }
  }

  @Test("a key of a later version stands for nothing", arguments: ["later/x", "names/", "part/a", "cust/b.x", "x"])
  func unknownKeys(_ text: String) {
    #expect(ClusterKey(CoordinatorKey(text)) == nil)
  }

  @Test("the values of keys are what they were, and skip what they don't know")
  func records() throws {
    let node = NodeRecord(
      endpoints: ["127.0.0.1:7", "exec:ssh b heddle link"],
      incarnation: Incarnation(rawValue: 0xab),
      seat: Seat(rawValue: 0xcd),
      version: "1.2"
    )
    #expect(try NodeRecord(reading: "later x\n" + node.text) == node)
    let a: NodeName = "a"
    let name = NameRecord(node: a, epoch: Epoch(rawValue: 12), thread: ThreadID(rawValue: 0x7f))
    #expect(name.text == "node a\nepoch 12\nthread 7f\n")
    #expect(try NameRecord(reading: name.text) == name)
    let id = SharedCustodianID(node: a, incarnation: Incarnation(rawValue: 1), number: 2)
    for parent in [nil, id] {
      for policy in HomeLossPolicy.allCases {
        let record = SharedCustodianRecord(parent: parent, home: a, homeEpoch: Epoch(rawValue: 3), onHomeLoss: policy)
        #expect(try SharedCustodianRecord(reading: record.text) == record)
      }
    }
    for reason in TombstoneRecord.Reason.allCases {
      let tombstone = TombstoneRecord(reason: reason, by: a)
      #expect(try TombstoneRecord(reading: tombstone.text) == tombstone)
    }
    #expect(try FenceRecord(reading: FenceRecord(epoch: Epoch(rawValue: 4)).text).epoch == Epoch(rawValue: 4))
  }
}
