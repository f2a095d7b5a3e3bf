import Foundation
import TestPrograms
import Testing

@Suite("the words of a command line, and what they come to", .serialized, .timeLimit(.minutes(1)))
struct CommandLineTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  // MARK: - Bad usage

  @Test("an option that there is not is said with the nearest that there is, at each verb")
  func options() async throws {
    for (words, sentence) in [
      (["ps", "--wid"], "there is no option '--wid'; did you mean --wide?"),
      (["run", "--detatch", "--", "true"], "there is no option '--detatch'; did you mean --detach?"),
      (["daemon", "stop", "--grce", "1s"], "there is no option '--grce'; did you mean --grace?"),
      (["custodian", "shutdown", "--dryrun", "job"], "there is no option '--dryrun'; did you mean --dry-run?"),
      (["ps", "--x"], "there is no option '--x'; heddle ps --help lists them"),
      (["ps", "-z"], "there is no option '-z'; heddle ps --help lists them"),
      (["--json", "ps"], "there is no option '--json'; it stands behind a verb"),
      (["run", "--ready", "x", "--", "true"], "there is no option '--ready'"),
      (["run", "--restart", "x", "--", "true"], "there is no option '--restart'"),
    ] {
      let answer = try await Command.heddle(words, at: "/nowhere.sock")
      #expect(answer.status == 2 && answer.output == "", "\(words)")
      #expect(answer.errors.hasPrefix("heddle: \(sentence)"), "\(answer.errors)")
      #expect(answer.errors.contains("\nUsage: heddle"), "\(answer.errors)")
    }
  }

  @Test("verbs of other programs, and of what is not here, are none; some have another name here")
  func verbs() async throws {
    for verb in ["up", "down", "restart", "plan", "apply", "check", "import", "export", "metrics"] {
      let answer = try await Command.heddle(verb, at: "/nowhere.sock")
      #expect(answer.status == 2 && answer.errors.hasPrefix("heddle: there is no verb '\(verb)'; "), "\(answer.errors)")
    }
    for (verb, hint) in [("status", "ps"), ("pause", "suspend"), ("tail", "logs --follow"), ("sp", "ps")] {
      let answer = try await Command.heddle(verb, at: "/nowhere.sock")
      #expect(answer.errors == "heddle: there is no verb '\(verb)'; did you mean \(hint)?\n")
    }
    #expect(try await Command.heddle("custodian", "limit", "x", at: "/nowhere.sock").status == 2)
  }

  @Test("a value that is none is said with what is accepted, and an example")
  func values() async throws {
    for (words, sentences) in [
      (["run", "--mailbox", "8MB", "--", "true"], ["'8MB' bounds no mailbox", "as in 1024,8MiB"]),
      (["run", "--limit", "memory=1", "--", "true"], ["'memory' can't be limited: nofile, nproc, as, cpu, core can"]),
      (["run", "--limit", "nofile=1KiB", "--", "true"], ["'1KiB' is no limit of nofile", "as in nofile=256,as=2GiB"]),
      (["run", "--limit", "core", "--", "true"], ["'core' is no limit: a limit is a name, = and the most"]),
      (["run", "--env", "=x", "--", "true"], ["'=x' sets no variable", "as in LANG=C"]),
      (["logs", "x", "--since", "yesterday"], ["'yesterday' is no time: give a span", "2026-11-21T18:30:00"]),
      (["events", "--since", "1y"], ["'1y' is no time", "as in 10m"]),
      (["sync", "at:25:00"], ["'25:00' is no time to wait for", "as in 18:30"]),
      (["sync", "x=timer:5"], ["'5' is no time span", "as in 500ms"]),
      (["sync", "sig:KILL"], ["'KILL' is no signal to wait for: give one of HUP, INT", "as in sig:USR1"]),
      (["sync", "dead:a b"], ["'a b' names no thread"]), (["resume", "x", "--until", "y"], ["'y' is no event"]),
      (["sync", "dead:a", "dead:a"], ["Two events are called 'dead:a'", "NAME=EVENT"]),
      (["sync", "x=timer:1s", "x=stdin"], ["Two events are called 'x'"]),
      (["run", "--json", "--", "true"], ["add -d for --json", "heddle wait --json"]),
      (["daemon", "--json"], ["add --detach for --json"]),
    ] {
      let answer = try await Command.heddle(words, at: "/nowhere.sock")
      #expect(answer.status == 2 && answer.output == "", "\(words)")
      for sentence in sentences { #expect(answer.errors.contains(sentence), "\(answer.errors)") }
    }
  }

  @Test("examples in the help are whole lines, however narrow it is")
  func help() async throws {
    for words in [["run", "--help"], ["help", "run"], ["sync", "-h"], ["events", "--help"]] {
      let help = try await Command.run(
        Command.binDirectory.appending(path: "heddle"),
        words,
        environment: ["COLUMNS": "50"]
      )
      #expect(help.status == 0)
      let verb = words.contains("sync") ? "sync" : words.contains("events") ? "events" : "run"
      let example = [
        "run": "heddle run -d --name words --channel lines -- awk '{ n += NF; print n; fflush() }'",
        "sync":
          "case $(heddle sync gone=dead:db late=timer:10s) in gone) heddle logs db;; late) heddle suspend db;; esac",
        "events": "heddle events --follow --json | jq -r 'select(.kind == \"HAPPENING_KIND_DEAD\").name'",
      ]
      #expect(help.output.split(separator: "\n").contains { $0 == example[verb] ?? "" }, "\(help.output)")
    }
  }

  // MARK: - Names

  @Test("a custodian that there is not is said with where the others are, and @ may stand before a path everywhere")
  func custodians() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let made = try await Command.heddle("custodian", "new", "@jobs", "--json", at: place)
    #expect(
      made.output
        == #"{"v":1,"path":"/main/jobs","state":"CUSTODIAN_STATE_OPEN","children":[],"threads":[]}"# + "\n",
      "\(made.errors)"
    )
    #expect(try await Command.heddle("custodian", "new", "quiet", at: place).output == "")
    let kill = try await Command.heddle("kill", "@nosuch", at: place)
    #expect(kill.status == 4)
    #expect(kill.errors == "heddle: there is no custodian /main/nosuch; heddle custodian tree / lists them\n")
    let near = try await Command.heddle("kill", "@jbos", at: place)
    #expect(near.status == 4 && near.errors.hasSuffix("; did you mean /main/jobs?\n"), "\(near.errors)")
    let shutdown = try await Command.heddle("custodian", "shutdown", "job", at: place)
    #expect(shutdown.status == 4 && shutdown.errors.hasSuffix("; did you mean /main/jobs?\n"), "\(shutdown.errors)")
    #expect(try await Command.heddle("custodian", "ls", "@jobs", at: place).output.contains("\n/main/jobs  open"))
    #expect(try await Command.heddle("custodian", "shutdown", "@jobs", at: place).status == 0)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("the shutdown of / says that it ends the daemon, before and afterwards")
  func root() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "x", "--suspend-to-kill", "--", "sleep", "1000", at: place)
    let plan = try await Command.heddle("custodian", "shutdown", "/", "--dry-run", at: place)
    #expect(plan.output.hasSuffix("\n/  the daemon would end with it\n"), "\(plan.output)")
    #expect(plan.output.contains("/  x  would end with the daemon"), "\(plan.output)")
    let json = try object(await Command.heddle("custodian", "shutdown", "/", "--dry-run", "--json", at: place).output)
    #expect(json["daemon_ends"] as? Bool == true)
    let other = try object(
      await Command.heddle("custodian", "shutdown", "/main", "--dry-run", "--json", at: place).output
    )
    #expect(other["daemon_ends"] as? Bool == false)
    let shutdown = try await Command.heddle("custodian", "shutdown", "/", at: place)
    #expect(shutdown.status == 0 && shutdown.output.hasSuffix(", and the daemon ends\n"), "\(shutdown.output)")
    #expect(try daemon.process.wait() == .exited(0))
  }

  @Test("daemon stop without a daemon says that there is none, and does not advise to start one")
  func noDaemon() async throws {
    let stop = try await Command.heddle("daemon", "stop", at: "/tmp/heddle-nobody/s.sock")
    #expect(stop.status == 6)
    #expect(stop.errors == "heddle: cannot stop the daemon at /tmp/heddle-nobody/s.sock: there is none running\n")
  }

  // MARK: - JSON

  @Test("JSON has its keys also at zero, and paths and arguments are text")
  func json() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let run = try object(
      await Command.heddle("run", "-d", "--name", "x", "--json", "--", "sleep", "1000", at: place).output
    )
    #expect(run["mailbox_messages"] as? Int == 0 && run["mailbox_bytes"] as? Int == 0)
    #expect(run["channel"] as? String == "CHANNEL_NONE" && run["argv"] as? [String] == ["sleep", "1000"])
    let show = try object(await Command.heddle("show", "--json", "x", at: place).output)
    #expect(show["cwd"] as? String == Command.packageDirectory.path && show["cwd_bytes"] == nil)
    #expect(show["linger"] as? Bool == false && show["mail_taken"] as? Int == 0)
    #expect((show["benefactors"] as? [Any])?.isEmpty == true)
    let status = try object(await Command.heddle("daemon", "status", "--json", at: place).output)
    #expect(status["socket_path"] as? String == place && status["dead_threads"] as? Int == 0)
    let sent = try object(await Command.heddle("send", "x", "hello", "--json", at: place).output)
    #expect(sent["messages"] as? Int == 1 && sent["end"] as? Bool == false && sent["name"] as? String == "x")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a directory that is not UTF-8 is there in base64, too")
  func bytes() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let script = """
      d=$1/$(printf 'a\\377'); mkdir "$d" && cd "$d" && "$0" run -d --name x -- sleep 1000 && "$0" show --json x
      """
    let shown = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", script, Command.binDirectory.appending(path: "heddle").path, daemon.directory.path],
      environment: ["HEDDLE_SOCKET": daemon.socketPath]
    )
    let json = try object(String(shown.output.split(separator: "\n").last ?? ""))
    #expect(json["cwd"] as? String == "\(daemon.directory.path)/a\u{FFFD}")
    let bytes = Data(base64Encoded: try #require(json["cwd_bytes"] as? String))
    #expect(bytes == Data("\(daemon.directory.path)/a".utf8) + [0xFF])
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - Ends

  @Test("limits that can't be set are heddle's own failure, with the reason and what to do")
  func limits() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    for words in [["run"], ["run", "-d"]] {
      let run = try await Command.heddle(
        words + ["--limit", "nofile=99999999999", "--", "true"],
        at: daemon.socketPath
      )
      #expect(run.status == 125)
      #expect(run.errors.contains("cannot start true: setting its limits failed"), "\(run.errors)")
      #expect(run.errors.contains("ask for less, or start the supervisor with more"), "\(run.errors)")
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a time that is up before the program runs is a time that is up", arguments: ["1ms", "2ms", "5ms"])
  func shortTime(time: String) async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let run = try await Command.heddle("run", "--timeout", time, "--", "sleep", "1000", at: daemon.socketPath)
    #expect(run.status == 124)
    #expect(run.errors.contains("timed out after") || run.errors.contains("was up before it ran"), "\(run.errors)")
    #expect(!run.errors.contains("errno"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a slice undoes itself when its time is up, and tells in JSON how the thread is then")
  func slices() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    for name in ["x", "other"] {
      _ = try await Command.heddle("run", "-d", "--name", name, "--", "sleep", "1000", at: place)
    }
    _ = try await Command.heddle("suspend", "x", at: place)
    #expect(
      try await Command.heddle("resume", "x", "--until", "dead:other", "--timeout", "50ms", at: place).status == 124
    )
    #expect(try await Command.heddle("ps", "x", at: place).output.contains("suspended"))
    let slice = try await Command.heddle("resume", "x", "--for", "10ms", "--json", at: place)
    #expect(slice.status == 1)
    let threads = try #require(try object(slice.output)["threads"] as? [[String: Any]])
    #expect(threads.map { $0["state"] as? String } == ["THREAD_STATE_SUSPENDED"])
    // A suspension for a time ends with the wait for it.
    #expect(try await Command.heddle("suspend", "other", "--for", "1h", "--timeout", "50ms", at: place).status == 124)
    #expect(try await Command.heddle("ps", "other", at: place).output.contains("running"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test(
    "a receiver that is a thread ends by a break as a program does by its signal, and by a kill with 137",
    arguments: [("interrupt", SIGINT), ("hang-up", SIGHUP), ("terminate", SIGTERM), ("", SIGKILL)]
  )
  func receiver(kind: String, signal: Int32) async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    async let receiver = Command.heddle("recv", "--as", "ear", at: place)
    while try await Command.heddle("ps", "ear", at: place).status != 0 {}
    let words = kind.isEmpty ? ["kill", "ear"] : ["break", "--kind", kind, "ear"]
    #expect(try await Command.heddle(words, at: place).status == 0)
    #expect(try await receiver.status == 128 + signal)
    #expect(daemon.end(SIGTERM) == 0)
  }
}
