import Foundation
import TestPrograms
import Testing

@Suite("what run is told, from a shell", .serialized, .timeLimit(.minutes(2)))
struct RunOptionTests {
  @Test("a program's environment is the caller's, a file's and the arguments', the later before the earlier")
  func environment() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let file = daemon.directory.appending(path: "job.env").path
    try "# a comment\nONE=from file\nTWO='from # file'\nLOOM\n".write(toFile: file, atomically: true, encoding: .utf8)
    let show = "echo \"$ONE,$TWO,$LOOM,${HOME+home}\""
    func run(_ options: [String]) async throws -> Command {
      try await Command.run(
        Command.binDirectory.appending(path: "heddle"),
        ["run"] + options + ["--", "/bin/sh", "-c", show],
        environment: ["HEDDLE_SOCKET": place, "ONE": "callers", "LOOM": "jacquard", "HOME": "/"]
      )
    }
    #expect(try await run([]).output == "callers,,jacquard,home\n")
    #expect(
      try await run(["--env-file", file, "--env", "TWO=2", "--env", "TWO=3"]).output == "from file,3,jacquard,home\n"
    )
    #expect(try await run(["--clean-env", "--env-file", file]).output == "from file,from # file,jacquard,\n")
    #expect(try await run(["--clean-env"]).output == ",,,\n")
    #expect(try await run(["--env", "=x"]).status == 2)
    try "A=1\n2B=3\n".write(toFile: file, atomically: true, encoding: .utf8)
    let wrong = try await run(["-d", "--env-file", file])
    #expect(wrong.status == 2 && wrong.errors.contains("\(file):2: a line is KEY=VALUE"), "\(wrong.errors)")
    let missing = try await run(["--env-file", "/nowhere"])
    #expect(missing.status == 125 && missing.errors.contains("cannot read /nowhere"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a program starts where it is told to, also relative to the caller")
  func directory() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    #expect(
      try await Command.heddle("run", "--cwd", "/usr/bin", "--", "pwd", "-P", at: place).output.hasSuffix("/bin\n")
    )
    let sources = Command.packageDirectory.appending(path: "Sources").path
    #expect(try await Command.heddle("run", "--cwd", "Sources", "--", "pwd", at: place).output == sources + "\n")
    for wrong in ["/nowhere", "README.md"] {
      let run = try await Command.heddle("run", "--cwd", wrong, "--", "true", at: place)
      #expect(run.status == 125 && run.errors.contains("cannot use \(wrong) for --cwd"), "\(run.errors)")
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a thread whose time is up is ended, which is 124 for a foreground run and for wait, and a failure in ps")
  func timeout() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let run = try await Command.heddle("run", "--timeout", "200ms", "--", "sleep", "1000", at: place)
    #expect(
      run.status == 124 && run.errors == "heddle: the program was ended: timed out after 200 ms\n",
      "\(run.errors)"
    )
    _ = try await Command.heddle("run", "-d", "--name", "slow", "--timeout", "100ms", "--", "sleep", "1000", at: place)
    #expect(try await Command.heddle("wait", "slow", at: place).status == 124)
    #expect(try await Command.heddle("ps", "--all", at: place).output.contains("timed out after 100 ms"))
    #expect(try await Command.heddle("run", "--timeout", "1h", "--", "sh", "-c", "exit 3", at: place).status == 3)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a thread that is not to be remembered is gone after its death, and whoever waited has the answer")
  func forgotten() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    #expect(try await Command.heddle("run", "--rm", "--name", "now", "--", "sh", "-c", "exit 5", at: place).status == 5)
    let input = daemon.directory.appending(path: "fifo").path
    #expect(unsafe mkfifo(input, 0o600) == 0)
    _ = try await Command.heddle(
      "run",
      "-d",
      "--rm",
      "--name",
      "later",
      "--",
      "sh",
      "-c",
      "read x < \(input); exit 6",
      at: place
    )
    async let wait = Command.heddle("wait", "later", at: place)
    async let sync = Command.heddle("sync", "dead:later", at: place)
    // Both of them are connected, beside the one who asks.
    while try await !Command.heddle("daemon", "status", at: place).output.contains("connections  3") {}
    try "go\n".write(toFile: input, atomically: false, encoding: .utf8)
    #expect(try await wait.status == 6)
    #expect(try await sync.output == "dead:later\n")
    #expect(try await Command.heddle("ps", "--all", at: place).output.split(separator: "\n").count == 1)
    #expect(try await Command.heddle("logs", "now", at: place).status == 4)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("several limits are set by one option, in units")
  func limits() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let run = try await Command.heddle(
      "run",
      "--limit",
      "nofile=33,core=2KiB",
      "--limit",
      "cpu=77",
      "--",
      "bash",
      "-c",
      "ulimit -n; ulimit -c; ulimit -t",
      at: place
    )
    #expect(run.output == "33\n2\n77\n" || run.output == "33\n4\n77\n", "\(run.output)\(run.errors)")
    #expect(try await Command.heddle("run", "--limit", "nofile=1KiB", "--", "true", at: place).status == 2)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("when a foreground run is killed its program hears of it, and has two seconds")
  func killedRun() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let said = daemon.directory.appending(path: "said").path
    let polite = "trap 'echo bye >> \(said); exit 9' HUP; echo ready; while :; do sleep 0.01; done"
    let deaf = "trap '' HUP; echo ready; while :; do sleep 0.01; done"
    let script = """
      \(heddle) run --name "$2" -- sh -c "$3" > "$1" &
      until grep -q ready "$1"; do sleep 0.01; done
      kill -KILL $!
      """
    for (name, program) in [("polite", polite), ("deaf", deaf)] {
      let output = daemon.directory.appending(path: name).path
      _ = try await Command.run(
        URL(filePath: "/bin/bash"),
        ["-c", script, "bash", output, name, program],
        environment: ["HEDDLE_SOCKET": place]
      )
    }
    #expect(try await Command.heddle("wait", "polite", at: place).status == 9)
    #expect(try String(contentsOfFile: said, encoding: .utf8) == "bye\n")
    #expect(try await Command.heddle("wait", "deaf", at: place).status == 128 + SIGKILL)
    #expect(try await Command.heddle("ps", "--all", at: place).output.contains("shut down with /session-"))
    #expect(daemon.end(SIGTERM) == 0)
  }
}
