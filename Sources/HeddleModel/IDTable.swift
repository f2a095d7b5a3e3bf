/// The records of everything that ever got an identifier and still has one, found in constant time.
///
/// Identifiers are a counter, so the table is an array of pages of 64 records; a page goes when its last record goes. The
/// few records that outlive many others move to a map, so the memory is that of what is there, however many
/// identifiers were given out. Iteration is in the order of creation, on every run.
///
/// It is public and inlinable, in what mail passes, so that it is compiled for the record's type in other modules, too; the
/// compiler does that for nothing that is `package`.
public struct IDTable<ID: Identifier, Record> {
  @usableFromInline static var pageSize: Int { 64 }

  /// The records of 64 identifiers, or none when all are gone.
  @usableFromInline struct Page {
    @usableFromInline var records: [Record?] = []
    /// A bit for each slot that has a record.
    @usableFromInline var held: UInt64 = 0

    @inlinable @inline(__always) func holds(_ slot: Int) -> Bool { held & 1 << UInt64(slot) != 0 }
  }

  /// A page without records is empty, but for the latest one. The first is no page: it has one slot, always empty, where
  /// whatever is not there is looked up.
  @usableFromInline var pages = [Page(records: [nil])]
  /// How many pages were given up before the first that is there.
  @usableFromInline var retired = 0
  /// The records that were in pages that were given up.
  @usableFromInline var elders = NumberMap<Record>()
  /// The number of records.
  package private(set) var count = 0
  /// The identifier that the next insertion gives.
  package private(set) var next = ID(rawValue: 1)
  package init() {}

  /// Whether `id` was given out, whether or not its record still exists.
  package func wasUsed(_ id: ID) -> Bool { id.rawValue > 0 && id < next }

  /// Whether `id` has a record.
  @inlinable @inline(__always)
  public func contains(_ id: ID) -> Bool {
    let (page, slot) = place(of: id)
    return page > 0 ? pages[page].holds(slot) : elders.holds(id.rawValue)
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
    guard page > 0 else { return removeElder(id) }
    guard let record = pages[page].records[slot].take() else { return nil }
    count -= 1
    pages[page].held &= ~(1 << UInt64(slot))
    // The latest page stays: the next record will be there.
    if pages[page].held == 0, page < pages.count - 1 { pages[page].records = [] }
    return record
  }

  /// The record of `id`, in place; nil when there is none. Assigning is not a way to add or to remove one.
  public subscript(id: ID) -> Record? {
    @inlinable @inline(__always) _read {
      let (page, slot) = place(of: id)
      if page > 0 { yield pages[page].records[slot] } else { yield elders[id.rawValue] }
    }
    @inlinable @inline(__always) _modify {
      let (page, slot) = place(of: id)
      if page > 0 { yield &pages[page].records[slot] } else { yield &elders[id.rawValue] }
    }
  }

  /// What `look` finds in the record of `id`, if there is one. For the hot path: the record is looked at where it is, while
  /// an accessor that yields would allocate its coroutine's frame, and copy a large record.
  @inlinable @inline(__always)
  public func look<Found>(_ id: ID, _ look: (Record) -> Found) -> Found? {
    let (page, slot) = place(of: id)
    guard page > 0 else { return elders.look(id.rawValue, look) }
    guard pages[page].holds(slot) else { return nil }
    return unsafe pages[page].records.withUnsafeBufferPointer { records in
      // An optional value begins with what it wraps.
      let record = unsafe UnsafeRawPointer(records.baseAddress.unsafelyUnwrapped + slot)
      return unsafe look(record.assumingMemoryBound(to: Record.self).pointee)
    }
  }

  /// Changes the record of `id` in place; nil when there is none. For the hot path, as `look`.
  @inlinable @inline(__always)
  @discardableResult
  public mutating func change<Result, Failure: Error>(
    _ id: ID,
    _ change: (inout Record) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    let (page, slot) = place(of: id)
    guard page > 0 else { return try elders.change(id.rawValue, change) }
    guard pages[page].holds(slot) else { return nil }
    return try unsafe pages[page].records.withUnsafeMutableBufferPointer { (records) throws(Failure) in
      let record = unsafe UnsafeMutableRawPointer(records.baseAddress.unsafelyUnwrapped + slot)
      return try unsafe change(&record.assumingMemoryBound(to: Record.self).pointee)
    }
  }

  /// Changes the record of `id` in place; nil when there is none.
  @inline(__always)
  @discardableResult
  mutating func modify<Result>(_ id: ID, _ change: (inout Record?) -> Result) -> Result {
    let (page, slot) = place(of: id)
    guard page > 0 else { return change(&elders[id.rawValue]) }
    var directory = pages.mutableSpan
    var records = directory[page].records.mutableSpan
    return change(&records[slot])
  }

  /// The identifiers of all records, in the order of creation.
  package var ids: [ID] { pairs.map(\.0) }

  /// All records with their identifiers, in the order of creation.
  package var pairs: [(ID, Record)] {
    let old = elders.numbers.compactMap { number in elders[number].map { (ID(rawValue: number), $0) } }
    return old + (1..<pages.count).flatMap(pairs(in:))
  }

  private func pairs(in page: Int) -> [(ID, Record)] {
    pages[page].records.indices.compactMap { slot in
      pages[page].records[slot].map { (ID(rawValue: UInt64((retired + page - 1) * Self.pageSize + slot)), $0) }
    }
  }

  // MARK: - Pages

  @inline(__always)
  private mutating func put(_ record: Record, at id: ID) {
    var page = Self.page(of: id) - retired + 1
    guard page > 0 else { return putElder(record, at: id) }
    if page >= pages.count || pages[page].records.isEmpty { page = addPage(page) }
    let slot = id.rawValue % UInt64(Self.pageSize)
    pages[page].records[Int(slot)] = record
    pages[page].held |= 1 << slot
    count += 1
  }

  /// Makes a page without records, from the one that was the latest if that has none either.
  ///
  /// - Returns: where it is now.
  private mutating func addPage(_ page: Int) -> Int {
    let latest = pages.count - 1
    if count == elders.count, page > latest + 1 { return leap(to: page) }
    while pages.count <= page { pages.append(Page()) }
    if latest > 0, latest != page, pages[latest].held == 0 { pages.swapAt(latest, page) }
    if pages[page].records.isEmpty { pages[page].records = Array(repeating: nil, count: Self.pageSize) }
    return page - retirePages(before: page)
  }

  /// Gives up all pages, none of which has a record, for one that lies far ahead.
  ///
  /// - Returns: where it is now.
  private mutating func leap(to page: Int) -> Int {
    pages = [Page(records: [nil]), Page(records: Array(repeating: nil, count: Self.pageSize))]
    retired += page - 1
    return 1
  }

  /// Gives up the older half of the pages when most of all are empty. Each page is looked at once in its life, so this
  /// costs constant time on average.
  ///
  /// - Returns: how many.
  private mutating func retirePages(before page: Int) -> Int {
    let young = count - elders.count
    guard pages.count > 64 + young / 16 else { return 0 }
    let retiring = min(pages.count / 2, page - 1)
    guard retiring > 0 else { return 0 }
    for (id, record) in (1...retiring).flatMap(pairs(in:)) { elders.insert(record, at: id.rawValue) }
    pages.removeSubrange(1...retiring)
    retired += retiring
    return retiring
  }

  private mutating func putElder(_ record: Record, at id: ID) {
    elders.insert(record, at: id.rawValue)
    count += 1
  }

  private mutating func removeElder(_ id: ID) -> Record? {
    guard let record = elders.remove(id.rawValue) else { return nil }
    count -= 1
    return record
  }

  @inlinable @inline(__always)
  static func page(of id: ID) -> Int { Int(id.rawValue / UInt64(pageSize)) }

  /// Where the record of a young `id` is, or the slot that is always empty.
  @inlinable @inline(__always)
  func place(of id: ID) -> (page: Int, slot: Int) {
    let page = Self.page(of: id) - retired + 1
    let slot = Int(id.rawValue % UInt64(Self.pageSize))
    guard page > 0, page < pages.count, slot < pages[page].records.count else { return (0, 0) }
    return (page, slot)
  }
}

extension IDTable: Sendable where Record: Sendable {}
extension IDTable.Page: Sendable where Record: Sendable {}

extension IDTable: Equatable where Record: Equatable {
  public static func == (left: IDTable, right: IDTable) -> Bool {
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

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    next = try values.decode(ID.self, forKey: .next)
    guard next.rawValue > 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .next,
        in: values,
        debugDescription: "the counter of identifiers stands below 1"
      )
    }
    retired = Self.page(of: next)
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

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(next, forKey: .next)
    try values.encode(pairs.map { Entry(id: $0.0, record: $0.1) }, forKey: .entries)
  }
}
