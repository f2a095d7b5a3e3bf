import Foundation
import Testing

@Suite("the catalogue")
struct CatalogueTests {
  private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Each library with a catalogue, and the file with its code.
  private static let libraries = [
    ("HeddleThreads", "Tests/ExamplesTests/Snippets.swift"), ("HeddleClient", "Tests/DaemonTests/ClientSnippets.swift"),
    ("HeddleServer", "Tests/HeddleServerTests/ServerSnippets.swift"),
  ]

  private static func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

  private static func files(in directory: URL, ending: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == ending }
  }

  @Test("every block of code in the pages and in the doc comments is compiled, and run", arguments: libraries)
  func blocks(library: String, snippets: String) throws {
    let code = Lines(of: try Self.text(Self.package.appending(path: snippets)))
    let directory = Self.package.appending(path: "Sources/\(library)").resolvingSymlinksInPath()
    let pages = try Self.files(in: directory.appending(path: "\(library).docc"), ending: "md")
    let sources = try Self.files(in: directory, ending: "swift")
    var found = 0
    for file in pages + sources {
      let lines = Lines(of: try Self.text(file))
      for block in (file.pathExtension == "md" ? lines : lines.docComments).blocks {
        found += 1
        #expect(code.contains(block), "\(file.lastPathComponent):\n\(block.text)")
      }
    }
    #expect(found > 3)
  }

  @Test("so is the code in the README")
  func readme() throws {
    let blocks = Lines(of: try Self.text(Self.package.appending(path: "README.md"))).blocks
    let code = Lines(of: try Self.text(Self.package.appending(path: "Tests/DaemonTests/ClientSnippets.swift")))
    #expect(!blocks.isEmpty)
    for block in blocks { #expect(code.contains(block), "\(block.text)") }
  }

  @Test("a block with another word, or with less indentation inside, is not found")
  func strictness() {
    let code = Lines(of: "  func f() {\n    if a {\n      b()\n    }\n  }")
    #expect(code.contains(Lines(of: "if a {\n  b()\n}")))
    #expect(!code.contains(Lines(of: "if a {\n  c()\n}")))
    #expect(!code.contains(Lines(of: "if a {\nb()\n}")))
    #expect(Lines(of: "/// ```swift\n/// a\n///   b\n/// ```").docComments.blocks.map(\.text) == ["a\n  b"])
  }
}

/// A text as lines.
private struct Lines {
  let lines: [Substring]

  init(of text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

  private init(lines: [Substring]) { self.lines = lines }

  var text: String { lines.joined(separator: "\n") }

  /// The fenced blocks of Swift code.
  var blocks: [Lines] {
    var blocks: [Lines] = []
    var open: [Substring]?
    for line in lines {
      if line == "```swift" {
        open = []
      } else if line == "```", let block = open {
        blocks.append(Lines(lines: block))
        open = nil
      } else {
        open?.append(line)
      }
    }
    return blocks
  }

  /// The text of the doc comments in a Swift file.
  var docComments: Lines {
    let comments = lines.map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("///") }
    return Lines(lines: comments.map { $0.dropFirst($0.hasPrefix("/// ") ? 4 : 3) })
  }

  /// Whether `block` stands here, line by line, with one indentation for all of it.
  func contains(_ block: Lines) -> Bool {
    guard let first = block.lines.first, block.lines.count <= lines.count else { return false }
    return (0...lines.count - block.lines.count).contains { start in
      guard lines[start].hasSuffix(first) else { return false }
      let indentation = lines[start].dropLast(first.count)
      guard indentation.allSatisfy({ $0 == " " }) else { return false }
      return zip(lines[start...], block.lines).allSatisfy { $0 == ($1.isEmpty ? "" : indentation + $1) }
    }
  }
}
