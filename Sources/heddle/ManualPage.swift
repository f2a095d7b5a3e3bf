internal import ArgumentParser
internal import HeddleClient

/// heddle(1), made from the verbs' own help; man(7).
enum ManualPage {
  private static let columns = 76

  static var text: String {
    ([
      ".TH HEDDLE 1 \"\(date)\" \"heddle \(Version.text)\" \"User Commands\"",
      ".SH NAME", "heddle \\- threads that are processes",
      ".SH SYNOPSIS", ".B heddle", ".I verb", "[\\fIoption\\fR ...] [\\fIargument\\fR ...]",
      ".SH DESCRIPTION", escaped(Heddle.configuration.abstract), ".PP", ".nf",
      escaped(Heddle.configuration.discussion), ".fi",
      ".SH VERBS",
    ] + verbs(of: Heddle.self, called: ["heddle"]) + closing).joined(separator: "\n") + "\n"
  }

  /// When the version was made: the same page at any time. `$SOURCE_DATE_EPOCH` overrides it, as whoever makes packages
  /// expects; https://reproducible-builds.org/docs/source-date-epoch/
  private static var date: String {
    guard let epoch = Environment.value("SOURCE_DATE_EPOCH").flatMap({ Int($0) }) else { return Version.date }
    return String(Timestamp.text(of: epoch).prefix { $0 != "T" })
  }

  /// Each verb that is shown, with its help as it prints it.
  private static func verbs(of command: any ParsableCommand.Type, called words: [String]) -> [String] {
    command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap { verb in
      let called = words + [verb.configuration.commandName ?? ""]
      let help = Help.text(of: verb, columns: columns)
      return [".SS \(escaped(called.joined(separator: " ")))", ".nf", escaped(help), ".fi"]
        + verbs(of: verb, called: called)
    }
  }

  /// Text as it is: roff takes a backslash, and a dot or an apostrophe at the beginning of a line, for its own.
  static func escaped(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let line = line.flatMap { character -> String in
        switch character {
        case "\\": "\\e"
        case "-": "\\-"
        case "'": "\\(aq"
        case "`": "\\(ga"
        case "^": "\\(ha"
        case "~": "\\(ti"
        default: String(character)
        }
      }
      return String(line.first == "." ? "\\&" + line : line)
    }.joined(separator: "\n")
  }

  private static let closing =
    [".SH EXIT STATUS"] + items(exits.map { ("\($0)", $1) }) + [".SH ENVIRONMENT"] + items(variables)
    + [".SH FILES"] + items(files)

  private static func items(_ items: [(term: String, meaning: String)]) -> [String] {
    items.flatMap { [".TP", ".B \(escaped($0.term))", escaped($0.meaning)] }
  }

  private static let exits = [
    ("0", "It is done."), ("1", "It failed."), ("2", "The command line, or a file that it names, is wrong."),
    ("4", "There is no such thread or custodian."), ("5", "Not permitted."), ("6", "There is no daemon."),
    ("7", "Refused: the thread is dead, the name is taken, the mailbox is full, and the like."),
    ("124", "The time is up."),
    ("125", "In run and wait: heddle itself failed, or somebody else ended the program."),
    ("126, 127", "In run: the program cannot be executed, or is not there."),
    ("128 and more", "In run and wait: 128 and the number of the signal that ended the program."),
    ("other", "In run and wait: the program's own."),
  ]

  private static let variables = [
    ("HEDDLE_SOCKET", "The daemon's socket, unless --socket names it."),
    ("HEDDLE_STATE_DIR", "Where a daemon in the background keeps its log."),
    ("HEDDLE_KEEPER", "The program heddle-keeper, where it is not beside heddle or in ../libexec/heddle."),
    ("HEDDLE_NAME, HEDDLE_ID, HEDDLE_CUSTODIAN, HEDDLE_NODE", "Set for the program of a thread."),
    ("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "Whether there are colours."),
    ("NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID", "What systemd gives the daemon; sd_notify(3), sd_listen_fds(3)."),
  ]

  private static let files = [
    ("$XDG_RUNTIME_DIR/heddle/default.sock", "The daemon's socket; for root without it /run/heddle/default.sock."),
    ("~/.local/state/heddle/daemon.log", "The log of a daemon in the background."),
  ]
}
