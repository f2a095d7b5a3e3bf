import Cluster
import Testing

@Suite("Journal")
struct JournalTests {
  static let snapshot = RegistrarSnapshot(
    cluster: ClusterID(rawValue: 7),
    start: RegistrarStart(rawValue: 2),
    revision: Revision(rawValue: 9),
    lastLease: LeaseID(rawValue: 4),
    longestTTL: .seconds(6),
    leases: [RegistrarSnapshot.Lease(id: LeaseID(rawValue: 4), ttl: .seconds(6))],
    entries: [
      CoordinatorEntry(
        key: CoordinatorKey("a"),
        value: "1",
        created: Revision(rawValue: 8),
        modified: Revision(rawValue: 9),
        lease: LeaseID(rawValue: 4)
      )
    ]
  )
  static let records: [JournalRecord] = [
    .snapshot(snapshot),
    .started(ClusterID(rawValue: 7), RegistrarStart(rawValue: 3), from: Revision(rawValue: 9)),
    .granted(LeaseID(rawValue: 5), ttl: .milliseconds(1_500)),
    .committed(
      [.put(CoordinatorKey("b"), "two\n", lease: LeaseID(rawValue: 5)), .delete(CoordinatorKey("a"))],
      Revision(rawValue: 10)
    ),
    .ended(LeaseID(rawValue: 5), Revision(rawValue: 11)),
  ]

  /// All records, each on the disk before the next one was written, unless `isSynced` is false.
  private func journal(isSynced: Bool = true) -> (bytes: [UInt8], ends: [Int]) {
    var writer = Journal.Writer()
    var bytes: [UInt8] = []
    var ends: [Int] = []
    for record in Self.records {
      bytes += writer.bytes(of: record)
      ends.append(bytes.count)
      if isSynced { writer.synced() }
    }
    return (bytes, ends)
  }

  @Test("what was written is read, record by record")
  func roundTrip() throws {
    let (bytes, _) = journal()
    let contents = try Journal.read(bytes)
    #expect(contents.records == Self.records)
    #expect(contents.count == bytes.count)
  }

  @Test("an empty journal has no records")
  func empty() throws {
    #expect(try Journal.read([]).records.isEmpty)
  }

  @Test("the format stays: a record's bytes are these")
  func format() {
    var writer = Journal.Writer()
    let bytes = writer.bytes(of: .ended(LeaseID(rawValue: 5), Revision(rawValue: 11)))
    let head: [UInt8] = [0x68, 0x6a, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(Array(bytes.prefix(24)) == head)
    #expect(Array(bytes.suffix(6)) == [0x1a, 4, 8, 5, 16, 11])
    #expect(bytes.count == 34)
  }

  @Test("the checksum is the one of RFC 3720: nine digits give e3069283")
  func checksum() {
    var checksum = Checksum()
    checksum.add("123456789".utf8)
    #expect(checksum.value == 0xe306_9283)
  }

  @Test("a journal cut off anywhere gives the records before the cut, and appending goes on there")
  func tornTail() throws {
    let (bytes, ends) = journal()
    for count in bytes.indices {
      let contents = try Journal.read(Array(bytes.prefix(count)))
      let whole = ends.filter { $0 <= count }.count
      #expect(contents.records == Array(Self.records.prefix(whole)))
      #expect(contents.count == (whole == 0 ? 0 : ends[whole - 1]))
      var writer = contents.writer
      var mended = Array(bytes.prefix(contents.count))
      mended += writer.bytes(of: Self.records[0])
      #expect(try Journal.read(mended).records.count == whole + 1)
    }
  }

  @Test("a tail of zeros is a torn tail")
  func zeros() throws {
    let (bytes, _) = journal()
    let contents = try Journal.read(bytes + [UInt8](repeating: 0, count: 4_096))
    #expect(contents.records == Self.records && contents.count == bytes.count)
  }

  @Test("a damaged byte in a record that had been on the disk is refused, wherever it is")
  func damage() {
    let (bytes, ends) = journal()
    for offset in 0..<ends[ends.count - 2] {
      var damaged = bytes
      damaged[offset] ^= 0x40
      let record = ends.filter { $0 <= offset }.count
      let start = record == 0 ? 0 : ends[record - 1]
      #expect(throws: JournalError.damaged(record: UInt64(record) + 1, offset: start)) { try Journal.read(damaged) }
    }
  }

  @Test("of records that were not on the disk yet, any part may be missing")
  func unsyncedHole() throws {
    let (bytes, ends) = journal(isSynced: false)
    var torn = bytes
    for offset in ends[1]..<ends[2] { torn[offset] = 0 }
    #expect(try Journal.read(torn).records == Array(Self.records.prefix(2)))
  }

  @Test("a record of a later format is refused, and not taken for damage")
  func laterFormat() {
    var (bytes, ends) = journal()
    let start = ends[3]
    bytes[start + 3] = 2
    var checksum = Checksum()
    checksum.add(bytes[start..<start + 24])
    checksum.add(bytes[(start + 28)...])
    for index in 0..<4 {
      bytes[start + 24 + index] = UInt8(truncatingIfNeeded: checksum.value >> (24 - 8 * UInt32(index)))
    }
    #expect(throws: JournalError.version(2, offset: start)) { try Journal.read(bytes) }
  }
}
