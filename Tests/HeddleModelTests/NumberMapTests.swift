import HeddleModel
import Testing

@Suite("values under numbers") struct NumberMapTests {
  @Test("it holds what a dictionary would, whatever comes and goes", arguments: [1, 64, 4_096] as [UInt64])
  func dictionary(stride: UInt64) {
    var map = NumberMap<UInt64>()
    var expected: [UInt64: UInt64] = [:]
    var seed = stride
    for number in 1...5_000 as ClosedRange<UInt64> {
      // A linear congruential generator (Knuth), so that each run does the same.
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = number * stride
      map.insert(number, at: key)
      expected[key] = number
      let other = (seed &>> 33) % number * stride
      #expect(map[other] == expected[other])
      if seed &>> 62 > 0 { #expect(map.remove(other) == expected.removeValue(forKey: other)) }
      map[other]? += 1
      if expected[other] != nil { expected[other]? += 1 }
    }
    #expect(map.count == expected.count)
    for (key, value) in expected { #expect(map[key] == value) }
  }

  @Test("it gives back the memory of what is gone, and finds what is left")
  func shrinking() {
    var map = NumberMap<UInt64>()
    for key in 1...10_000 as ClosedRange<UInt64> { map.insert(key, at: key) }
    #expect(map.places >= 20_000)
    for key in 1...10_000 as ClosedRange<UInt64> where key % 1_000 != 0 { #expect(map.remove(key) == key) }
    #expect(map.places <= 160)
    for key in 1...10_000 as ClosedRange<UInt64> { #expect(map[key] == (key % 1_000 == 0 ? key : nil)) }
  }

  @Test("what was removed is freed at once")
  func freed() {
    var map = NumberMap<Guest>()
    weak var guest: Guest?
    do {
      let made = Guest()
      guest = made
      map.insert(made, at: 7)
    }
    #expect(guest != nil)
    _ = map.remove(7)
    #expect(guest == nil)
  }

  private final class Guest {}
}
