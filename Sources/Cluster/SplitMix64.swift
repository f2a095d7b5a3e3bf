/// A stream of pseudo-random numbers from a seed: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators" (2014). Good for jitter and for simulations, useless for secrets.
package struct SplitMix64: RandomNumberGenerator, Equatable, Codable, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// A number below `bound`, which is not 0. The bias is below bound / 2^64.
  package mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
