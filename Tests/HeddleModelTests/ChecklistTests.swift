import Foundation
import Testing

/// A room that has a table of what shows each claim in it.
struct ChecklistRoom: CustomTestStringConvertible {
  /// A letter pair, and how many lines of the model's checklist begin with it.
  typealias Group = (letters: String, count: Int)

  /// The folder of its tests, where the table is.
  let name: String
  let groups: [Group]
  /// Single claims of other groups, which other rooms leave to it.
  var others: [String] = []

  private static let lives: [Group] = [
    ("TH", 35), ("SR", 49), ("ST", 24), ("MB", 20), ("CU", 18), ("BR", 16), ("EV", 13),
  ]
  private static let model = lives + [("GC", 6)]

  static let all = [
    ChecklistRoom(name: "HeddleModelTests", groups: model),
    ChecklistRoom(name: "HeddleThreadsTests", groups: model + [("CO", 30), ("CT", 16)]),
    ChecklistRoom(name: "HeddleServerTests", groups: [("RS", 22)], others: ["TH-34", "CU-15"]),
    ChecklistRoom(name: "DaemonTests", groups: lives + [("CO", 30)]),
  ]

  var testDescription: String { name }

  var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: name)
  }

  /// The text of a file in its folder.
  func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  /// The text of the file of a suite: in its own folder, else in that of another room, such as where built programs are tested.
  func test(_ suite: Substring) throws -> String? {
    let all = folder.deletingLastPathComponent()
    let rooms = try [name] + FileManager.default.contentsOfDirectory(atPath: all.path).sorted()
    let files = rooms.map { all.appending(path: "\($0)/\(suite).swift") }
    return try files.first { FileManager.default.fileExists(atPath: $0.path) }.map {
      try String(contentsOf: $0, encoding: .utf8)
    }
  }

  func rows() throws -> [ChecklistTests.Row] {
    try text("Checklist.md").split(separator: "\n").compactMap(ChecklistTests.Row.init)
  }
}

@Suite("The checklists")
struct ChecklistTests {
  /// One line of the table: a claim, and what shows it.
  struct Row {
    let id: String
    let evidence: String
    /// Of a process thread on another node than whoever asks; nil where the table has no such column.
    let acrossNodes: String?

    /// The row that `line` is; nil for all that is not one of a claim.
    init?(_ line: Substring) {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3 || cells.count == 4, cells[0].wholeMatch(of: /[A-Z]{2}-[0-9]{2}/) != nil else {
        return nil
      }
      (id, evidence) = (cells[0], cells[2])
      acrossNodes = cells.count == 4 ? cells[3] : nil
    }

    /// The names in backquotes: scripts (`kill.txt`) and functions that are tests (`MailboxTests.order`).
    var tests: [String] {
      Self.names(in: evidence) + (acrossNodes.map(Self.names) ?? [])
    }

    private static func names(in text: String) -> [String] {
      text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    var scripts: [String] { tests.filter { $0.hasSuffix(".txt") } }
    var functions: [String] { tests.filter { !$0.hasSuffix(".txt") } }

    /// Whether it names a room that shows the claim in this one's place, or says that Swift cannot express it, or that it
    /// has no meaning here, and why.
    var isLeft: Bool {
      let rooms = ["HeddleThreads", "HeddleServer", "HeddleClient", "Supervision", "Daemon", "no room"]
      let reasons = rooms.map { "left to \($0)" } + ["no Swift form", "no meaning for a process"]
      return reasons.contains { evidence.contains($0) } && evidence.contains(": ")
    }
  }

  @Test("has every claim once, in order", arguments: ChecklistRoom.all)
  func complete(room: ChecklistRoom) throws {
    let expected = room.groups.flatMap { letters, count in (1...count).map { String(format: "\(letters)-%02d", $0) } }
    #expect(try room.rows().map(\.id) == expected + room.others)
  }

  @Test("names for each claim a test, or the room that it is left to and why", arguments: ChecklistRoom.all)
  func accounted(room: ChecklistRoom) throws {
    for row in try room.rows() where row.tests.isEmpty { #expect(row.isLeft, "\(row.id): \(row.evidence)") }
  }

  @Test("says of each claim for processes how it stands across nodes")
  func acrossNodes() throws {
    for row in try #require(ChecklistRoom.all.first { $0.name == "DaemonTests" }).rows() {
      let text = try #require(row.acrossNodes, "\(row.id) says nothing")
      #expect(["same", "own", "home", "-"].contains(text) || text.hasPrefix("`"), "\(row.id): \(text)")
    }
  }

  @Test("names scripts that exist and that say where they show the claim", arguments: ChecklistRoom.all)
  func scriptsShow(room: ChecklistRoom) throws {
    for row in try room.rows() {
      for script in row.scripts {
        #expect(try room.text("Scripts/\(script)").contains(row.id), "\(script) does not show \(row.id)")
      }
    }
  }

  @Test("names Swift tests that exist", arguments: ChecklistRoom.all)
  func functionsExist(room: ChecklistRoom) throws {
    for row in try room.rows() {
      for name in row.functions.map({ $0.split(separator: ".") }) {
        try #require(name.count == 2, "\(row.id) names \(name)")
        #expect(try room.test(name[0])?.contains("func \(name[1])(") == true, "\(row.id) names \(name)")
      }
    }
  }

  @Test("knows every claim that a script or a Swift test names", arguments: ChecklistRoom.all)
  func nothingUnknown(room: ChecklistRoom) throws {
    let known = Set(try room.rows().map(\.id))
    let files = try FileManager.default.subpathsOfDirectory(atPath: room.folder.path)
    for name in files where name.hasSuffix("Tests.swift") || name.hasSuffix(".txt") {
      for id in try room.text(name).matches(of: /\b[A-Z]{2}-[0-9]{2}\b/).map({ String($0.output) }) {
        #expect(known.contains(id), "\(name) names \(id)")
      }
    }
  }
}
