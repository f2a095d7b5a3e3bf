import Foundation
import TestPrograms
import Testing

@Suite("what shells and manuals are given", .serialized, .timeLimit(.minutes(1)))
struct ShellTests {
  /// What bash would offer for a command line whose last word is being typed.
  private func offers(_ words: [String], at place: String) async throws -> [String] {
    let script = """
      source <(heddle completion bash)
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      COMP_LINE="$*"
      COMP_POINT=${#COMP_LINE}
      complete -p heddle >/dev/null || exit 1
      _heddle heddle "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let bash = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", script, "bash"] + words,
      environment: [
        "HEDDLE_SOCKET": place, "PATH": "\(Command.binDirectory.path):/usr/bin:/bin",
      ]
    )
    #expect(bash.status == 0 && bash.errors == "", "\(bash.errors)")
    return bash.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  @Test("bash completes verbs, options, and the names of threads and custodians")
  func bash() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    for name in ["ticker", "ticket", "loom"] {
      _ = try await Command.heddle("run", "-d", "--name", name, "--", "sleep", "1000", at: place)
    }
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    #expect(try await offers(["heddle", "susp"], at: place) == ["suspend"])
    #expect(try await offers(["heddle", "run", "--suspend"], at: place) == ["--suspend-to-kill"])
    #expect(Set(try await offers(["heddle", "suspend", "tick"], at: place)) == ["ticker", "ticket"])
    #expect(Set(try await offers(["heddle", "suspend", "@"], at: place)) == ["@/", "@/main", "@/main/job"])
    #expect(try await offers(["heddle", "sync", "dead:tick"], at: place) == ["dead:ticker", "dead:ticket"])
    #expect(try await offers(["heddle", "logs", "lo"], at: place) == ["loom"])
    #expect(Set(try await offers(["heddle", "run", "--in", "/main"], at: place)) == ["/main", "/main/job"])
    #expect(try await offers(["heddle", "custodian", "shutdown", "/main/"], at: place) == ["/main/job"])
    #expect(!(try await offers(["heddle", ""], at: place)).contains("complete-names"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  enum Shell: String, CaseIterable {
    case bash
    case zsh
    case fish

    var isHere: Bool { FileManager.default.isExecutableFile(atPath: "/usr/bin/\(rawValue)") }

    /// What a shell without settings of its own is to do first, where `directory` is for files.
    func setup(in directory: String) -> String {
      switch self {
      case .bash: "source <(heddle completion bash)"
      case .zsh: "heddle completion zsh > \(directory)/_heddle; ZDOTDIR=\(directory) exec zsh -d -i"
      case .fish: "exec fish --no-config -C 'heddle completion fish | source; function fish_prompt; echo \"> \"; end'"
      }
    }
  }

  @Test("in a real shell the tabulator completes names, ids, custodians and events", arguments: Shell.allCases)
  func tabulator(shell: Shell) async throws {
    guard shell.isHere else { try Test.cancel("this machine has no \(shell)") }
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "ticker", "--", "sleep", "1000", at: place)
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    let directory = daemon.directory.path
    let zshrc = "PS1='> '; fpath=(\(directory) $fpath); autoload -Uz compinit; compinit -u -D\n"
    try zshrc.write(toFile: "\(directory)/.zshrc", atomically: false, encoding: .utf8)
    let terminal = try await Terminal(columns: 120, at: place, environment: ["XDG_DATA_HOME": directory])
    try await terminal.type("clear; \(shell.setup(in: directory))")
    try await terminal.wait { !$0.contains("completion \(shell)") && $0.hasPrefix(">") || $0.hasSuffix("\n>") }
    for (typed, completed) in [
      ("susp", "suspend"), ("suspend tic", "suspend ticker"), ("suspend id:", "suspend id:1"),
      ("kill @/main/j", "kill @/main/job"), ("custodian ls /main/j", "custodian ls /main/job"),
      ("sync dead:tic", "sync dead:ticker"), ("sync sig:WI", "sync sig:WINCH"), ("sync dead:id:", "sync dead:id:1"),
      ("send tic", "send ticker"), ("resume ticker --until sus", "resume ticker --until suspended:"),
    ] {
      try await terminal.keys("heddle \(typed)")
      try await terminal.press("Tab") { $0.contains("heddle \(completed)") }
      try await terminal.press("C-e", "C-u", "C-l") { !$0.contains("heddle") }
    }
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("bash completes events behind their labels, and selectors that have colons and signs in them")
  func wholeWords() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "ticker", "--", "sleep", "1000", at: place)
    let terminal = try await Terminal(columns: 120, at: place)
    try await terminal.type("source <(heddle completion bash); clear")
    for (typed, completed) in [
      ("sync gone=dead:tic", "sync gone=dead:ticker"), ("sync late=sig:WI", "sync late=sig:WINCH"),
      ("sync dead:ticker late=std", "sync dead:ticker late=stdin"),
    ] {
      try await terminal.keys("heddle \(typed)")
      try await terminal.press("Tab") { $0.contains("heddle \(completed)") }
      try await terminal.press("C-e", "C-u", "C-l") { !$0.contains("heddle") }
    }
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("without a daemon, or with one that does not answer, there are no names, and they come in no time")
  func noNames() async throws {
    #expect(try await offers(["heddle", "suspend", ""], at: "/nowhere.sock").allSatisfy { $0.hasPrefix("-") })
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    kill(daemon.process.processIdentifier, SIGSTOP)
    let begin = ContinuousClock.now
    let names = try await Command.heddle("complete-names", "threads", at: daemon.socketPath)
    #expect(names.status == 0 && names.output == "" && names.errors == "")
    #expect(ContinuousClock.now - begin < .seconds(5))
    kill(daemon.process.processIdentifier, SIGCONT)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("each shell has its script, and another shell is bad usage")
  func scripts() async throws {
    for (shell, word) in [("bash", "complete -"), ("zsh", "#compdef heddle"), ("fish", "complete -c")] {
      let script = try await Command.heddle("completion", shell, at: "/nowhere.sock")
      #expect(script.status == 0 && script.output.contains(word), "\(shell)")
    }
    #expect(try await Command.heddle("completion", "csh", at: "/nowhere.sock").status == 2)
  }

  @Test("the manual page is roff without a warning, and has every verb and every exit status")
  func manual() async throws {
    let page = try await Command.heddle("man", at: "/nowhere.sock")
    #expect(page.status == 0)
    for text in [".SS heddle run\n", ".SS heddle daemon stop\n", ".B 125\n"] { #expect(page.output.contains(text)) }
    #expect(!page.output.contains("complete\\-names"))
    #expect(page.output.firstMatch(of: #/^\.TH HEDDLE 1 "\d{4}-\d\d-\d\d" "heddle /#) != nil)
    #expect(page.output.contains(".SS heddle custodian new\n"))
    let packaged = try await Command.run(
      Command.binDirectory.appending(path: "heddle"),
      ["man"],
      environment: ["SOURCE_DATE_EPOCH": "86400"]
    )
    #expect(packaged.output.hasPrefix(".TH HEDDLE 1 \"1970-01-02\" "))
    let groff = URL(filePath: "/usr/bin/groff")
    guard FileManager.default.isExecutableFile(atPath: groff.path) else { return }
    let formatted = try await Command.run(groff, ["-man", "-Tascii", "-ww", "-z"], input: page.output)
    #expect(formatted.status == 0 && formatted.errors == "", "\(formatted.errors)")
  }

  @Test("the version is told in words and in JSON")
  func version() async throws {
    let words = try await Command.heddle("version", at: "/nowhere.sock").output
    #expect(words.hasPrefix("heddle ") && words.split(separator: " ").count == 2)
    let json = try await Command.heddle("version", "--json", at: "/nowhere.sock").output
    #expect(json.hasPrefix(#"{"v":1,"version":"\#(words.split(separator: " ")[1].dropLast())","#))
    #expect(try await Command.heddle("version", "extra", at: "/nowhere.sock").status == 2)
  }
}
