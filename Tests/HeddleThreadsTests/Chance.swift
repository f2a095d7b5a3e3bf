import Foundation

/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed, on every machine.
struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to `count - 1`.
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

  /// True so many times in a hundred.
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  /// One of `elements`, of which there is at least one.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// Another generator, whose numbers have nothing to do with this one's.
  mutating func fork() -> SplitMix64 { SplitMix64(seed: next()) }
}

/// What the environment says about tests that leave something to chance.
enum Chance {
  /// `HEDDLE_SEED`, else a new one each time: what chance decided can be had again, as far as carriers let it.
  static func seed() -> UInt64 {
    ProcessInfo.processInfo.environment["HEDDLE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
  }

  /// `HEDDLE_STRESS_SECONDS`: how long the stress goes on.
  static var stressSeconds: Int {
    ProcessInfo.processInfo.environment["HEDDLE_STRESS_SECONDS"].flatMap { Int($0) } ?? 1
  }
}
