/// The records of everything that ever got an identifier and still has one, found in constant time.
///
/// Identifiers are a counter, so the table is an array of pages of 64 records; a page goes when its last record goes.
/// Iteration is in the order of creation, on every run.
package struct IDTable<ID: Identifier, Record> {
  private static var pageSize: Int { 64 }

  /// A directory of one word for 64 identifiers ever given out (16 MiB after 100 million of them); a page without
  /// records is empty. Two plain arrays, so that a record is read and changed where it stands.
  ///
  /// The slot of identifier 0, which is nobody's, is always empty: whatever is not there is looked up there.
  private var pages: [[Record?]] = [Array(repeating: nil, count: IDTable.pageSize)]
  private var pageCounts: [UInt8] = [0]
  /// The number of records.
  package private(set) var count = 0
  /// The identifier that the next insertion gives.
  package private(set) var next = ID(rawValue: 1)
  package init() {}

  /// Whether `id` was given out, whether or not its record still exists.
  package func wasUsed(_ id: ID) -> Bool { id.rawValue > 0 && id < next }

  /// Adds `record` under the next identifier, which it returns.
  package mutating func insert(_ record: Record) -> ID {
    let id = next
    next = ID(rawValue: id.rawValue + 1)
    put(record, at: id)
    return id
  }

  /// Removes the record of `id`, if there is one.
  package mutating func remove(_ id: ID) {
    let (page, slot) = place(of: id)
    guard pages[page][slot] != nil else { return }
    count -= 1
    pageCounts[page] -= 1
    if pageCounts[page] == 0, page > 0 { pages[page] = [] } else { pages[page][slot] = nil }
  }

  /// The record of `id`, in place; nil when there is none. Assigning is not a way to add or to remove one.
  package subscript(id: ID) -> Record? {
    @inline(__always) _read {
      let (page, slot) = place(of: id)
      yield pages[page][slot]
    }
    @inline(__always) _modify {
      let (page, slot) = place(of: id)
      yield &pages[page][slot]
    }
  }

  /// Changes the record of `id`, if there is one. For records without references on the hot path: they are copied, where an
  /// accessor that yields would allocate its coroutine's frame.
  @inline(__always)
  mutating func modify(_ id: ID, _ change: (inout Record) -> Void) {
    let (page, slot) = place(of: id)
    guard var record = pages[page][slot] else { return }
    change(&record)
    pages[page][slot] = record
  }

  /// The identifiers of all records, in the order of creation.
  package var ids: [ID] {
    pages.indices.flatMap { page in
      pages[page].indices.compactMap { slot in
        pages[page][slot] == nil ? nil : ID(rawValue: UInt64(page * Self.pageSize + slot))
      }
    }
  }

  /// All records with their identifiers, in the order of creation.
  package var pairs: [(ID, Record)] {
    pages.indices.flatMap { page in
      pages[page].indices.compactMap { slot in
        pages[page][slot].map { (ID(rawValue: UInt64(page * Self.pageSize + slot)), $0) }
      }
    }
  }

  private mutating func put(_ record: Record, at id: ID) {
    let position = Int(id.rawValue)
    let page = position / Self.pageSize
    while pages.count <= page {
      pages.append([])
      pageCounts.append(0)
    }
    if pages[page].isEmpty { pages[page] = Array(repeating: nil, count: Self.pageSize) }
    pages[page][position % Self.pageSize] = record
    pageCounts[page] += 1
    count += 1
  }

  /// Where the record of `id` is, or the slot that is always empty.
  @inline(__always)
  private func place(of id: ID) -> (page: Int, slot: Int) {
    let page = id.rawValue / UInt64(Self.pageSize)
    guard page < UInt64(pages.count), pageCounts[Int(page)] > 0 else { return (0, 0) }
    return (Int(page), Int(id.rawValue % UInt64(Self.pageSize)))
  }
}

extension IDTable: Sendable where Record: Sendable {}

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
