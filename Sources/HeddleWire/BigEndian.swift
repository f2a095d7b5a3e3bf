extension Span<UInt8> {
  /// The integer whose first, highest byte is at `offset`.
  func bigEndian<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type, at offset: Int) -> Word {
    precondition(offset >= 0 && count - offset >= MemoryLayout<Word>.size, "all bytes of an integer are there")
    let word = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Word.self) }
    return Word(bigEndian: word)
  }
}

extension [UInt8] {
  /// Appends `word`, its highest byte first.
  mutating func append(bigEndian word: some FixedWidthInteger & UnsignedInteger) {
    unsafe Swift.withUnsafeBytes(of: word.bigEndian) { unsafe append(contentsOf: $0) }
  }
}
