import Foundation
import Testing
import heddle_replay

/// The recorded traces, as paths.
private let recorded = (1...20).map { number in
  let name = "trace-" + String(format: "%03d", number)
  return Bundle.module.path(forResource: name, ofType: "jsonl", inDirectory: "traces") ?? name
}

@Suite("Recorded traces")
struct TraceTests {
  @Test("the naive model agrees with every recorded trace", arguments: recorded)
  func naiveAgrees(path: String) async throws {
    let trace = try TraceFile(path: path)
    var subject = NaiveModel()
    let difference = try await replay(trace.lines, against: &subject)
    #expect(difference == nil, "\(path):\((difference?.index ?? 0) + 1)\n\(difference.map { "\($0)" } ?? "")")
  }

  @Test("the writer gives back every recorded trace, byte for byte", arguments: recorded)
  func writerRoundTrips(path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(TraceWriter.text(try TraceFile(text: text, path: path).lines) == text)
  }
}
