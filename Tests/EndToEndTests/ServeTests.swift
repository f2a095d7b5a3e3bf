import Foundation
import TestPrograms
import Testing

@Suite("heddle serve, under clients that know nothing of it", .serialized, .timeLimit(.minutes(3)))
struct ServeTests {
  private static let shell = URL(filePath: "/bin/sh")

  /// What a shell's command writes.
  private func shell(_ script: String, input: String = "") async throws -> String {
    try await Command.run(Self.shell, ["-c", script], input: input).output
  }

  @Test("each connection has a program whose standard input and output it is, also when only one direction ends")
  func halfClose() async throws {
    let scene = try await ServedScene()
    // Both clients say their end and then wait for the rest, which cat writes at its own.
    #expect(try await shell("nc -N 127.0.0.1 \(scene.port)", input: "one\ntwo\n") == "one\ntwo\n")
    let socat = "socat -t 30 - TCP4:127.0.0.1:\(scene.port)"
    #expect(try await shell(socat, input: "three\n") == "three\n")
    let reversed = try await ServedScene(on: scene.daemon, program: ["sh", "-c", "exec rev"], name: "reverse")
    #expect(try await shell("nc -N 127.0.0.1 \(reversed.port)", input: "stressed\n") == "desserts\n")
    await scene.end()
  }

  @Test("a shell is served, unmodified, and its end is that of the connection")
  func shellServed() async throws {
    let scene = try await ServedScene(program: ["sh"])
    #expect(try await shell("nc 127.0.0.1 \(scene.port)", input: "echo $((6 * 7))\nexit\n") == "42\n")
    await scene.end()
  }

  @Test("the README's server does what is printed there")
  func readme() async throws {
    let daemon = try DaemonProcess()
    let readme = try String(contentsOf: Command.packageDirectory.appending(path: "README.md"), encoding: .utf8)
    let printed = TourTests.consoles(in: try TourTests.section("A server of any program", of: readme))
    #expect(printed.count > 5)
    let port = try Caller.freePort
    var shown: [Substring] = []
    for line in printed where line.hasPrefix("$ ") {
      // Somebody may be at the port that is printed.
      let command = line.dropFirst(2).replacing("7777", with: "\(port)")
      let run = try await Command.run(
        URL(filePath: "/bin/bash"),
        ["-c", "PATH=\(Command.binDirectory.path):$PATH; \(command)"],
        environment: ["HEDDLE_SOCKET": daemon.socketPath]
      )
      #expect(run.status == 0, "\(line): \(run.errors)")
      shown += [line] + run.output.split(separator: "\n")
    }
    #expect(shown.map(TourTests.normal) == printed.map(TourTests.normal))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("curl gets a page from three lines of shell")
  func curl() async throws {
    let script = "read -r line; printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n'; cat >/dev/null"
    let scene = try await ServedScene("--conn-timeout", "30s", program: ["sh", "-c", script])
    #expect(try await shell("curl -s --max-time 30 http://127.0.0.1:\(scene.port)/") == "hi\n")
    await scene.end()
  }

  @Test("the environment says who is at both ends, as tcpserver's does, and nothing of other connections")
  func environment() async throws {
    let scene = try await ServedScene(program: ["env"])
    let caller = try scene.connect()
    var variables: Set<String> = []
    while case let line = try caller.hearLine(), !line.isEmpty { variables.insert(line) }
    let expected = [
      "PROTO=TCP", "TCPLOCALIP=127.0.0.1", "TCPLOCALPORT=\(scene.port)", "TCPREMOTEIP=127.0.0.1",
      "TCPREMOTEPORT=\(caller.port)", "HEDDLE_NAME=echo.1", "HEDDLE_CUSTODIAN=/main/echo/1", scene.processes.mark,
    ]
    #expect(variables.isSuperset(of: expected), "\(variables)")
    #expect(!variables.contains { $0.hasPrefix("TCPREMOTEHOST") })
    await scene.end()
  }

  @Test("IPv6, all addresses, and the default name")
  func addresses() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    func serve(_ address: String) async throws -> (port: UInt16, name: String) {
      let words = ["serve", "-d", "--json", address, "--", "sh", "-c", "echo $TCPREMOTEIP"]
      let made = try await Command.heddle(words, at: place)
      #expect(made.status == 0, "\(made.errors)")
      let object = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any]
      return (try #require(ServedScene.server(in: made.output).port), object?["name"] as? String ?? "")
    }
    let all = try await serve(":0")
    #expect(all.name == "serve-\(all.port)")
    // By way of IPv6 it is told as what it is.
    #expect(try await shell("nc 127.0.0.1 \(all.port)") == "127.0.0.1\n")
    let hasIPv6 = try await shell("cat /proc/net/if_inet6 2>/dev/null").contains("00000000000000000000000000000001")
    if hasIPv6 {
      let six = try await serve("[::1]:0")
      #expect(try await shell("nc ::1 \(six.port)") == "::1\n")
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a Unix socket is its owner's alone, its programs know who is there, and its file goes with the server")
  func unix() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    let path = daemon.directory.appending(path: "env.sock").path
    let made = try await Command.heddle("serve", "-d", path, "--", "env", at: place)
    #expect(made.status == 0 && made.output.hasPrefix("serve-env.sock  id "), "\(made.output)\(made.errors)")
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let variables = try await shell("socat -t 30 - UNIX-CONNECT:\(path)").split(separator: "\n").map(String.init)
    let user = "UNIXREMOTEEUID=\(geteuid())"
    for expected in ["PROTO=UNIX", "UNIXLOCALPATH=\(path)", user, "UNIXREMOTEEGID=\(getegid())"] {
      #expect(variables.contains(expected), "\(variables)")
    }
    #expect(variables.contains { $0.hasPrefix("UNIXREMOTEPID=") })
    let again = try await Command.heddle("serve", "-d", "--name", "second", path, "--", "env", at: place)
    #expect(again.status == 1 && again.errors.contains("remove the file if nobody listens there"), "\(again.errors)")
    #expect(try await Command.heddle("kill", "serve-env.sock", at: place).status == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("with --fd the connection is that descriptor, and standard output goes to the log", arguments: [3, 4, 9])
  func descriptor(number: Int) async throws {
    for containment in ["cgroup", "pidns", "subreaper"] {
      // What this machine has not is left out.
      guard let daemon = try? DaemonProcess(containment: containment) else { continue }
      let script = "echo said; echo heard >&\(number); ls /proc/self/fd | wc -l >&\(number)"
      let scene = try await ServedScene("--fd", "\(number)", on: daemon, program: ["sh", "-c", script])
      let caller = try scene.connect()
      #expect(try caller.hearLine() == "heard")
      // 0, 1, 2, the connection, and the directory that is listed.
      #expect(try caller.hearLine() == "5", "\(containment)")
      #expect(caller.hearEnd())
      _ = try await scene.showUntil { $0.count("connections") == 0 }
      #expect(try await scene.heddle("logs", "echo").output == "said\n")
      await scene.end()
    }
  }

  @Test("a program is as contained as any other, and started on every rung", arguments: Rung.allCases)
  func rungs(rung: Rung) async throws {
    guard let daemon = try? DaemonProcess(containment: rung.rawValue) else {
      try Test.cancel("this machine has not the rung \(rung)")
    }
    let script = "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo ready; read line"
    let scene = try await ServedScene(on: daemon, program: ["sh", "-c", script])
    let caller = try scene.connect()
    #expect(try caller.hearLine() == "ready")
    // One that is being executed has no environment for a moment.
    #expect(await eventually { scene.processes.all.count >= 2 })
    try caller.say("done\n")
    #expect(caller.hearEnd())
    #expect(await eventually { scene.processes.all.isEmpty })
    await scene.end()
  }

  @Test("standard error goes to the server's log, which outlives the connection")
  func log() async throws {
    let scene = try await ServedScene(program: ["sh", "-c", "echo oh >&2; echo hello"])
    let caller = try scene.connect()
    #expect(try caller.hearLine() == "hello")
    #expect(caller.hearEnd())
    _ = try await scene.showUntil { $0.count("connections") == 0 }
    #expect(try await scene.heddle("logs", "echo").output == "oh\n")
    // Nobody remembers it.
    #expect(try await !scene.heddle("ps", "--all").output.contains("echo.1"))
    await scene.end()
  }

  @Test("ps --tree tells of the server and who is connected; show counts; both also in JSON")
  func looks() async throws {
    let scene = try await ServedScene("--max", "7", "--conn-timeout", "60s")
    let caller = try scene.connect()
    try caller.say("x\n")
    #expect(try caller.hearLine() == "x")
    let tree = try await scene.heddle("ps", "--tree").output
    #expect(tree.contains("listening on 127.0.0.1:\(scene.port), 1 of 7 connections"), "\(tree)")
    #expect(tree.contains("/main/echo/1"), "\(tree)")
    #expect(tree.contains("from 127.0.0.1:\(caller.port)"), "\(tree)")
    let list = try await scene.heddle("ps", "--json").output
    #expect(list.contains("\"peer\":\"127.0.0.1:\(caller.port)\""), "\(list)")
    let shown = try await scene.heddle("show", "echo").output
    for words in [
      "server        listening on 127.0.0.1:\(scene.port)\n", "connections   1 of 7, 0 waiting\n",
      "conn timeout  60s\n",
      "accepted      1\n", "timed out     0\n", "killed        0\n",
    ] {
      #expect(shown.contains(words), "\(shown)")
    }
    #expect(try await scene.heddle("show", "echo.1").output.contains("visitor      127.0.0.1:\(caller.port)\n"))
    #expect(try await scene.heddle("kill", "echo.1").status == 0)
    #expect(caller.hearEnd())
    let server = try await scene.show()
    #expect((server.count("accepted"), server.count("killed"), server.count("connections")) == (1, 1, 0))
    #expect(server.stage == "SERVER_STAGE_LISTENING")
    await scene.end()
  }

  @Test("what is wrong is said, with what to do, and the exit status says which kind it is")
  func badInput() async throws {
    let scene = try await ServedScene()
    let place = scene.place
    let cases: [(words: [String], status: Int32, says: String)] = [
      (["127.0.0.1", "--", "cat"], 2, "is no address"),
      (["127.0.0.1:", "--", "cat"], 2, "has no port"),
      (["127.0.0.1:65536", "--", "cat"], 2, "has no port"),
      (["host:7000", "--", "cat"], 2, "names are not looked up"),
      (["::1:7000", "--", "cat"], 2, "write [::1]"),
      (["/" + String(repeating: "s", count: 107), "--", "cat"], 2, "107 is the most"),
      (["127.0.0.1:0"], 2, "The program and its arguments, after --."),
      (["127.0.0.1:0", "--"], 2, "The program and its arguments, after --."),
      (["127.0.0.1:0", "--", ""], 2, "has no name"),
      (["127.0.0.1:0", "--max", "0", "--", "cat"], 2, "--max takes a number from 1 on"),
      (["127.0.0.1:0", "--backlog", "0", "--", "cat"], 2, "--backlog takes a number from 1 on"),
      (["127.0.0.1:0", "--fd", "2", "--", "cat"], 2, "--fd takes a number from 3 to 255"),
      (["127.0.0.1:0", "--conn-timeout", "5", "--", "cat"], 2, "is no time span"),
      (["127.0.0.1:0", "--name", "a/b", "--", "cat"], 2, "character 2"),
      (["127.0.0.1:0", "--", "no-such-program"], 127, "there is no such program in PATH"),
      (["127.0.0.1:0", "--", "/etc/passwd"], 126, "Permission denied"),
      (["127.0.0.1:0", "--in", "nowhere", "--", "cat"], 4, "there is no such custodian"),
      (["127.0.0.1:0", "--name", "echo", "--", "cat"], 7, "is not dead"),
      (["127.0.0.1:\(scene.port)", "--", "cat"], 1, "end what listens there"),
      (["192.0.2.1:0", "--", "cat"], 1, "addresses of this machine"),
      (["/no/such/directory/s", "--", "cat"], 1, "the directory has to exist"),
    ]
    for (words, status, says) in cases {
      let command = try await Command.heddle(["serve", "-d"] + words, at: place)
      #expect(
        command.status == status && command.errors.contains(says),
        "\(words): \(command.status) \(command.errors)"
      )
    }
    await scene.end()
  }

  @Test("the verb is in the help, in the manual page and in the completions")
  func help() async throws {
    let place = "/nowhere"
    #expect(
      try await Command.heddle("--help", at: place).output.contains("Make a server: a program for each connection.")
    )
    let help = try await Command.heddle("serve", "--help", at: place).output
    for word in ["--conn-timeout", "--max", "--backlog", "--fd", "--name", "--detach"] { #expect(help.contains(word)) }
    #expect(try await Command.heddle("man", at: place).output.contains("serve"))
    #expect(try await Command.heddle("completion", "bash", at: place).output.contains("serve"))
  }
}
