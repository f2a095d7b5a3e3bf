import Foundation
import TestPrograms
import Testing

@Suite("looking at things, from a shell", .serialized, .timeLimit(.minutes(2)))
struct LookingTests {
  private static let deaf = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"

  private func start(_ name: String, in custodian: String = "/main", _ words: String..., at place: String) async throws
  {
    let heddle = Command.binDirectory.appending(path: "heddle")
    let arguments = ["run", "-d", "-q", "--in", custodian, "--name", name, "--"] + words
    let run = try await Command.run(heddle, arguments, environment: ["HEDDLE_SOCKET": place])
    #expect(run.status == 0, "\(run.errors)")
  }

  /// The objects of JSON lines.
  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  /// What a command prints as JSON.
  private func documents(_ arguments: String..., at place: String) async throws -> [[String: Any]] {
    let heddle = Command.binDirectory.appending(path: "heddle")
    return try objects(await Command.run(heddle, arguments, environment: ["HEDDLE_SOCKET": place]).output)
  }

  // MARK: - events

  @Test("events tells what happened, of which types and to whom one wants to know")
  func events() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a", "sleep", "1000", at: place)
    try await start("b", "sh", "-c", "exit 3", at: place)
    #expect(try await Command.heddle("sync", "dead:b", at: place).status == 0)
    _ = try await Command.heddle("suspend", "a", at: place)
    let all = try await Command.heddle("events", at: place)
    #expect(all.status == 0 && all.errors.isEmpty)
    for words in [
      "daemon-started", "spawned            a  in /main", "dead               b  exited with 3",
      "suspended          a  by pid",
    ] {
      #expect(all.output.contains(words), "\(all.output)")
    }
    let some = try await Command.heddle("events", "--type", "dead,suspended", "--json", at: place)
    let objects = try objects(some.output)
    #expect(objects.compactMap { $0["name"] as? String } == ["b", "a"])
    #expect(objects.allSatisfy { $0["v"] as? Int == 1 && $0["time"] is String && $0["number"] is Int })
    #expect(try await Command.heddle("events", "--since", "0s", at: place).output.isEmpty)
    #expect(
      try await Command.heddle("events", "--since", "1h", "b", at: place).output.split(separator: "\n").count == 3
    )
    #expect(try await Command.heddle("events", "--since", "2020-01-01T00:00:00Z", at: place).output == all.output)
    #expect(try await Command.heddle("events", "--since", "2990-01-01T00:00:00Z", at: place).output.isEmpty)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("events goes on with what happens, and ends when the daemon does")
  func followedEvents() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("before", "true", at: place)
    #expect(try await Command.heddle("sync", "dead:before", at: place).status == 0)
    async let followed = Command.heddle("events", "--follow", "--since", "1h", "--type", "dead", "--json", at: place)
    try await start("later", "true", at: place)
    #expect(try await Command.heddle("sync", "dead:later", at: place).status == 0)
    #expect(daemon.end(SIGTERM) == 0)
    let command = try await followed
    #expect(command.status == 6, "\(command.errors)")
    #expect(try objects(command.output).compactMap { $0["name"] as? String } == ["before", "later"])
  }

  @Test("events refuses what is no type, no time and no thread, with what to do")
  func wrongEvents() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let type = try await Command.heddle("events", "--type", "daed", at: place)
    #expect(type.status == 2 && type.errors.contains("did you mean dead?"), "\(type.errors)")
    #expect(try await Command.heddle("events", "--since", "yesterday", at: place).status == 2)
    #expect(try await Command.heddle("events", "nobody", at: place).status == 4)
    #expect(try await Command.heddle("events", "--follow", "--timeout", "50ms", at: place).status == 124)
    #expect(try await Command.heddle("events", at: "/nowhere/s.sock").status == 6)
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - show

  @Test("show tells everything about a thread, dead or alive, and no secret")
  func show() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let heddle = Command.binDirectory.appending(path: "heddle")
    let run = try await Command.run(
      heddle,
      ["run", "-d", "--name", "a", "--limit", "nofile=64", "--", "sh", "-c", "sleep 1000 & wait"],
      environment: ["HEDDLE_SOCKET": place, "PASSWORD": "s3cret"]
    )
    #expect(run.status == 0, "\(run.errors)")
    _ = try await Command.heddle("suspend", "a", at: place)
    let told = try await Command.heddle("show", "a", "--events", "2", at: place)
    #expect(told.status == 0, "\(told.errors)")
    for words in ["command      sh -c 'sleep 1000 & wait'", "HEDDLE_NAME=a", "nofile=64", "suspended", "processes    "]
    {
      #expect(told.output.contains(words), "\(told.output)")
    }
    #expect(!told.output.contains("s3cret"))
    #expect(told.output.split(separator: "\n").last?.contains("suspended          a") == true)
    let json = try #require(try await documents("show", "--json", "--events", "1", "a", at: place).first)
    #expect((json["thread"] as? [String: Any])?["name"] as? String == "a")
    #expect((json["limits"] as? [String: Any])?["open_files"] as? Int == 64)
    #expect((json["happenings"] as? [Any])?.count == 1)
    #expect(json["processes"] as? Int ?? 0 >= 1)
    _ = try await Command.heddle("kill", "a", at: place)
    #expect(try await Command.heddle("show", "a", at: place).output.contains("death        killed by pid"))
    #expect(try await Command.heddle("show", "nobody", at: place).status == 4)
    #expect(try await Command.heddle("show", at: place).status == 2)
    #expect(try await Command.heddle("show", "a", "--events", "0", at: place).status == 2)
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("show counts the processes of a thread on each rung", arguments: ["cgroup", "pidns", "subreaper"])
  func processes(rung: String) async throws {
    let daemon: DaemonProcess
    do { daemon = try DaemonProcess(containment: rung) } catch {
      try Test.cancel("this machine has not the rung \(rung)")
    }
    let place = daemon.socketPath
    try await start("a", "sh", "-c", "sleep 1000 & setsid sleep 1000 & echo ready; wait", at: place)
    while try await Command.heddle("logs", "a", at: place).output.isEmpty {
      try await Task.sleep(for: .milliseconds(10))
    }
    let json = try #require(try await documents("show", "--json", "a", at: place).first)
    #expect(json["processes"] as? Int == 3)
    #expect(json["containment"] as? String == rung)
    #expect((json["warden"] == nil) == (rung == "cgroup"))
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - ps

  @Test("ps takes several selectors, draws the tree, and is wide if wanted")
  func ps() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    try await start("web.1", "sleep", "1000", at: place)
    try await start("web.2", "true", at: place)
    try await start("step", in: "job", "sleep", "1000", at: place)
    #expect(try await Command.heddle("sync", "dead:web.2", at: place).status == 0)
    func names(_ arguments: String...) async throws -> [Substring] {
      let heddle = Command.binDirectory.appending(path: "heddle")
      let ps = try await Command.run(heddle, ["ps"] + arguments, environment: ["HEDDLE_SOCKET": place])
      return ps.output.split(separator: "\n").dropFirst().compactMap { $0.split(separator: " ").first }
    }
    #expect(try await names() == ["web.1", "step"])
    #expect(try await names("web.*", "@job") == ["web.1", "step"])
    #expect(try await names("--all", "web.*") == ["web.1", "web.2"])
    #expect(try await Command.heddle("ps", "nobody", at: place).status == 4)
    let wide = try await Command.heddle("ps", "--wide", "step", at: place).output
    #expect(wide.contains("CONTAINMENT") && wide.contains("sleep 1000"), "\(wide)")
    let tree = try await Command.heddle("ps", "--tree", at: place).output
    #expect(
      tree.hasPrefix("/main\n") && tree.contains("web.1") && tree.contains("/main/job") && tree.contains(" running ")
    )
    let json = try #require(try await documents("ps", "--tree", "--json", "@job", at: place).first)
    #expect(json["path"] as? String == "/main/job")
    let list = try #require(try await documents("ps", "--json", at: place).first)
    #expect((list["threads"] as? [Any])?.count == 2)
    for wrong in [
      ["--tree", "web.1"], ["--tree", "--all"], ["--tree", "--wide"], ["--watch"], ["--watch", "--json"],
    ] {
      let heddle = Command.binDirectory.appending(path: "heddle")
      let ps = try await Command.run(heddle, ["ps"] + wrong, environment: ["HEDDLE_SOCKET": place])
      #expect(ps.status == 2, "\(wrong)")
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("ps --watch draws again what has changed, and leaves the screen as it was")
  func watch() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("ticker", "sleep", "1000", at: place)
    let terminal = try await Terminal(columns: 100, at: place)
    try await terminal.type("clear; echo before; heddle ps --watch; echo status $?")
    try await terminal.wait { $0.hasPrefix("NAME") && $0.contains("● running") }
    _ = try await Command.heddle("suspend", "ticker", at: place)
    try await terminal.wait { $0.contains("‖ suspended") }
    _ = try await Command.heddle("kill", "ticker", at: place)
    try await terminal.wait { !$0.contains("ticker") }
    try await terminal.press("C-c")
    try await terminal.wait { $0.contains("status 130") }
    #expect(try await terminal.screen().hasPrefix("before\nstatus 130"))
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - custodian

  @Test("a shutdown with a grace asks, and tells who listened and who did not")
  func grace() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    try await start("polite", in: "job", "sleep", "1000", at: place)
    try await start("deaf", in: "job", "sh", "-c", Self.deaf, at: place)
    while try await Command.heddle("logs", "deaf", at: place).output.isEmpty {
      try await Task.sleep(for: .milliseconds(10))
    }
    let shutdown = try await Command.heddle("custodian", "shutdown", "job", "--grace", "400ms", "--follow", at: place)
    #expect(shutdown.status == 0 && shutdown.errors.isEmpty, "\(shutdown.errors)")
    for words in [
      "asked 2 threads to end, within 400ms", "polite  dead  (ended by signal 15)", "SIGTERM for deaf",
      "the time is up for deaf", "deaf  dead  (custodian shutdown)", "shut down: 2 threads, 3 processes, 0 left",
    ] {
      #expect(shutdown.output.contains("/main/job  \(words)"), "\(shutdown.output)")
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a shutdown is told as JSON, line by line, and a planned one ends nothing")
  func plannedShutdown() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    _ = try await Command.heddle("custodian", "new", "job/sub", at: place)
    try await start("step", in: "job/sub", "sleep", "1000", at: place)
    let list = try await Command.heddle("custodian", "ls", at: place)
    #expect(list.output.contains("/main/job/sub  open   1        0"), "\(list.output)")
    let rows = try #require(try await documents("custodian", "ls", "--json", "/", at: place).first)
    #expect((rows["custodians"] as? [[String: Any]])?.last?["path"] as? String == "/main/job/sub")
    let plan = try await Command.heddle("custodian", "shutdown", "job", "--dry-run", at: place)
    #expect(plan.output.contains("/main/job  step  would end\n"), "\(plan.output)")
    let planned = try #require(
      try await documents("custodian", "shutdown", "job", "--dry-run", "--json", at: place).first
    )
    #expect((planned["ended"] as? [Any])?.count == 1)
    #expect(try await Command.heddle("ps", "step", at: place).output.contains("running"))
    let tree = try #require(try await documents("custodian", "tree", "--json", at: place).first)
    #expect(tree["path"] as? String == "/main")
    #expect(try await Command.heddle("custodian", "shutdown", "job", "--dry-run", "--follow", at: place).status == 2)
    #expect(try await Command.heddle("custodian", "ls", "jobb", at: place).status == 4)
    let ended = try await Command.heddle(
      "custodian",
      "shutdown",
      "job",
      "--follow",
      "--json",
      "--grace",
      "10s",
      at: place
    )
    let told = try objects(ended.output)
    #expect(told.count == 4 && told.last?["threads"] as? Int == 1, "\(ended.output)")
    #expect(told.contains { $0["thread_ended"] != nil })
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("on a terminal a line says whom a shutdown and a stop wait for, and is gone in the end")
  func progress() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("custodian", "new", "job", at: place)
    try await start("deaf", in: "job", "sh", "-c", Self.deaf, at: place)
    try await start("other", "sh", "-c", Self.deaf, at: place)
    for name in ["deaf", "other"] {
      while try await Command.heddle("logs", name, at: place).output.isEmpty {
        try await Task.sleep(for: .milliseconds(10))
      }
    }
    let terminal = try await Terminal(columns: 100, at: place)
    try await terminal.type("clear; heddle custodian shutdown job --grace 3s; echo status $?")
    try await terminal.wait { $0.contains("waiting for 1: deaf (asked ") }
    try await terminal.wait { $0.contains("waiting for 1: deaf (TERM sent ") }
    try await terminal.wait { $0.contains("status 0") }
    #expect(try await terminal.screen().hasPrefix("/main/job  shut down: 1 thread"))
    try await terminal.type("clear; heddle stop other --grace 1s; echo status $?")
    try await terminal.wait { $0.contains("waiting for 1: other (TERM sent ") }
    try await terminal.wait { $0.contains("status 0") }
    #expect(try await terminal.screen().hasPrefix("other  killed\nstatus 0"))
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - logs

  @Test(
    "logs of several threads have their names in front, JSON has a line an object, and since leaves out what is old"
  )
  func logs() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    try await start("a", "printf", "one\\ntwo", at: place)
    try await start("bb", "echo", "three", at: place)
    #expect(try await Command.heddle("sync", "--all", "dead:a", "dead:bb", at: place).status == 0)
    let both = try await Command.heddle("logs", "a", "bb", at: place)
    #expect(both.output == "a  | one\na  | two\nbb | three\n", "\(both.errors)")
    #expect(try await Command.heddle("logs", "a", at: place).output == "one\ntwo")
    #expect(
      try await Command.heddle("logs", "--follow", "--tail", "1", "a", "bb", at: place).output.split(separator: "\n")
        .sorted() == ["a  | two", "bb | three"]
    )
    let lines = try await documents("logs", "--json", "a", at: place)
    #expect(lines.compactMap { $0["text"] as? String } == ["one", "two"])
    #expect(lines.last?["offset"] as? Int == 4)
    #expect(try await Command.heddle("logs", "a", "--since", "1h", at: place).output == "one\ntwo")
    #expect(try await Command.heddle("logs", "a", "--since", "0s", at: place).output == "")
    #expect(try await Command.heddle("logs", "a", "--since", "soon", at: place).status == 2)
    #expect(try await Command.heddle("logs", "a", "nobody", at: place).status == 4)
    #expect(daemon.end(SIGTERM) == 0)
  }

  // MARK: - doctor

  @Test("the doctor proves the promise, says so in words and as JSON, and leaves nothing")
  func doctor() async throws {
    let healthy = try await Command.heddle("doctor", at: "/tmp/heddle-nobody/s.sock")
    #expect(healthy.status == 0, "\(healthy.output)\(healthy.errors)")
    #expect(healthy.output.contains("shutdown leaves nothing") && healthy.output.contains("all is well"))
    let json = try #require(
      try await documents("doctor", "--json", at: "/tmp/heddle-nobody/s.sock").first
    )
    #expect(json["healthy"] as? Bool == true)
    let checks = try #require(json["checks"] as? [[String: Any]])
    #expect(
      checks.contains {
        $0["name"] as? String == "SIGKILL leaves nothing" && $0["verdict"] as? String == "VERDICT_GOOD"
      }
    )
    let left = try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("heddle-doctor-") }
    #expect(left.isEmpty)
    #expect(try await Command.heddle("doctor", "--timeout", "1ms", at: "/tmp/x.sock").status == 124)
  }

  @Test("a doctor that is killed leaves no daemon, and no directory of one")
  func killedDoctor() async throws {
    let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let script = """
      \(Command.binDirectory.appending(path: "heddle").path) doctor >/dev/null &
      until pgrep -P $! >/dev/null; do sleep 0.01; done
      daemon=$(pgrep -P $!)
      kill -KILL $!
      while [ -e /proc/$daemon/exe ]; do sleep 0.01; done
      """
    let run = try await Command.run(
      URL(filePath: "/bin/bash"),
      ["-c", script],
      environment: ["TMPDIR": directory.path]
    )
    #expect(run.status == 0 || run.status == 1, "\(run.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }

  @Test("a keeper that is none fails the doctor's examination, with what to do")
  func sickness() async throws {
    let heddle = Command.binDirectory.appending(path: "heddle")
    let long = "/tmp/\(String(repeating: "x", count: 120))/s.sock"
    let environment = ["HEDDLE_SOCKET": long, "HEDDLE_KEEPER": "/bin/true"]
    let sick = try await Command.run(heddle, ["doctor"], environment: environment)
    #expect(sick.status == 1)
    #expect(sick.output.contains("checks failed") && sick.output.contains("name a shorter one"), "\(sick.output)")
  }
}
