import Foundation
import Testing

private let folder = URL(filePath: #filePath).deletingLastPathComponent()

/// The lines of the model's checklist that the core is asked about: a letter pair and how many lines it has.
private let groups = [("TH", 35), ("SR", 49), ("ST", 24), ("MB", 20), ("CU", 18), ("BR", 16), ("EV", 13), ("GC", 6)]

@Suite("The checklist of the core")
struct ChecklistTests {
  /// One line of the table: a claim, and what shows it.
  struct Row {
    let id: String
    let evidence: String

    /// The row that `line` is; nil for all that is not one of a claim.
    init?(_ line: Substring) {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3, cells[0].wholeMatch(of: /[A-Z]{2}-[0-9]{2}/) != nil else { return nil }
      (id, evidence) = (cells[0], cells[2])
    }

    /// The names in backquotes: scripts (`kill.txt`) and functions that are tests (`MailboxTests.order`).
    var tests: [String] {
      evidence.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    var scripts: [String] { tests.filter { $0.hasSuffix(".txt") } }
    var functions: [String] { tests.filter { !$0.hasSuffix(".txt") } }

    /// Whether it names a room that shows the claim in the core's place, and gives a reason.
    var isLeft: Bool {
      let rooms = ["HeddleThreads", "HeddleServer", "HeddleClient", "Supervision", "Daemon", "no room"]
      return rooms.contains { evidence.contains("left to \($0)") } && evidence.contains(": ")
    }
  }

  private let rows: [Row]

  init() throws {
    let text = try String(contentsOf: folder.appending(path: "Checklist.md"), encoding: .utf8)
    rows = text.split(separator: "\n").compactMap(Row.init)
  }

  @Test("has every claim once, in order")
  func complete() {
    let expected = groups.flatMap { group, count in (1...count).map { String(format: "\(group)-%02d", $0) } }
    #expect(rows.map(\.id) == expected)
  }

  @Test("names for each claim a test, or the room that it is left to and why")
  func accounted() {
    for row in rows where row.tests.isEmpty { #expect(row.isLeft, "\(row.id): \(row.evidence)") }
  }

  @Test("names scripts that exist and that say where they show the claim")
  func scriptsShow() throws {
    for row in rows {
      for script in row.scripts {
        let text = try String(contentsOf: folder.appending(path: "Scripts/\(script)"), encoding: .utf8)
        #expect(text.contains(row.id), "\(script) does not show \(row.id)")
      }
    }
  }

  @Test("names Swift tests that exist")
  func functionsExist() throws {
    for row in rows {
      for name in row.functions.map({ $0.split(separator: ".") }) {
        try #require(name.count == 2, "\(row.id) names \(name)")
        let text = try String(contentsOf: folder.appending(path: "\(name[0]).swift"), encoding: .utf8)
        #expect(text.contains("func \(name[1])("), "\(row.id) names \(name)")
      }
    }
  }

  @Test("knows every claim that a script names")
  func nothingUnknown() throws {
    let known = Set(rows.map(\.id))
    let scripts = folder.appending(path: "Scripts")
    for name in try FileManager.default.contentsOfDirectory(atPath: scripts.path) {
      let text = try String(contentsOf: scripts.appending(path: name), encoding: .utf8)
      for id in text.matches(of: /\b[A-Z]{2}-[0-9]{2}\b/).map({ String($0.output) }) {
        #expect(known.contains(id), "\(name) names \(id)")
      }
    }
  }
}
