internal import Foundation
internal import Glibc
internal import HeddleThreads

/// A `heddle daemon` of one's own, which ends with this process at the latest.
final class DaemonProgram: Sendable {
  /// The program beside this one.
  private static let path = (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
    .deletingLastPathComponent().appending(path: "heddle").path

  /// The daemon ends when the shell's standard input does: that is the other end's only use.
  private static let script = """
    "$0" daemon --socket "$1" </dev/null &
    exec 2>/dev/null
    read -r line
    kill "$!"
    wait "$!"
    """

  private let leash = Pipe()
  private let ended = Promise<Void>()

  /// Starts it, and returns when it listens at `socketPath`.
  ///
  /// - Throws: `DaemonError`, with what it said.
  init(at socketPath: String) async throws {
    guard FileManager.default.isExecutableFile(atPath: Self.path) else {
      throw DaemonError(description: "there is no heddle beside this program, at \(Self.path); build it first")
    }
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-c", Self.script, Self.path, socketPath]
    shell.standardInput = leash
    let errors = Pipe()
    shell.standardError = errors
    shell.terminationHandler = { [ended] _ in ended.fulfill(()) }
    let (words, telling) = AsyncStream<String>.makeStream()
    // Read to the end: a daemon that could not write would wait.
    errors.fileHandleForReading.readabilityHandler = { handle in
      let bytes = handle.availableData
      guard bytes.isEmpty else { return _ = telling.yield(String(decoding: bytes, as: UTF8.self)) }
      telling.finish()
      handle.readabilityHandler = nil
    }
    try shell.runHearingSignals()
    var said = ""
    for await more in words {
      said += more
      if said.contains("listening on") { return }
    }
    throw DaemonError(description: "the daemon did not start: \(said)")
  }

  /// Has it end, and returns when it has.
  func end() async throws {
    try leash.fileHandleForWriting.close()
    try await sync(ended)
  }
}

extension Process {
  /// Starts it with no signal blocked. The threads that execute Swift's tasks block most of them, a child inherits that,
  /// and a shell that does not hear SIGCHLD waits for ever.
  fileprivate func runHearingSignals() throws {
    var (none, former) = (sigset_t(), sigset_t())
    unsafe sigemptyset(&none)
    unsafe pthread_sigmask(SIG_SETMASK, &none, &former)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }
    try run()
  }
}

/// Why there is no daemon.
struct DaemonError: Error, CustomStringConvertible {
  let description: String
}
