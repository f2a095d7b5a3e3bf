import HeddleModel
import HeddleWire

/// The whole frames of `bytes`, read in pieces of at most `pieceCount` bytes.
func frames(
  in bytes: [UInt8],
  pieceCount: Int = .max,
  bodyMax: Int = BodyLimit.usual
) throws(FrameError) -> [Frame] {
  var reader = FrameReader(bodyMax: bodyMax)
  var frames: [Frame] = []
  var start = 0
  while start < bytes.count {
    let end = start + min(pieceCount, bytes.count - start)
    try reader.read(Array(bytes[start..<end]), into: &frames)
    start = end
  }
  return frames
}

extension FrameReader {
  /// Appends the frames that `piece` completes.
  mutating func read(_ piece: [UInt8], into frames: inout [Frame]) throws(FrameError) {
    var offset = 0
    while let frame = try next(in: piece.span, at: &offset) { frames.append(frame) }
  }
}

/// A generator that gives the same numbers for the same seed: SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
