import Supervision
import Testing

@Suite("a thread's log in memory")
struct LogRingTests {
  private func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

  @Test("a full ring drops its oldest bytes and counts them, however they come")
  func drops() {
    for size in 1...20 {
      var ring = LogRing(capacity: 8)
      let all = Array("0123456789abcdefghij".utf8)
      for start in stride(from: 0, to: all.count, by: size) { ring.append(all[start..<min(start + size, all.count)]) }
      #expect(text(ring.contents) == "cdefghij")
      #expect(ring.dropped == 12)
    }
  }

  @Test("the tail is whole lines from the end; an unfinished last line counts as one")
  func tail() {
    var ring = LogRing(capacity: 64)
    #expect(text(ring.tail(lines: 3)) == "")
    ring.append("one\ntwo\nthree\n".utf8)
    #expect(text(ring.tail(lines: 2)) == "two\nthree\n")
    #expect(text(ring.tail(lines: 0)) == "")
    #expect(text(ring.tail(lines: 9)) == "one\ntwo\nthree\n")
    ring.append("fo".utf8)
    #expect(text(ring.tail(lines: 2)) == "three\nfo")
  }

  @Test("a ring that shrinks keeps its newest bytes and counts the rest as dropped")
  func shrink() {
    var ring = LogRing(capacity: 16)
    ring.append("0123456789".utf8)
    ring.shrink(to: 4)
    #expect(text(ring.contents) == "6789")
    #expect(ring.dropped == 6)
    ring.append("ab".utf8)
    #expect(text(ring.contents) == "89ab")
  }

  @Test("each byte has a place in all that ever came, by which it is read as long as it is kept")
  func places() {
    for size in 1...20 {
      var ring = LogRing(capacity: 8)
      let all = Array("0123456789abcdefghij".utf8)
      for start in stride(from: 0, to: all.count, by: size) { ring.append(all[start..<min(start + size, all.count)]) }
      #expect(ring.end == 20)
      for offset in ring.dropped...20 {
        for most in 0...9 { #expect(ring.bytes(from: offset, atMost: most) == Array(all[offset...].prefix(most))) }
      }
    }
    #expect(LogRing(capacity: 8).bytes(from: 0, atMost: 1) == [])
  }
}
