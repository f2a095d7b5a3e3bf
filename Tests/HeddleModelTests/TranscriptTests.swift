import Foundation
import Testing

private let scripts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")
private let rewrites = ProcessInfo.processInfo.environment["HEDDLE_REWRITE"] != nil

private func scriptNames() throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: scripts.path).filter { $0.hasSuffix(".txt") }.sorted()
}

/// A script is lines of `> command`, each followed by what it gives. `HEDDLE_REWRITE=1` writes what they give now.
@Test("the story is told as the script has it", arguments: try scriptNames())
func transcript(_ name: String) throws {
  let file = scripts.appending(path: name)
  let expected = try String(contentsOf: file, encoding: .utf8)
  var world = TranscriptWorld()
  var observed: [Substring] = []
  for line in expected.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("> ") {
      observed.append(line)
      observed += world.run(String(line.dropFirst(2))).split(separator: "\n").map { "  " + $0 }
    } else if !line.hasPrefix("  ") {
      observed.append(line)
    }
  }
  let transcript = observed.joined(separator: "\n")
  if rewrites { try transcript.write(to: file, atomically: true, encoding: .utf8) }
  #expect(transcript == expected)
}
