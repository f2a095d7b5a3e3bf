package import HeddleWire

/// The registrar's journal as bytes: a head, then records, one behind the other.
///
/// A record is 28 bytes and a body. All integers are big-endian:
///
///     offset  size
///          0     2  "hj"
///          2     2  the format's version, 1
///          4     4  length of the body
///          8     8  number of the record, from 1 on without a gap
///         16     8  number of the last record that was known to be on the disk when this one was written
///         24     4  CRC-32C of the 24 bytes before and of the body
///         28        the body, a protobuf message JournalRecord
///
/// A machine that stops loses what was not yet on the disk, in any part: that is a torn tail, and nothing that was
/// answered is in it. A record that can't be read although a later one says that it was on the disk is damage, and is
/// never skipped.
package enum Journal {
  static let version: UInt16 = 1
  static let headCount = 28
  /// The most bytes of a body.
  package static let bodyMax = 64 << 20
  static let magic: [UInt8] = Array("hj".utf8)

  /// What a journal says.
  package struct Contents: Equatable, Sendable {
    package let records: [JournalRecord]
    /// How many bytes they take: what comes after is a torn tail, to be cut off before anything is appended.
    package let count: Int
    /// Continues the numbers.
    package let writer: Writer
  }

  /// Gives records their bytes, in order.
  package struct Writer: Equatable, Sendable {
    private var last: UInt64
    private var durable: UInt64

    /// For a journal that is empty.
    package init() { self.init(last: 0) }

    init(last: UInt64) {
      self.last = last
      durable = last
    }

    /// The bytes to append for `record`.
    package mutating func bytes(of record: JournalRecord) -> [UInt8] {
      last += 1
      let body = record.encoded()
      precondition(body.count <= Journal.bodyMax, "the registrar's bounds keep its records short")
      var bytes = Journal.magic
      bytes.reserveCapacity(Journal.headCount + body.count)
      bytes.append(number: UInt64(Journal.version), size: 2)
      bytes.append(number: UInt64(body.count), size: 4)
      bytes.append(number: last, size: 8)
      bytes.append(number: durable, size: 8)
      var checksum = Checksum()
      checksum.add(bytes)
      checksum.add(body)
      bytes.append(number: UInt64(checksum.value), size: 4)
      return bytes + body
    }

    /// fsync has returned, which began after the last bytes had been written.
    package mutating func synced() { durable = last }
  }

  /// Reads all records up to a torn tail.
  ///
  /// - Throws: what is damaged, and where. The file is to be left as it is.
  package static func read(_ bytes: [UInt8]) throws(JournalError) -> Contents {
    var records: [JournalRecord] = []
    var offset = 0
    while offset < bytes.count {
      let number = UInt64(records.count) + 1
      guard let frame = try frame(in: bytes, at: offset), frame.number == number else {
        try refuseDamage(in: bytes, at: offset, number: number)
        break
      }
      do throws(WireDecodingError) {
        records.append(try JournalRecord(decoding: Array(bytes[frame.body])))
      } catch {
        throw .unreadable(record: number, offset: offset, error)
      }
      offset = frame.body.upperBound
    }
    return Contents(records: records, count: offset, writer: Writer(last: UInt64(records.count)))
  }

  private struct Frame {
    let number: UInt64
    let durable: UInt64
    let body: Range<Int>
  }

  /// The whole record at `offset`; nil if there is none.
  private static func frame(in bytes: [UInt8], at offset: Int) throws(JournalError) -> Frame? {
    guard bytes.count - offset >= headCount, bytes[offset] == magic[0], bytes[offset + 1] == magic[1] else {
      return nil
    }
    let length = Int(bytes.number(at: offset + 4, size: 4))
    let body = offset + headCount..<offset + headCount + length
    guard length <= bodyMax, body.upperBound <= bytes.count else { return nil }
    var checksum = Checksum()
    checksum.add(bytes[offset..<offset + 24])
    checksum.add(bytes[body])
    guard bytes.number(at: offset + 24, size: 4) == UInt64(checksum.value) else { return nil }
    let version = UInt16(bytes.number(at: offset + 2, size: 2))
    guard version == Self.version else { throw .version(version, offset: offset) }
    return Frame(
      number: bytes.number(at: offset + 8, size: 8),
      durable: bytes.number(at: offset + 16, size: 8),
      body: body
    )
  }

  /// Looks whether a record behind the unreadable one was written when that was on the disk.
  private static func refuseDamage(in bytes: [UInt8], at offset: Int, number: UInt64) throws(JournalError) {
    var next = offset
    while next < bytes.count {
      if let frame = try frame(in: bytes, at: next), frame.durable >= number {
        throw .damaged(record: number, offset: offset)
      }
      next += 1
    }
  }
}

/// Why a journal was not read. The registrar does not begin with half of what it has promised.
package enum JournalError: Error, Equatable, Sendable {
  /// A record that had been on the disk is not there any more.
  case damaged(record: UInt64, offset: Int)
  /// A record is whole, and of a format that this version does not have.
  case version(UInt16, offset: Int)
  /// A record is whole, and its body says nothing that this version knows.
  case unreadable(record: UInt64, offset: Int, WireDecodingError)
}

extension JournalError: CustomStringConvertible {
  /// What is wrong and what to do, as the reason in a sentence.
  package var description: String {
    switch self {
    case .damaged(let record, let offset):
      "record \(record) at byte \(offset) is damaged, though later ones are there; put a copy of the journal in its place"
    case .version(let version, let offset):
      "the record at byte \(offset) has format \(version), and this registrar knows \(Journal.version); use a later one"
    case .unreadable(let record, let offset, let error):
      "record \(record) at byte \(offset) is not one that this registrar knows (\(error)); use a later one"
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(number: UInt64, size: Int) {
    for index in 0..<size { append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(size - 1 - index)))) }
  }

  fileprivate func number(at offset: Int, size: Int) -> UInt64 {
    self[offset..<offset + size].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
