import Foundation
import TestPrograms
import Testing

@Suite("heddle in a terminal", .serialized, .timeLimit(.minutes(1)))
struct TerminalTests {
  @Test("Ctrl-C is a break for the program in the foreground, which may do as it likes about it")
  func interrupt() async throws {
    let daemon = try DaemonProcess()
    let terminal = try await Terminal(columns: 100, at: daemon.socketPath)
    let program = "trap 'echo broken; exit 3' INT; echo ready; while :; do sleep 0.01; done"
    try await terminal.type("clear; heddle run -- sh -c \"\(program)\"; echo status $?")
    try await terminal.wait { $0.contains("ready\n") || $0.hasSuffix("ready") }
    try await terminal.press("C-c")
    try await terminal.wait { $0.contains("\nstatus 3") }
    #expect(try await terminal.screen().contains("broken\n"))
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("Ctrl-C twice kills a program that does not hear the first, which is nobody else's doing")
  func twice() async throws {
    let daemon = try DaemonProcess()
    let terminal = try await Terminal(columns: 100, at: daemon.socketPath)
    let program = "trap 'echo never' INT; echo ready; while :; do sleep 0.01; done"
    try await terminal.type("clear; heddle run --name deaf -- sh -c \"\(program)\"; echo status $?")
    try await terminal.wait { $0.contains("ready\n") || $0.hasSuffix("ready") }
    try await terminal.press("C-c")
    try await terminal.wait { $0.contains("\nnever") || $0.contains("^Cnever") }
    try await terminal.press("C-c")
    try await terminal.wait { $0.contains("status 137") }
    #expect(try await Command.heddle("ps", "deaf", at: daemon.socketPath).output.contains("dead"))
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("a table fits a narrow terminal: columns go in the order that the help says")
  func narrow() async throws {
    let daemon = try DaemonProcess()
    let place = daemon.socketPath
    _ = try await Command.heddle("run", "-d", "--name", "ticker", "--", "sleep", "1000", at: place)
    for (columns, headings) in [
      (80, "NAME    STATE      AGE  CUSTODIAN  LAST"), (56, "NAME    STATE      AGE  LAST"), (20, "NAME    STATE"),
    ] {
      let terminal = try await Terminal(columns: columns, at: place)
      try await terminal.type("clear; heddle ps")
      try await terminal.wait { $0.contains("ticker") }
      let lines = try await terminal.screen().split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix(headings) }, "\(lines)")
      #expect(lines.allSatisfy { $0.count <= columns })
      try await terminal.close()
    }
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("Ctrl-Z suspends the program with heddle, fg resumes both, and the terminal is as it was")
  func stop() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let terminal = try await Terminal(columns: 100, at: place)
    try await terminal.type("clear; heddle run --name cat -- cat")
    while try await Command.heddle("ps", "cat", at: place).status != 0 {}
    for word in ["one", "two"] {
      try await terminal.type(word)
      try await terminal.wait { $0.contains("\(word)\n\(word)") }
      try await terminal.press("C-z")
      try await terminal.wait { $0.contains("Stopped") }
      #expect(try await Command.heddle("ps", "cat", at: place).output.contains("suspended"))
      try await terminal.type("clear; fg")
      #expect(try await Command.heddle("sync", "resumed:cat", "--timeout", "30s", at: place).status == 0)
      while try await Command.heddle("ps", "cat", at: place).output.contains("suspended") {}
    }
    try await terminal.type("three")
    try await terminal.wait { $0.contains("three\nthree") }
    try await terminal.press("C-d")
    #expect(try await Command.heddle("wait", "cat", at: place).status == 0)
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("what somebody else has suspended is not resumed by fg")
  func stopOfSuspended() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let terminal = try await Terminal(columns: 100, at: place)
    try await terminal.type("clear; heddle run --name x -- sleep 1000")
    while try await Command.heddle("ps", "x", at: place).status != 0 {}
    _ = try await Command.heddle("suspend", "x", at: place)
    try await terminal.press("C-z")
    try await terminal.wait { $0.contains("Stopped") }
    try await terminal.type("clear; bg; echo in the ''background")
    try await terminal.wait { $0.contains("in the background") }
    #expect(try await Command.heddle("ps", "x", at: place).output.contains("suspended"))
    _ = try await Command.heddle("kill", "x", at: place)
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test(
    "in the background heddle goes on without the terminal's input, and reads it when it is brought to the foreground"
  )
  func background() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let terminal = try await Terminal(columns: 100, at: place)
    try await terminal.type("clear; heddle run --name cat -- sh -c 'echo re''ady; cat' &")
    try await terminal.wait { $0.contains("ready") }
    // What is typed here is the shell's.
    try await terminal.type("clear; jobs")
    try await terminal.wait { $0.contains("Running") && !$0.contains("Stopped") }
    try await terminal.type("clear; fg")
    try await terminal.wait { $0.contains("fg\nheddle run") || $0.hasPrefix("heddle run") }
    try await terminal.type("loom")
    try await terminal.wait { $0.contains("loom\nloom") }
    try await terminal.press("C-d")
    #expect(try await Command.heddle("wait", "cat", at: place).status == 0)
    try await terminal.close()
    #expect(daemon.end(SIGTERM) == 0)
  }

  @Test("long names are cut in a narrow terminal, and a custodian's row loses its counts before it wraps")
  func longNames() async throws {
    let daemon = try DaemonProcess()
    defer { daemon.endIfRunning() }
    let place = daemon.socketPath
    let name = String(repeating: "n", count: 63)
    _ = try await Command.heddle("run", "-d", "--name", name, "--", "sleep", "1000", at: place)
    _ = try await Command.heddle("custodian", "new", name, at: place)
    for columns in [24, 60, 80] {
      let terminal = try await Terminal(columns: columns, at: place)
      for command in ["ps", "ps --wide", "custodian ls"] {
        let mark = "done \(command)"
        try await terminal.type("clear; heddle \(command); echo do''ne \(command)")
        try await terminal.wait { $0.contains("\n\(mark)") }
        let heading = command == "custodian ls" ? "PATH" : "NAME"
        let lines = try await terminal.screen().split(separator: "\n").drop { !$0.hasPrefix(heading) }
          .prefix { $0 != mark }
        // Headings and a row for each: no row goes on in the next line.
        #expect(lines.count == (command == "custodian ls" ? 3 : 2), "\(lines)")
        #expect(lines.dropFirst().contains { $0.contains("…") }, "\(lines)")
      }
      try await terminal.close()
    }
    #expect(daemon.end(SIGTERM) == 0)
  }
}
