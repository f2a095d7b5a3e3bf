import Foundation
import TestPrograms
import Testing

@Suite("a server under clients that behave badly", .serialized, .timeLimit(.minutes(4)))
struct ServeCareTests {
  /// Whether a client is served now, waiting its turn.
  private func isServed(_ scene: ServedScene) throws -> Bool {
    let caller = try scene.connect()
    try caller.say("hello\n")
    defer { caller.finish() }
    return try caller.hearLine() == "hello"
  }

  @Test("when descriptors run out it pauses and recovers by itself, without a word from anybody")
  func descriptors() async throws {
    let daemon = try DaemonProcess(descriptors: 256)
    let scene = try await ServedScene("--max", "1000", on: daemon)
    let callers = try (0..<400).map { _ in try scene.connect() }
    #expect(await eventually { daemon.log.contains("accepts nobody for a moment") })
    // Those in the backlog are served one by one, as others end.
    for caller in callers { caller.finish() }
    #expect(try isServed(scene))
    for caller in callers { #expect(caller.hearEnd()) }
    let server = try await scene.showUntil { $0.count("connections") == 0 && $0.stage == "SERVER_STAGE_LISTENING" }
    #expect(server.stage == "SERVER_STAGE_LISTENING")
    #expect(server.count("pauses") > 0)
    // Nobody was turned away, and others than its clients were no worse off.
    #expect((server.count("accepted"), server.count("failed"), server.count("killed")) == (401, 0, 0))
    #expect(try await scene.heddle("run", "--", "true").status == 0)
    // What it said of that was little.
    #expect(daemon.log.components(separatedBy: "accepts nobody").count < 20)
    await scene.end()
  }

  @Test("clients that say nothing hold their places no longer than their time, and who is honest has a turn")
  func silent() async throws {
    let scene = try await ServedScene("--max", "16", "--conn-timeout", "1s", "--backlog", "4096")
    let silent = try (0..<64).map { _ in try scene.connect() }
    // Behind all of them in the backlog.
    #expect(try isServed(scene))
    for caller in silent { #expect(caller.hearEnd()) }
    let server = try await scene.showUntil { $0.count("connections") == 0 }
    #expect(server.count("accepted") == 65)
    #expect(server.count("timed_out") >= 64)
    await scene.end()
  }

  @Test("thousands of slow clients take no more of the daemon than --max of them")
  func flood() async throws {
    let scene = try await ServedScene("--max", "8", "--backlog", "4096")
    let pid = scene.daemon.process.processIdentifier
    let before = Self.descriptors(of: pid)
    let slow = try (0..<3_000).map { _ in try scene.connect() }
    let full = try await scene.showUntil { $0.count("waiting") == 2_992 }
    #expect((full.count("connections"), full.count("waiting")) == (8, 2_992))
    #expect(Self.descriptors(of: pid) <= before + 2 * 8)
    #expect(scene.processes.all.count <= 8)
    // A place that becomes free is the next one's.
    for caller in slow { caller.reset() }
    #expect(try isServed(scene))
    await scene.end()
  }

  private static func descriptors(of pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
  }

  @Test("a client that never reads holds up nobody, and ends by its time")
  func unread() async throws {
    let scene = try await ServedScene("--conn-timeout", "2s", program: ["sh", "-c", "read l; yes; :"])
    let deaf = try scene.connect()
    try deaf.say("go\n")
    let other = try scene.connect()
    try other.say("go\n")
    #expect(try other.hearLine() == "y")
    let server = try await scene.showUntil { $0.count("connections") == 0 }
    #expect(server.count("timed_out") == 2)
    await scene.end()
  }

  @Test("clients that reset, before they are accepted or after, are no trouble to anybody")
  func resets() async throws {
    let scene = try await ServedScene("--max", "4")
    for _ in 0..<200 { try scene.connect().reset() }
    #expect(try isServed(scene))
    let server = try await scene.showUntil { $0.count("connections") == 0 && $0.count("waiting") == 0 }
    #expect((server.stage, server.count("connections")) == ("SERVER_STAGE_LISTENING", 0))
    #expect(await eventually { scene.processes.all.isEmpty })
    await scene.end()
  }

  @Test("a program that can't be started is counted, told in the log, and never ends the listening")
  func unstartable() async throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "served-\(UUID().uuidString)")
    try "#!/bin/sh\necho hello\n".write(to: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    let scene = try await ServedScene(program: [file.path])
    #expect(try scene.connect().hearLine() == "hello")
    try FileManager.default.removeItem(at: file)
    for _ in 0..<3 { #expect(try scene.connect().hearEnd()) }
    let server = try await scene.showUntil { $0.count("failed") == 3 }
    #expect((server.count("failed"), server.stage) == (3, "SERVER_STAGE_LISTENING"))
    #expect(try await scene.heddle("logs", "echo").output.contains("exec failed with errno 2"))
    await scene.end()
  }

  @Test("a thread of a connection's program ends with the connection, and its mail reaches others meanwhile")
  func members() async throws {
    let daemon = try DaemonProcess()
    let heddle = Command.binDirectory.appending(path: "heddle").path
    let inbox = try await Command.heddle(
      "run",
      "-d",
      "--name",
      "inbox",
      "--channel",
      "lines",
      "--",
      "cat",
      at: daemon.socketPath
    )
    #expect(inbox.status == 0)
    let script = "\(heddle) run -dq --name helper -- sleep 1000; \(heddle) send inbox visited; echo ready; read line"
    let scene = try await ServedScene(on: daemon, program: ["sh", "-c", script])
    let caller = try scene.connect()
    #expect(try caller.hearLine() == "ready")
    #expect(try await scene.heddle("ps", "--json").output.contains("/main/echo/1"))
    caller.finish()
    #expect(caller.hearEnd())
    #expect(try await scene.heddle("wait", "helper").status != 0)
    #expect(try await scene.heddle("show", "helper").output.contains("shut down with /main/echo/1"))
    #expect(try await scene.heddle("logs", "inbox").output == "visited\n")
    await scene.end()
  }
}
