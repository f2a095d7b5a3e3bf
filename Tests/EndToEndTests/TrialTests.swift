import Foundation
import TestPrograms
import Testing

@Suite("what a newcomer stumbled over", .serialized, .timeLimit(.minutes(1)))
struct TrialTests {
  @Test("a foreground program whose reader leaves is ended, and heddle ends as SIGPIPE ends a program")
  func readerLeaves() async throws {
    let daemon = try DaemonProcess()
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let run = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", "\(heddle) run --suspend-to-kill --name yes -- yes | head -n 1; echo ${PIPESTATUS[0]}"],
      environment: ["HEDDLE_SOCKET": daemon.socketPath]
    )
    #expect(run.output == "y\n141\n", "\(run.errors)")
    #expect(try await Command.heddle("sync", "dead:yes", "--timeout", "10s", at: daemon.socketPath).status == 0)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("stop tells of each what it did, also behind one that used up the grace; and of the dead that they were")
  func stop() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let deaf = "trap '' TERM; echo ready; while :; do sleep 0.01; done"
    let polite = "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done"
    for (name, script) in [("a", deaf), ("b", polite), ("c", "exit 0")] {
      _ = try await Command.heddle("run", "-d", "--name", name, "--", "sh", "-c", script, at: place)
    }
    #expect(try await Command.heddle("wait", "c", at: place).status == 0)
    for name in ["a", "b"] {
      while try await Command.heddle("logs", name, at: place).output != "ready\n" {}
    }
    let stop = try await Command.heddle("stop", "a", "b", "c", "--grace", "300ms", at: place)
    #expect(stop.output == "a  killed\nb  ended\nc  dead before\n", "\(stop.errors)")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a pattern means the dead, too, where their deaths are asked for")
  func deadOnes() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    for (name, status) in [("w1", "0"), ("w2", "5")] {
      _ = try await Command.heddle("run", "-d", "--name", name, "--", "sh", "-c", "exit \(status)", at: place)
    }
    #expect(try await Command.heddle("sync", "--all", "dead:w1", "dead:w2", at: place).status == 0)
    #expect(try await Command.heddle("wait", "w*", at: place).status == 5)
    #expect(try await Command.heddle("sync", "dead:w*", at: place).status == 0)
    #expect(try await Command.heddle("ps", "--all", "w*", at: place).output.contains("w2"))
    #expect(try await Command.heddle("ps", "--json", "w1", at: place).output.contains(#""exited":{"code":0}"#))
    #expect(try await Command.heddle("suspend", "w*", at: place).status == 4)
    let suspend = try await Command.heddle("suspend", "w1", at: place)
    #expect(suspend.status == 0 && suspend.errors == "heddle: w1 is dead\n")
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a slice that is cut short by a signal ends as a slice does: the thread is suspended again")
  func slice() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "x", "--", "sleep", "1000", at: place)
    _ = try await Command.heddle("suspend", "x", at: place)
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let script = """
      \(heddle) resume x --for 1h &
      until \(heddle) ps x | grep -q running; do sleep 0.01; done
      kill -TERM $!
      wait $!; echo $?
      """
    let run = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", script],
      environment: ["HEDDLE_SOCKET": place]
    )
    #expect(run.output == "143\n", "\(run.errors)")
    #expect(try await Command.heddle("ps", "x", at: place).output.contains("suspended"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("what an argument should be is said where it is not")
  func arguments() async throws {
    for (words, sentence) in [
      (["suspend", "a b"], "'a b' names no thread: a thread is NAME"),
      (["sync", "dea:x"], "'dea:x' is no event: an event is"),
      (["suspnd", "x"], "there is no verb 'suspnd'; did you mean suspend?"),
      (["top"], "there is no verb 'top'"),
      (["wait", "x", "--timeout", "5"], "'5' is no time span: give a number and ms"),
      (["run", "--", ""], "The program after -- has no name."), (["run", "--timeout", "0s", "--", "true"], "above 0"),
    ] {
      let answer = try await Command.run(
        Command.binDirectory.appending(path: "heddle"),
        words,
        environment: ["HEDDLE_SOCKET": "/nowhere.sock"]
      )
      #expect(answer.status == 2 && answer.errors.contains(sentence), "\(answer.errors)")
    }
  }
}
