import Foundation
import HeddleModel
import HeddleWire
import Testing

@Suite("bundles of mail, which a mailbox keeps")
struct MailBundleTests {
  private let receiver = ThreadID(rawValue: 9)

  private func frames(_ texts: [String], flags: FrameFlags = []) throws -> [UInt8] {
    var writer = FrameWriter()
    for text in texts { try writer.mail(Array(text.utf8).span, to: receiver, flags: flags) }
    return writer.take()
  }

  /// A bundle of the texts, and the run from which it was made.
  private func bundle(_ texts: [String]) throws -> MailBundle {
    let chunk = try frames(texts, flags: .wait)
    var offset = 0
    let run = try #require(FrameReader().mailRun(in: chunk.span, at: &offset))
    return MailBundle(copying: run, before: run.end, in: chunk.span)
  }

  @Test("it is taken in parts, as the frames that are written, without flags")
  func inParts() throws {
    let whole = try bundle(["a", "", "ccc", "dd"])
    #expect((whole.run.count, whole.run.bodyBytes) == (4, 6))
    #expect(whole.frames(before: whole.run.end) == (try frames(["a", "", "ccc", "dd"])))
    var rest = whole.run
    rest.dropFirst(in: whole.bytes.span) { $0.count < 2 }
    #expect(whole.frames(before: rest) == (try frames(["a", ""])))
    let left = whole.from(rest)
    #expect((left.run.count, left.run.bodyBytes) == (2, 5))
    #expect(left.frames(before: left.run.end) == (try frames(["ccc", "dd"])))
  }

  @Test("it can be written as lines")
  func lines() throws {
    let whole = try bundle(["one", "", "three"])
    var lines = Array("zero\n".utf8)
    var rest = whole.run
    rest.dropFirst(in: whole.bytes.span) { $0.count < 5 }
    whole.appendLines(before: rest, to: &lines)
    #expect(String(decoding: lines, as: UTF8.self) == "zero\none\n\n")
    whole.from(rest).appendLines(before: whole.run.end, to: &lines)
    #expect(String(decoding: lines, as: UTF8.self) == "zero\none\n\nthree\n")
  }

  @Test("written and read again, it is the same")
  func coded() throws {
    let whole = try bundle(["a", "b"])
    #expect(try JSONDecoder().decode(MailBundle.self, from: JSONEncoder().encode(whole)) == whole)
  }
}
