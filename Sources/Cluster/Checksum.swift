/// CRC-32C (Castagnoli), as iSCSI has it: RFC 3720, section 12.1 and appendix B.4.
package struct Checksum: Sendable {
  private var remainder: UInt32 = 0xffff_ffff

  package init() {}

  package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      remainder = Self.table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8)
    }
  }

  package var value: UInt32 { ~remainder }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { word, _ in word & 1 == 1 ? 0x82f6_3b78 ^ (word >> 1) : word >> 1 }
  }
}
