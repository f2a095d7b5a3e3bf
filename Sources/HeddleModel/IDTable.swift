/// The records of everything that ever got an identifier and still has one, found in constant time.
///
/// Identifiers are a counter, so the table is an array of pages of 64 records; a page goes when its last record goes.
/// Iteration is in the order of creation, on every run.
package struct IDTable<ID: Identifier, Record> {
  private static var pageSize: Int { 64 }

  /// The records of 64 identifiers, or none when all are gone, and how many are there.
  fileprivate struct Page {
    var records: [Record?] = []
    var count = 0
  }

  /// A directory of two words for 64 identifiers ever given out (32 MiB after 100 million of them); a page without records
  /// is empty, but for the first and the latest one.
  ///
  /// The slot of identifier 0, which is nobody's, is always empty: whatever is not there is looked up there.
  private var pages = [Page(records: Array(repeating: nil, count: IDTable.pageSize))]
  /// The number of records.
  package private(set) var count = 0
  /// The identifier that the next insertion gives.
  package private(set) var next = ID(rawValue: 1)
  package init() {}

  /// Whether `id` was given out, whether or not its record still exists.
  package func wasUsed(_ id: ID) -> Bool { id.rawValue > 0 && id < next }

  /// Whether `id` has a record.
  @inline(__always)
  package func contains(_ id: ID) -> Bool {
    let (page, slot) = place(of: id)
    return pages[page].records[slot] != nil
  }

  /// Adds `record` under the next identifier, which it returns.
  @inline(__always)
  package mutating func insert(_ record: Record) -> ID {
    let id = reserve()
    put(record, at: id)
    return id
  }

  /// Gives out the next identifier without a record; `insert(_:under:)` can add one.
  @inline(__always)
  mutating func reserve() -> ID {
    let id = next
    next = ID(rawValue: id.rawValue + 1)
    return id
  }

  /// Adds the record of an identifier that was reserved.
  @inline(__always)
  mutating func insert(_ record: Record, under id: ID) {
    precondition(wasUsed(id) && self[id] == nil, "a record is added once, under an identifier that was given out")
    put(record, at: id)
  }

  /// Removes the record of `id`, if there is one, and returns it.
  @inline(__always)
  @discardableResult
  package mutating func remove(_ id: ID) -> Record? {
    let (page, slot) = place(of: id)
    guard let record = pages[page].records[slot].take() else { return nil }
    count -= 1
    pages[page].count -= 1
    // The latest page stays: the next record will be there.
    if pages[page].count == 0, page > 0, page < pages.count - 1 { pages[page].records = [] }
    return record
  }

  /// The record of `id`, in place; nil when there is none. Assigning is not a way to add or to remove one.
  package subscript(id: ID) -> Record? {
    @inline(__always) _read {
      let (page, slot) = place(of: id)
      yield pages[page].records[slot]
    }
    @inline(__always) _modify {
      let (page, slot) = place(of: id)
      yield &pages[page].records[slot]
    }
  }

  /// What `look` finds in the record of `id`, if there is one. For the hot path, where an accessor that yields would
  /// allocate its coroutine's frame.
  @inline(__always)
  func look<Found>(_ id: ID, _ look: (Record) -> Found) -> Found? {
    let (page, slot) = place(of: id)
    guard let record = pages[page].records[slot] else { return nil }
    return look(record)
  }

  /// Changes the record of `id` in place; nil when there is none. For the hot path, as `look`.
  @inline(__always)
  @discardableResult
  mutating func modify<Result>(_ id: ID, _ change: (inout Record?) -> Result) -> Result {
    let (page, slot) = place(of: id)
    var directory = pages.mutableSpan
    var records = directory[page].records.mutableSpan
    return change(&records[slot])
  }

  /// The identifiers of all records, in the order of creation.
  package var ids: [ID] {
    pages.indices.flatMap { page in
      pages[page].records.indices.compactMap { slot in
        pages[page].records[slot] == nil ? nil : ID(rawValue: UInt64(page * Self.pageSize + slot))
      }
    }
  }

  /// All records with their identifiers, in the order of creation.
  package var pairs: [(ID, Record)] {
    pages.indices.flatMap { page in
      pages[page].records.indices.compactMap { slot in
        pages[page].records[slot].map { (ID(rawValue: UInt64(page * Self.pageSize + slot)), $0) }
      }
    }
  }

  @inline(__always)
  private mutating func put(_ record: Record, at id: ID) {
    let position = Int(id.rawValue)
    let page = position / Self.pageSize
    if page >= pages.count || pages[page].records.isEmpty { addPage(page) }
    pages[page].records[position % Self.pageSize] = record
    pages[page].count += 1
    count += 1
  }

  /// Makes a page without records, from the one that was the latest if that has none either.
  private mutating func addPage(_ page: Int) {
    let latest = pages.count - 1
    while pages.count <= page { pages.append(Page()) }
    if latest > 0, pages[latest].count == 0 { pages.swapAt(latest, page) }
    if pages[page].records.isEmpty { pages[page].records = Array(repeating: nil, count: Self.pageSize) }
  }

  /// Where the record of `id` is, or the slot that is always empty.
  @inline(__always)
  private func place(of id: ID) -> (page: Int, slot: Int) {
    let page = id.rawValue / UInt64(Self.pageSize)
    let slot = Int(id.rawValue % UInt64(Self.pageSize))
    guard page < UInt64(pages.count), slot < pages[Int(page)].records.count else { return (0, 0) }
    return (Int(page), slot)
  }
}

extension IDTable: Sendable where Record: Sendable {}
extension IDTable.Page: Sendable where Record: Sendable {}

extension IDTable: Equatable where Record: Equatable {
  package static func == (left: IDTable, right: IDTable) -> Bool {
    left.next == right.next && left.count == right.count
      && left.pairs.elementsEqual(right.pairs) { $0.0 == $1.0 && $0.1 == $1.1 }
  }
}

extension IDTable: Codable where Record: Codable {
  private struct Entry: Codable {
    let id: ID
    let record: Record
  }

  private enum CodingKeys: String, CodingKey {
    case next
    case entries
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    next = try values.decode(ID.self, forKey: .next)
    guard next.rawValue > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .next,
        in: values,
        debugDescription: "the counter of identifiers stands below 1"
      )
    }
    for entry in try values.decode([Entry].self, forKey: .entries) {
      guard wasUsed(entry.id), self[entry.id] == nil else {
        throw DecodingError.dataCorruptedError(
          forKey: .entries,
          in: values,
          debugDescription: "the identifier \(entry.id) was never given out, or is there twice"
        )
      }
      put(entry.record, at: entry.id)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(next, forKey: .next)
    try values.encode(pairs.map { Entry(id: $0.0, record: $0.1) }, forKey: .entries)
  }
}
