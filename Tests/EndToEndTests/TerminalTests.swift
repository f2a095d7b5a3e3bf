import Foundation
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
}
