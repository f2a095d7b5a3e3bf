/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed, on every machine.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number from 0 to `count - 1`. The small bias of a remainder does no harm here.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// True so many times in a hundred.
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[below(elements.count)]
  }

  /// One of the values, each as often as its weight says. At least one weight is above zero.
  mutating func pick<Value>(weighted choices: [(weight: Int, value: Value)]) -> Value {
    var left = below(choices.reduce(0) { $0 + $1.weight })
    for choice in choices {
      left -= choice.weight
      if left < 0 { return choice.value }
    }
    preconditionFailure("a number below the sum of the weights lies within one of them")
  }
}
