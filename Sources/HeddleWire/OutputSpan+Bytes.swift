extension OutputSpan<UInt8> {
  /// Appends `bytes`, for which there is room.
  mutating func append(copying bytes: UnsafeRawBufferPointer) {
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        .copyMemory(from: bytes)
      count += bytes.count
    }
  }
}
