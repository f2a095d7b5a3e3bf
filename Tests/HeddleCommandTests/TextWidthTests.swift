import ArgumentParser
import Testing

@testable import heddle

@Suite("text in columns")
struct TextWidthTests {
  @Test(
    "what East Asian typography has wide takes two columns, and what is put on a letter none",
    arguments: [("loom", 4), ("", 0), ("織機", 4), ("e\u{301}", 1), ("‖ ●", 3), ("🧵", 2), ("a\u{200B}b", 2)]
  )
  func columns(text: String, columns: Int) { #expect(text.columns == columns) }

  @Test("a text is cut in its middle or at its end, never within a letter, and no wider than there is room")
  func cuts() {
    #expect("worker-for-tiles-3".cut(.middle, to: 9, isUTF8: true) == "work…es-3")
    #expect("worker-for-tiles-3".cut(.middle, to: 9, isUTF8: false) == "wor...s-3")
    #expect("worker-for-tiles-3".cut(.end, to: 9, isUTF8: true) == "worker-f…")
    #expect("織機織機".cut(.end, to: 6, isUTF8: true) == "織機…")
    #expect("織機織機".cut(.end, to: 7, isUTF8: true) == "織機織…")
    #expect("web".cut(.middle, to: 3, isUTF8: true) == "web")
    #expect("web!".cut(.middle, to: 1, isUTF8: true) == "…")
    #expect("web!".cut(.middle, to: 2, isUTF8: false) == "..")
  }

  @Test("in a narrow table long names are cut before columns go, and again when none is left to go")
  func tables() {
    let name = String(repeating: "n", count: 30) + "-" + String(repeating: "m", count: 30)
    let table = Table(columns: [
      .init("NAME", [name, "web"], cut: .middle(least: 24)), .init("AGE", ["9s", "3h"], dropOrder: 1),
    ])
    #expect(table.lines()[1] == "\(name)  9s")
    #expect(table.lines(columnsMax: 40)[1] == "nnnnnnnnnnnnnnnnn…mmmmmmmmmmmmmmmmm  9s")
    #expect(table.lines(columnsMax: 40)[2] == "web" + String(repeating: " ", count: 34) + "3h")
    #expect(table.lines(columnsMax: 28) == ["NAME", "nnnnnnnnnnnnnn…mmmmmmmmmmmmm", "web"])
    #expect(table.lines(columnsMax: 10) == ["NAME", "nnnnn…mmmm", "web"])
    for columns in 4...80 { #expect(table.lines(columnsMax: columns).allSatisfy { $0.columns <= columns }) }
  }

  @Test("wide letters are aligned")
  func wideLetters() {
    let table = Table(columns: [.init("COMMAND", ["echo 織機", "ls"]), .init("AGE", ["1s", "2s"])])
    #expect(table.lines() == ["COMMAND    AGE", "echo 織機  1s", "ls         2s"])
  }

  @Test("a command is told on one line, and moves no cursor")
  func commands() {
    func words(_ words: String...) -> String { ShellWords.quoted(words.map { Array($0.utf8) }) }
    #expect(words("sh", "-c", "a\nb\t'\\\u{1B}[2J") == #"sh -c $'a\nb\t\'\\\x1b[2J'"#)
    #expect(words("echo", "it's", "\u{85}") == #"echo 'it'\''s' $'\u0085'"#)
  }
}

@Suite("help")
struct HelpTests {
  @Test("examples are never broken, and the rest is as narrow as wanted", arguments: [40, 80, 200])
  func examples(columns: Int) {
    let lines = Help.text(of: RunCommand.self, columns: columns).split(separator: "\n")
    #expect(lines.contains("heddle run -d --name words --channel lines -- awk '{ n += NF; print n; fflush() }'"))
    let usage = lines.firstIndex { $0.hasPrefix("USAGE: heddle run") } ?? 0
    #expect(usage > 10)
    let prose = lines[..<usage].filter { !$0.hasPrefix("heddle ") }
    #expect(prose.allSatisfy { $0.count <= columns })
  }

  @Test("the help that the parser gives is made whole, and other texts are left as they are")
  func unbroken() {
    #expect(Help.unbroken("0.1.0") == "0.1.0")
    let help = Help.unbroken(Heddle.helpMessage(for: SyncCommand.self, columns: 40))
    #expect(
      help.contains(
        "\ncase $(heddle sync gone=dead:db late=timer:10s) in gone) heddle logs db;; late) heddle suspend db"
      )
    )
  }

  @Test("a verb that there is not is said, with what may have been meant")
  func verbs() throws {
    for words in [
      [], ["ps"], ["--help"], ["help", "daemon"], ["daemon", "--detach"], ["custodian", "ls", "x"], ["kill", "x"],
    ] {
      try Help.checkVerb(words)
    }
    for (words, hint) in [
      (["suspnd", "x"], "'suspnd'; did you mean suspend?"), (["status"], "'status'; did you mean ps?"),
      (["custodian", "shutdwn"], "'custodian shutdwn'; did you mean custodian shutdown?"),
      (["q"], "'q'; heddle --help lists them"),
      (["help", "daemon", "go"], "'daemon go'; heddle daemon --help lists them"),
    ] {
      let failure = #expect(throws: Failure.self) { try Help.checkVerb(words) }
      #expect(failure == Failure(.usage, "there is no verb \(hint)"))
    }
  }
}
