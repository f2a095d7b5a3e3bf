/// The records of everything that ever got an identifier and still has one, found in constant time.
///
/// Identifiers are a counter, so the table is an array of pages of 64 records; a page goes when its last record goes.
/// Iteration is in the order of creation, on every run.
package struct IDTable<ID: Identifier, Record> {
  private static var pageSize: Int { 64 }

  /// A directory of one word for 64 identifiers ever given out: 16 MiB after 100 million of them.
  private var pages: [Page<Record>?] = []
  /// The number of records.
  package private(set) var count = 0
  /// The identifier that the next insertion gives.
  package private(set) var next = ID(rawValue: 1)
  /// What a look-up of an absent record lends out for writing; nil between calls.
  private var absent: Record?

  package init() {}

  /// Whether `id` was given out, whether or not its record still exists.
  package func wasUsed(_ id: ID) -> Bool { id.rawValue > 0 && id < next }

  /// Adds `record` under the next identifier, which it returns.
  package mutating func insert(_ record: Record) -> ID {
    let id = next
    next = ID(rawValue: id.rawValue + 1)
    place(record, at: id)
    return id
  }

  /// Removes the record of `id`, if there is one.
  package mutating func remove(_ id: ID) {
    guard let (page, slot) = locate(id), pages[page]?.records[slot] != nil else { return }
    count -= 1
    if pages[page]?.count == 1 {
      pages[page] = nil
    } else {
      pages[page]?.records[slot] = nil
      pages[page]?.count -= 1
    }
  }

  /// The record of `id`, in place; nil when there is none. Assigning nil is not a way to remove one.
  package subscript(id: ID) -> Record? {
    _read {
      if let (page, slot) = locate(id) { yield pages[page]?.records[slot] } else { yield nil }
    }
    _modify {
      if let (page, slot) = locate(id), pages[page] != nil {
        // The page was seen to exist one line above.
        yield &pages[page]!.records[slot]  // swift-format-ignore: NeverForceUnwrap
      } else {
        absent = nil
        yield &absent
        absent = nil
      }
    }
  }

  /// The identifiers of all records, in the order of creation.
  package var ids: [ID] { pairs.map(\.0) }

  /// All records with their identifiers, in the order of creation.
  package var pairs: [(ID, Record)] {
    pages.indices.flatMap { page in
      (pages[page]?.records ?? []).indices.compactMap { slot in
        pages[page]?.records[slot].map { (ID(rawValue: UInt64(page * Self.pageSize + slot + 1)), $0) }
      }
    }
  }

  private mutating func place(_ record: Record, at id: ID) {
    let position = Int(id.rawValue - 1)
    while pages.count <= position / Self.pageSize { pages.append(nil) }
    if pages[position / Self.pageSize] == nil { pages[position / Self.pageSize] = Page(size: Self.pageSize) }
    pages[position / Self.pageSize]?.records[position % Self.pageSize] = record
    pages[position / Self.pageSize]?.count += 1
    count += 1
  }

  private func locate(_ id: ID) -> (page: Int, slot: Int)? {
    guard id.rawValue > 0, id.rawValue <= UInt64(pages.count * Self.pageSize) else { return nil }
    let position = Int(id.rawValue - 1)
    return (position / Self.pageSize, position % Self.pageSize)
  }
}

private struct Page<Record> {
  var records: [Record?]
  var count = 0

  init(size: Int) { records = Array(repeating: nil, count: size) }
}

extension Page: Sendable where Record: Sendable {}

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
    for entry in try values.decode([Entry].self, forKey: .entries) {
      guard wasUsed(entry.id), self[entry.id] == nil else {
        throw DecodingError.dataCorruptedError(
          forKey: .entries,
          in: values,
          debugDescription: "the identifier \(entry.id) was never given out, or is there twice"
        )
      }
      place(entry.record, at: entry.id)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(next, forKey: .next)
    try values.encode(pairs.map { Entry(id: $0.0, record: $0.1) }, forKey: .entries)
  }
}
