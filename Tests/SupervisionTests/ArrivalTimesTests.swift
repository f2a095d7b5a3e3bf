import HeddleModel
import Supervision
import Testing

@Suite("when the bytes of a log came")
struct ArrivalTimesTests {
  private func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

  @Test("nothing that came since an instant is left out, and what came a second before is")
  func since() {
    var times = ArrivalTimes()
    times.note(0, at: at(1_000))
    times.note(10, at: at(1_900))
    times.note(20, at: at(5_000))
    #expect(times.offset(since: at(0)) == 0)
    // The mark is a second's, and its last bytes came then.
    #expect(times.offset(since: at(1_900)) == 0)
    #expect(times.offset(since: at(1_901)) == 20)
    #expect(times.offset(since: at(5_000)) == 20)
    #expect(times.offset(since: at(5_001)) == nil)
  }

  @Test("with few marks for a long log what they say stays on the safe side, and within a part of the age")
  func bound() {
    var times = ArrivalTimes()
    let count = 10_000
    for second in 0..<count { times.note(second * 100, at: at(UInt64(second) * 1_000)) }
    for second in stride(from: 0, to: count, by: 7) {
      let offset = times.offset(since: at(UInt64(second) * 1_000)) ?? .max
      #expect(offset <= second * 100)
      #expect(offset >= (second - (count - second) / 5 - 2) * 100)
    }
  }

  @Test("what was dropped is forgotten, but for the mark that reaches beyond it")
  func forget() {
    var times = ArrivalTimes()
    for second in 0..<10 { times.note(second * 100, at: at(UInt64(second) * 1_000)) }
    times.forget(before: 350)
    #expect(times.offset(since: at(0)) == 300)
    times.forget(before: 5_000)
    #expect(times.offset(since: at(0)) == 900)
  }
}
