/// A count, or a time in milliseconds, as a trace may have it: 0 to 1,000,000,000.
struct Amount: Decodable {
  static let range = 0...1_000_000_000
  let value: Int

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    value = try container.decode(Int.self)
    guard Self.range.contains(value) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "\(value) is not between \(Self.range.lowerBound) and \(Self.range.upperBound)"
      )
    }
  }
}
