import Foundation
import TestPrograms
import Testing

@Suite("verbs, from a shell", .serialized, .timeLimit(.minutes(1)))
struct VerbTests {
  @Test("a program in the foreground reads and writes what heddle does, and heddle exits as it did")
  func foreground() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let upper = try await Command.heddle("run", "--", "tr", "a-z", "A-Z", at: place, input: "loom\n")
    #expect(upper.status == 0 && upper.output == "LOOM\n", "\(upper.errors)")
    let failed = try await Command.heddle("run", "--", "sh", "-c", "echo why >&2; exit 9", at: place)
    #expect(failed.status == 9 && failed.errors == "why\n")
    #expect(try await Command.heddle("run", "--", "sh", "-c", "kill -USR1 $$", at: place).status == 128 + SIGUSR1)
    #expect(try await Command.heddle("run", "--", "no-such-program", at: place).status == 127)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a foreground program that others kill is 125, and it is said who did it")
  func killedForeground() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    // It kills itself by its supervisor, as anybody could.
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let script = "\(heddle) kill --no-wait id:$HEDDLE_ID; sleep 1000"
    let run = try await Command.heddle("run", "--", "sh", "-c", script, at: place)
    #expect(run.status == 125)
    #expect(run.errors.contains("killed by"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("an interrupt of heddle is a break for its foreground program, and SIGKILL of heddle its end")
  func signals() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let heddle = Command.binDirectory.appending(path: "heddle").path
    // The program tells by its output that it is there; then the one that started it gets a signal.
    let inner = "trap 'echo broken; exit 3' INT; echo ready; while :; do sleep 0.01; done"
    let script = """
      \(heddle) run --name inner -- sh -c "\(inner)" > "$1" &
      until grep -q ready "$1"; do sleep 0.01; done
      kill -$2 $!
      wait $!
      """
    for (signal, status) in [("INT", Int32(3)), ("KILL", 128 + SIGKILL)] {
      let output = daemon.directory.appending(path: "out-\(signal)").path
      let run = try await Command.run(
        URL(filePath: "/bin/bash"),
        ["-c", script, "bash", output, signal],
        environment: ["HEDDLE_SOCKET": place]
      )
      #expect(run.status == status)
      // Dead, and nothing of it left, in either case.
      #expect(try await Command.heddle("sync", "dead:inner", "--timeout", "10s", at: place).status == 0)
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("sync takes the first of its events, takes nothing from the others, and says which it was")
  func sync() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "long", "--", "sleep", "1000", at: place)
    _ = try await Command.heddle("run", "-d", "--name", "short", "--", "true", at: place)
    #expect(try await Command.heddle("sync", "dead:long", "done=dead:short", at: place).output == "done\n")
    #expect(try await Command.heddle("sync", "dead:long", "dead:short", "--code", at: place).status == 1)
    #expect(try await Command.heddle("sync", "dead:long", "timer:10ms", at: place).output == "timer:10ms\n")
    #expect(try await Command.heddle("sync", "--timeout", "10ms", "dead:long", at: place).status == 124)
    #expect(
      try await Command.heddle("sync", "--all", "timer:2s", "dead:short", at: place).output
        == "dead:short\ntimer:2s\n"
    )
    _ = try await Command.heddle("suspend", "long", at: place)
    #expect(try await Command.heddle("sync", "suspended:long", "resumed:long", at: place).output == "suspended:long\n")
    #expect(try await Command.heddle("sync", "stdin", "dead:long", at: place, input: "x").output == "stdin\n")
    #expect(try await Command.heddle("sync", "dead:nobody", at: place).status == 4)
    #expect(try await Command.heddle("sync", "late:long", at: place).status == 2)
    #expect(try await Command.heddle("sync", "at:2020-01-01T00:00:00Z", at: "/nowhere.sock").status == 0)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a slice ends suspended with 1, or with the program and 0")
  func slices() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "busy", "--", "sh", "-c", "while :; do :; done", at: place)
    _ = try await Command.heddle("suspend", "busy", at: place)
    #expect(try await Command.heddle("resume", "busy", "--for", "20ms", at: place).status == 1)
    #expect(try await Command.heddle("ps", at: place).output.contains("suspended"))
    _ = try await Command.heddle("run", "-d", "--name", "brief", "--", "sleep", "0.01", at: place)
    _ = try await Command.heddle("suspend", "brief", at: place)
    #expect(try await Command.heddle("resume", "brief", "--until", "timer:1h", at: place).status == 0)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("stop asks first, and kills who does not listen")
  func stop() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "polite", "--", "sleep", "1000", at: place)
    let deaf = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"
    _ = try await Command.heddle("run", "-d", "--name", "deaf", "--", "sh", "-c", deaf, at: place)
    _ = try await Command.heddle("suspend", "polite", at: place)
    let stopped = try await Command.heddle("stop", "polite", "deaf", "--grace", "300ms", at: place)
    #expect(stopped.output == "polite  ended\ndeaf  killed\n", "\(stopped.errors)")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a followed log is whole, and ends with the program")
  func followedLog() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let count = "for i in $(seq 200); do echo line $i; done; read end"
    _ = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "count",
      "--channel",
      "lines",
      "--",
      "sh",
      "-c",
      count,
      at: place
    )
    async let all = Command.heddle("logs", "count", "--follow", at: place)
    async let tail = Command.heddle("logs", "count", "--follow", "--tail", "0", at: place)
    _ = try await Command.heddle("send", "count", "end", at: place)
    #expect(try await all.output == (1...200).map { "line \($0)\n" }.joined())
    #expect(try await all.output.hasSuffix(tail.output))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a break reaches the program as the signal of its kind")
  func breaks() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    for (kind, signal) in [("interrupt", SIGINT), ("hang-up", SIGHUP), ("terminate", SIGTERM)] {
      _ = try await Command.heddle("run", "-d", "--name", kind, "--", "sleep", "1000", at: place)
      #expect(try await Command.heddle("break", "--kind", kind, kind, at: place).status == 0)
      #expect(try await Command.heddle("wait", kind, at: place).status == 128 + signal)
    }
    #expect(daemon.end(SIGTERM) == 0)
  }
}
