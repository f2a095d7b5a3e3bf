/// The number of the first field in `message` that is at least `least`; nil if there is none, or if the bytes are no
/// protobuf message up to there.
///
/// For fields that protobuf has kept without knowing them: a message that is refused for one of them can name it.
/// Source: protobuf.dev/programming-guides/encoding.
func firstFieldNumber(in message: [UInt8], from least: Int) -> Int? {
  var rest = message[...]
  while let tag = varint(&rest) {
    let number = Int(truncatingIfNeeded: tag >> 3)
    guard number < least else { return number }
    guard skipField(wireType: tag & 7, &rest) else { return nil }
  }
  return nil
}

/// Removes a field's value from the front of `bytes`. Whether all of it was there.
private func skipField(wireType: UInt64, _ bytes: inout ArraySlice<UInt8>) -> Bool {
  switch wireType {
  case 0:
    return varint(&bytes) != nil
  case 1:
    return skip(8, &bytes)
  case 2:
    guard let count = varint(&bytes) else { return false }
    return skip(count, &bytes)
  case 5:
    return skip(4, &bytes)
  default:
    return false
  }
}

private func skip(_ count: UInt64, _ bytes: inout ArraySlice<UInt8>) -> Bool {
  guard count <= bytes.count else { return false }
  bytes = bytes.dropFirst(Int(count))
  return true
}

/// Removes a number of up to ten bytes, seven bits a byte, lowest first, from the front of `bytes`.
private func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
  var number: UInt64 = 0
  for shift in stride(from: 0, to: 70, by: 7) {
    guard let byte = bytes.popFirst() else { return nil }
    number |= UInt64(byte & 0x7F) << UInt64(shift)
    if byte < 0x80 { return number }
  }
  return nil
}
