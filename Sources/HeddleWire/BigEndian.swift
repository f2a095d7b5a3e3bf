extension Span<UInt8> {
  /// The integer whose first, highest byte is at `offset`.
  func bigEndian<Word: FixedWidthInteger & UnsignedInteger>(_: Word.Type, at offset: Int) -> Word {
    var word: Word = 0
    for index in offset..<offset + MemoryLayout<Word>.size { word = word << 8 | Word(self[index]) }
    return word
  }
}

extension [UInt8] {
  /// Appends `word`, its highest byte first.
  mutating func append(bigEndian word: some FixedWidthInteger & UnsignedInteger) {
    unsafe Swift.withUnsafeBytes(of: word.bigEndian) { unsafe append(contentsOf: $0) }
  }
}
