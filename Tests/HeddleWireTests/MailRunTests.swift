import HeddleModel
import HeddleWire
import Testing

@Suite("runs of mail, which are written on as they came")
struct MailRunTests {
  private let one = ThreadID(rawValue: 1)
  private let other = ThreadID(rawValue: 2)

  /// Frames of the texts, one behind the other.
  private func bytes(_ texts: [String], to receiver: ThreadID, flags: FrameFlags = .wait) throws -> [UInt8] {
    var writer = FrameWriter()
    for text in texts { try writer.mail(Array(text.utf8).span, to: receiver, flags: flags) }
    return writer.take()
  }

  /// The runs at the front of `chunk`, as the number of messages of each, and where they end.
  private func counts(in chunk: [UInt8]) -> (counts: [Int], offset: Int) {
    let reader = FrameReader()
    var (counts, offset) = ([Int](), 0)
    while let run = reader.mailRun(in: chunk.span, at: &offset) { counts.append(run.count) }
    return (counts, offset)
  }

  @Test("a run ends where the receiver or the flags change, and holds one message that begins anew")
  func ends() throws {
    let chunk =
      try bytes(["a", "b"], to: one) + bytes(["c"], to: other) + bytes(["d", "e"], to: other, flags: [])
      + bytes(["f", "g"], to: other, flags: [.wait, .retry])
    #expect(counts(in: chunk) == ([2, 1, 2, 1, 1], chunk.count))
  }

  @Test("what is no whole frame of mail is left to the reader", arguments: 1..<20)
  func cutOff(missing: Int) throws {
    let whole = try bytes(["a", "b"], to: one)
    let chunk = Array((whole + (try bytes(["last"], to: one))).dropLast(missing))
    #expect(counts(in: chunk) == ([2], whole.count))
  }

  @Test("a frame that is wrong ends the run before it, and is refused by the reader")
  func wrong() throws {
    var tooLong = try bytes(["b"], to: one)
    tooLong[1] = 0xFF
    let good = try bytes(["a"], to: one)
    let chunk = good + tooLong
    #expect(counts(in: chunk) == ([1], good.count))
    var (reader, offset) = (FrameReader(), good.count)
    #expect(throws: FrameError.self) { try reader.next(in: chunk.span, at: &offset) }
  }

  @Test("no run begins within a frame that came in pieces")
  func inPieces() throws {
    let (first, second) = (try bytes(["first"], to: one), try bytes(["second"], to: one))
    var (reader, offset) = (FrameReader(), 0)
    let start = Array(first.prefix(18))
    #expect(try reader.next(in: start.span, at: &offset) == nil)
    let rest = first.dropFirst(18) + second
    offset = 0
    #expect(reader.mailRun(in: rest.span, at: &offset) == nil)
    #expect(try reader.next(in: rest.span, at: &offset)?.body == Array("first".utf8))
    #expect(reader.mailRun(in: rest.span, at: &offset)?.count == 1)
  }

  @Test("messages are taken off one by one; what was taken is written without flags, as a supervisor does")
  func takenOff() throws {
    let chunk = try bytes(["x", "longer", "y"], to: one)
    var offset = 0
    let run = try #require(FrameReader().mailRun(in: chunk.span, at: &offset))
    var rest = run
    #expect(rest.bodyBytes == 8)
    #expect(rest.popFirst(in: chunk.span) == Array("x".utf8))
    #expect(rest.firstSize(in: chunk.span) == 6)
    rest.dropFirst(ofSize: 6)
    #expect((rest.count, rest.bodyBytes) == (1, 1))
    #expect(run.frames(before: rest, in: chunk.span) == (try bytes(["x", "longer"], to: one, flags: [])))
    #expect(rest.popFirst(in: chunk.span) == Array("y".utf8))
    #expect(rest.popFirst(in: chunk.span) == nil)
    #expect(rest == run.end)
  }
}
