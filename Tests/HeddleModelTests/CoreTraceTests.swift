import Foundation
import HeddleModel
import Testing

@testable import heddle_replay

@Suite("the recorded traces, against the core")
struct CoreTraceTests {
  static let names = (1...20).map { String(format: "trace-%03d", $0) }

  private func trace(_ name: String) throws -> TraceFile {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "jsonl", subdirectory: "traces"))
    return try TraceFile(path: url.path)
  }

  @Test("every line agrees", arguments: names)
  func agrees(_ name: String) throws {
    var subject = CoreSubject()
    for (index, line) in try trace(name).lines.enumerated() {
      #expect(try subject.perform(line.operation) == line.observation, "operation \(index) of \(name)")
    }
  }

  @Test("a snapshot taken after any line, decoded and continued, behaves as its origin", arguments: names)
  func snapshot(_ name: String) throws {
    var subject = CoreSubject { world in
      let copy = try JSONDecoder().decode(CoreSubject.World.self, from: JSONEncoder().encode(world))
      #expect(copy == world)
      return copy
    }
    for (index, line) in try trace(name).lines.enumerated() {
      #expect(try subject.perform(line.operation) == line.observation, "operation \(index) of \(name)")
    }
  }
}
