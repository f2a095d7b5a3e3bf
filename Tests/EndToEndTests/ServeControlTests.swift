import Foundation
import TestPrograms
import Testing

@Suite("a server as a thread, from a shell", .serialized, .timeLimit(.minutes(3)))
struct ServeControlTests {
  @Test("beyond --max connections wait in the backlog, and are served when there is room")
  func max() async throws {
    let scene = try await ServedScene("--max", "1")
    let first = try scene.connect()
    try first.say("one\n")
    #expect(try first.hearLine() == "one")
    let second = try scene.connect()
    try second.say("two\n")
    let full = try await scene.showUntil { $0.count("waiting") == 1 }
    #expect((full.stage, full.count("waiting"), full.count("connections")) == ("SERVER_STAGE_FULL", 1, 1))
    first.finish()
    #expect(first.hearEnd())
    #expect(try second.hearLine() == "two")
    #expect(try await scene.show().count("accepted") == 2)
    await scene.end()
  }

  @Test("a connection is broken at t, and ended at 2t, also if it does nothing about the break")
  func timeout() async throws {
    let script = "trap 'echo broken' INT; echo ready; while :; do sleep 0.02; done"
    let scene = try await ServedScene("--conn-timeout", "2s", program: ["sh", "-c", script])
    let start = ContinuousClock.now
    let caller = try scene.connect()
    #expect(try caller.hearLine() == "ready")
    #expect(try caller.hearLine() == "broken")
    #expect(start.duration(to: .now) >= .seconds(2))
    #expect(caller.hearEnd())
    #expect(start.duration(to: .now) >= .seconds(4))
    let server = try await scene.showUntil { $0.count("connections") == 0 }
    #expect((server.count("timed_out"), server.count("killed")) == (1, 1))
    await scene.end()
  }

  @Test("a program that does nothing about a break ends by it, and one that is suspended ends at 2t")
  func plainTimeout() async throws {
    let scene = try await ServedScene("--conn-timeout", "2s", "--max", "2")
    let (plain, suspended) = (try scene.connect(), try scene.connect())
    for caller in [plain, suspended] {
      try caller.say("x\n")
      #expect(try caller.hearLine() == "x")
    }
    // Which of the two it is does not matter.
    _ = try await scene.heddle("suspend", "echo.2")
    #expect(plain.hearEnd())
    #expect(suspended.hearEnd())
    let server = try await scene.showUntil { $0.count("connections") == 0 }
    #expect(server.count("timed_out") >= 1)
    await scene.end()
  }

  @Test("suspended it accepts nobody and its connections go on; resumed it serves those who waited")
  func suspend() async throws {
    let scene = try await ServedScene()
    let first = try scene.connect()
    try first.say("one\n")
    #expect(try first.hearLine() == "one")
    #expect(try await scene.heddle("suspend", "echo").status == 0)
    let second = try scene.connect()
    try second.say("two\n")
    let suspended = try await scene.showUntil { $0.count("waiting") == 1 }
    #expect((suspended.stage, suspended.count("accepted")) == ("SERVER_STAGE_SUSPENDED", 1))
    try first.say("still here\n")
    #expect(try first.hearLine() == "still here")
    #expect(try await scene.heddle("resume", "echo").status == 0)
    #expect(try second.hearLine() == "two")
    await scene.end()
  }

  @Test("suspend @NAME stops the server and its connections, and resume @NAME lets all go on")
  func suspendAll() async throws {
    let scene = try await ServedScene()
    let caller = try scene.connect()
    try caller.say("one\n")
    #expect(try caller.hearLine() == "one")
    #expect(try await scene.heddle("suspend", "@echo").status == 0)
    let states = try await scene.heddle("ps", "--json").output
    #expect(states.components(separatedBy: "THREAD_STATE_SUSPENDED").count == 3, "\(states)")
    try caller.say("two\n")
    #expect(try await scene.heddle("resume", "@echo").status == 0)
    #expect(try caller.hearLine() == "two")
    await scene.end()
  }

  @Test("broken it closes the listener, its connections go on, and it ends with the last of them")
  func broken() async throws {
    let scene = try await ServedScene()
    let caller = try scene.connect()
    try caller.say("one\n")
    #expect(try caller.hearLine() == "one")
    #expect(try await scene.heddle("break", "echo").status == 0)
    _ = try await scene.showUntil { $0.stage == "SERVER_STAGE_CLOSED" }
    #expect(throws: Caller.Failure.self) { try scene.connect() }
    try caller.say("two\n")
    #expect(try caller.hearLine() == "two")
    async let death = scene.heddle("wait", "echo")
    caller.finish()
    #expect(caller.hearEnd())
    #expect(try await death.status == 130)
    // Its place and its port are free.
    let words = ["serve", "-d", "--name", "echo", "127.0.0.1:\(scene.port)", "--", "cat"]
    let again = try await Command.heddle(words, at: scene.place)
    #expect(again.status == 0, "\(again.errors)")
    await scene.end()
  }

  @Test(
    "killed, or shut down with its custodian, it ends with all of its connections",
    arguments: ["kill", "custodian"]
  )
  func end(how: String) async throws {
    let scene = try await ServedScene(program: ["sh", "-c", "setsid sleep 1000 & echo ready; exec cat"])
    let callers = try (0..<3).map { _ in try scene.connect() }
    for caller in callers { #expect(try caller.hearLine() == "ready") }
    let end = how == "kill" ? ["kill", "echo"] : ["custodian", "shutdown", "echo"]
    #expect(try await Command.heddle(end, at: scene.place).status == 0)
    #expect(scene.processes.all.isEmpty)
    #expect(throws: Caller.Failure.self) { try scene.connect() }
    for caller in callers { #expect(caller.hearEnd()) }
    let dead = try await scene.show()
    #expect((dead.count("accepted"), dead.count("killed")) == (3, 3))
    await scene.end()
  }

  @Test("when the daemon is killed no connection's program is left, on any rung", arguments: Rung.allCases)
  func daemonKilled(rung: Rung) async throws {
    guard let daemon = try? DaemonProcess(containment: rung.rawValue) else {
      try Test.cancel("this machine has not the rung \(rung)")
    }
    let script = "setsid sleep 1000 & echo ready; exec cat"
    let scene = try await ServedScene(on: daemon, program: ["sh", "-c", script])
    let callers = try (0..<3).map { _ in try scene.connect() }
    for caller in callers { #expect(try caller.hearLine() == "ready") }
    #expect(daemon.end(SIGKILL) == SIGKILL)
    for caller in callers { #expect(caller.hearEnd()) }
    #expect(await eventually { scene.processes.all.isEmpty })
    #expect(throws: Caller.Failure.self) { try scene.connect() }
  }

  // MARK: - The foreground

  /// `heddle serve` without -d.
  private func foreground(_ daemon: DaemonProcess, _ program: [String]) throws -> (
    process: StartedProgram, port: UInt16
  ) {
    let process = try StartedProgram(
      Command.binDirectory.appending(path: "heddle").path,
      ["serve", "--json", "127.0.0.1:0", "--"] + program,
      environment: ["HEDDLE_SOCKET": daemon.socketPath, "PATH": "/usr/bin:/bin"]
    )
    #expect(process.output.wait { $0.contains("\n") })
    let port = try #require(try ServedScene.server(in: process.output.text).port)
    return (process, port)
  }

  @Test("in the foreground a signal is a break, standard error is shown, and its end is that of the last connection")
  func foregroundBroken() async throws {
    let daemon = try DaemonProcess()
    let (process, port) = try foreground(daemon, ["sh", "-c", "echo oh >&2; exec cat"])
    let caller = try Caller(port: port)
    try caller.say("one\n")
    #expect(try caller.hearLine() == "one")
    #expect(process.errors.wait { $0 == "oh\n" })
    process.signal(SIGINT)
    let place = daemon.socketPath
    let isClosed = await eventually { (try? Caller(port: port)) == nil }
    #expect(isClosed)
    try caller.say("two\n")
    #expect(try caller.hearLine() == "two")
    caller.finish()
    #expect(try process.wait() == .exited(130))
    #expect(try await Command.heddle("ps", "--json", at: place).output.contains("\"threads\":[]"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("in the foreground a server ends with heddle, and its connections a moment later")
  func foregroundKilled() async throws {
    let daemon = try DaemonProcess()
    let (process, port) = try foreground(daemon, ["cat"])
    let caller = try Caller(port: port)
    try caller.say("one\n")
    #expect(try caller.hearLine() == "one")
    process.signal(SIGKILL)
    try process.wait()
    #expect(caller.hearEnd())
    #expect(throws: Caller.Failure.self) { try Caller(port: port) }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("detached it goes on without its client, and ends with the daemon")
  func detached() async throws {
    let scene = try await ServedScene()
    let caller = try scene.connect()
    try caller.say("x\n")
    #expect(try caller.hearLine() == "x")
    #expect(try await scene.heddle("daemon", "stop").status == 0)
    #expect(caller.hearEnd())
    #expect(scene.processes.all.isEmpty)
    try scene.daemon.process.wait()
  }
}
