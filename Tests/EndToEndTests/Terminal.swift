import Foundation
import TestPrograms

/// A terminal with a shell in it, as a person has it in front of them; tmux(1) plays it.
final class Terminal: Sendable {
  private static let tmux = URL(filePath: "/usr/bin/tmux")
  /// A server of its own.
  private let name: String

  /// A shell that finds `heddle`, and the daemon at `socketPath`.
  init(columns: Int, rows: Int = 24, at socketPath: String, environment: [String: String] = [:]) async throws {
    name = "heddle-test-\(UUID().uuidString)"
    let path = "\(Command.binDirectory.path):\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
    let variables = ["PATH": path, "HEDDLE_SOCKET": socketPath, "PS1": "> ", "LC_ALL": "C.UTF-8"]
      .merging(environment) { $1 }
    let session =
      ["-f", "/dev/null", "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "env", "-u", "TMUX"]
      + variables.map { "\($0.key)=\($0.value)" } + ["bash", "--norc", "--noprofile"]
    _ = try await tmux(session)
    try await wait { $0.hasPrefix("> ") || $0.hasPrefix(">") }
  }

  /// Types a line, and return.
  func type(_ line: String) async throws {
    try await keys(line)
    try await press("Enter")
  }

  /// Types a part of a line.
  func keys(_ text: String) async throws { _ = try await tmux(["send-keys", "-l", text]) }

  /// Presses a key, by tmux's name for it: "C-c", "Enter".
  func press(_ key: String) async throws { _ = try await tmux(["send-keys", key]) }

  /// Presses keys until the screen is as wanted; again after a second, since a shell that is about to draw its prompt may throw
  /// away what was typed.
  func press(_ keys: String..., until isWanted: (String) -> Bool) async throws {
    while true {
      for key in keys { try await press(key) }
      let end = ContinuousClock.now + .seconds(1)
      while ContinuousClock.now < end {
        if try await isWanted(screen()) { return }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// What is to be seen, without the blanks at the ends of lines and the empty lines at the end.
  ///
  /// - Parameter coloured: with the escape sequences that paint it.
  func screen(coloured: Bool = false) async throws -> String {
    let text = try await tmux(["capture-pane", "-p"] + (coloured ? ["-e"] : []))
    return text.replacing(#/[ \n]+$/#, with: "")
  }

  /// Returns when the screen is as wanted.
  func wait(until isWanted: (String) -> Bool) async throws {
    while try await !isWanted(screen()) { try await Task.sleep(for: .milliseconds(20)) }
  }

  /// Ends the shell, and whatever it runs has no terminal any more.
  func close() async throws { _ = try await tmux(["kill-server"]) }

  private func tmux(_ arguments: [String]) async throws -> String {
    let command = try await Command.run(Self.tmux, ["-L", name] + arguments)
    guard command.status == 0 else { throw TerminalError(what: "\(arguments): \(command.errors)") }
    return command.output
  }
}

/// tmux did not do what it was told.
struct TerminalError: Error {
  let what: String
}
