import Foundation
import HeddleWire
import Testing

/// The frames in `proto/testdata`. They are the contract: `HEDDLE_WRITE_GOLDEN=1 swift test --filter GoldenFrameTests`
/// writes them anew, for a change of the protocol and for nothing else.
@Suite("Golden frames")
struct GoldenFrameTests {
  private static let isWriting = ProcessInfo.processInfo.environment["HEDDLE_WRITE_GOLDEN"] == "1"

  @Test("a frame is, byte for byte, the one that is kept, and says what is kept beside it", arguments: GoldenFrame.all)
  func golden(frame: GoldenFrame) throws {
    let bytesFile = GoldenFrame.folder.appending(path: "\(frame.name).bin")
    let textFile = GoldenFrame.folder.appending(path: "\(frame.name).json")
    if Self.isWriting {
      try Data(frame.bytes).write(to: bytesFile)
      try frame.json().write(to: textFile)
    }
    #expect(try [UInt8](Data(contentsOf: bytesFile)) == frame.bytes)
    #expect(
      try String(decoding: Data(contentsOf: textFile), as: UTF8.self) == String(decoding: frame.json(), as: UTF8.self)
    )
  }

  @Test("what is kept is what is tested, no more and no less")
  func complete() throws {
    let kept = try FileManager.default.contentsOfDirectory(atPath: GoldenFrame.folder.path())
    let tested = GoldenFrame.all.flatMap { ["\($0.name).bin", "\($0.name).json"] }
    #expect(kept.sorted() == tested.sorted())
  }
}
