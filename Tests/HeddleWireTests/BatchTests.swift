import Foundation
import HeddleModel
import HeddleWire
import Testing

@Suite("Batches of frames")
struct BatchTests {
  /// A batch of mail of 64 bytes each.
  private func batch(_ count: Int) throws -> [UInt8] {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    let message = [UInt8](repeating: 0x61, count: 64)
    for number in 1...count { try writer.mail(message.span, to: ThreadID(rawValue: UInt64(number))) }
    return writer.take()
  }

  @Test("10,000 frames in one piece come out in order")
  func order() throws {
    let frames = try frames(in: batch(10_000))
    #expect(frames.map(\.header.id) == Array(1...10_000))
  }

  @Test("ten times the frames take about ten times the time, in one piece and in small ones")
  func linear() throws {
    /// The shortest of several runs, by the processor's own time, so that what else the machine does counts little.
    func time(_ body: () throws -> Void) rethrows -> Int {
      try (0..<7).reduce(Int.max) { best, _ in
        let start = processorNanoseconds()
        try body()
        return min(best, processorNanoseconds() - start)
      }
    }
    let small = try batch(1_000)
    let large = try batch(10_000)
    for pieceCount in [Int.max, 50] {
      let one = try time { _ = try frames(in: small, pieceCount: pieceCount) }
      let ten = try time { _ = try frames(in: large, pieceCount: pieceCount) }
      // What is quadratic would take a hundred times as long.
      #expect(ten < one * 40)
    }
  }

  @Test("a body that arrives byte by byte takes time by its size")
  func slowBody() throws {
    var writer = FrameWriter(bodyMax: BodyLimit.usual)
    try writer.mail([UInt8](repeating: 1, count: 200_000).span, to: Samples.id)
    let frames = try frames(in: writer.take(), pieceCount: 1)
    #expect(frames.map(\.body.count) == [200_000])
  }
}

/// How long the processor has worked for the calling thread so far.
private func processorNanoseconds() -> Int {
  var time = timespec()
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
