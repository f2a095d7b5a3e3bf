import Foundation

/// A program that a test has started: without any descriptor but those it was given, without a signal kept out, and with
/// everything read that it writes. It is killed with its last reference, if it still runs.
package final class StartedProgram: Sendable {
  /// How a program has ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)

    /// The exit status, or the number of the signal.
    package var number: Int32 {
      switch self {
      case .exited(let number), .signalled(let number): number
      }
    }

    /// What waitpid(2) stores.
    fileprivate init(status: Int32) {
      let signal = status & 0x7f
      self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
    }
  }

  /// The longest that a test waits for one thing. It is a safety net: no test waits so long to succeed.
  package static let patience = Duration.seconds(60)

  package let processIdentifier: pid_t
  /// Its standard output.
  package let output: Transcript
  /// Its standard error.
  package let errors: Transcript
  private let commandLine: String
  /// nil while it runs. Whoever signals holds it, so that the number is still this program's.
  private let ending = Awaited<Ending?>(nil)

  /// Starts the program at `path`.
  ///
  /// - Parameters:
  ///   - environment: all of it; the tests' own if it is left out.
  ///   - directory: where it works; where the tests do if it is left out.
  ///   - input: its standard input, which ends behind these bytes; /dev/null if it is left out.
  ///   - third: what it has as descriptor 3, if anything. It stays the caller's.
  package init(
    _ path: String,
    _ arguments: [String] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment,
    in directory: String? = nil,
    input: [UInt8]? = nil,
    third: Int32? = nil
  ) throws {
    commandLine = ([path] + arguments).joined(separator: " ")
    let (feed, output, errors) = (try input.map { _ in try PipeEnds() }, try PipeEnds(), try PipeEnds())
    let descriptors = [feed?.reading, output.writing, errors.writing].map { $0?.number } + (third.map { [$0] } ?? [])
    let pid = try withExtendedLifetime((feed, output, errors)) {
      try spawnProgram([path] + arguments, environment, in: directory, descriptors)
    }
    processIdentifier = pid
    self.output = Transcript(of: output.reading)
    self.errors = Transcript(of: errors.reading)
    if let feed, let input { Thread.detachNewThread { [writing = feed.writing] in writing.write(input) } }
    Thread.detachNewThread { [ending] in Self.reap(pid, ending) }
  }

  deinit { signal(SIGKILL) }

  /// Waits for the end of a child, and publishes it.
  private static func reap(_ pid: pid_t, _ ending: Awaited<Ending?>) {
    var seen = unsafe siginfo_t()
    // It stays a zombie until its end is known here, so that nobody signals another process of its number.
    while unsafe waitid(P_PID, id_t(pid), &seen, WEXITED | WNOWAIT) < 0, errno == EINTR {}
    ending.change { ending in
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
      ending = Ending(status: status)
    }
  }

  package var isRunning: Bool { ending.now == nil }

  /// Sends a signal, unless it has ended.
  package func signal(_ number: Int32) {
    ending.change { if $0 == nil { _ = kill(processIdentifier, number) } }
  }

  /// Kills it, and reads no more of what it or its descendants write: for a test that has no more time.
  package func abandon() {
    signal(SIGKILL)
    output.stop()
    errors.stop()
  }

  /// Waits for its end. One that does not come, or not before the test is cancelled, is brought about, and is an error.
  @discardableResult
  package func wait(atMost patience: Duration = patience) throws -> Ending {
    try wait(until: .now + patience, patience)
  }

  /// Waits for its end, and that of all that it and its descendants write; otherwise as `wait`.
  package func waitForAll(atMost patience: Duration = patience) throws -> Ending {
    let deadline = ContinuousClock.now + patience
    let isRead = [output, errors].allSatisfy { $0.awaitEnd(until: deadline) }
    let ending = try wait(until: deadline, patience)
    guard isRead else { throw abandoned("what it writes has no end within \(patience)") }
    return ending
  }

  /// The same on a thread that may block. A test that is cancelled, by its limit of time for one, kills the program.
  package func runToEnd(atMost patience: Duration = patience) async throws -> Ending {
    let ending = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        Thread.detachNewThread { waiter.resume(with: Result { try self.waitForAll(atMost: patience) }) }
      }
    } onCancel: {
      abandon()
    }
    guard !Task.isCancelled else { throw abandoned("its test was cancelled") }
    return ending
  }

  private func wait(until deadline: ContinuousClock.Instant, _ patience: Duration) throws -> Ending {
    if let ending = ending.wait(until: deadline, for: { $0 != nil }) { return ending }
    throw abandoned("it did not end within \(patience), or before its test was cancelled")
  }

  private func abandoned(_ what: String) -> ProgramError {
    abandon()
    return ProgramError(commandLine: commandLine, what: what, said: output.text + errors.text)
  }

  /// Waits until its standard error has `words`. The end of it, and of the test's patience, is an error.
  package func awaitError(_ words: String, atMost patience: Duration = patience) throws {
    guard !errors.wait(atMost: patience, until: { $0.contains(words) }) else { return }
    throw ProgramError(commandLine: commandLine, what: "it did not say '\(words)'", said: errors.text)
  }
}

/// What a program did that was not wanted of it.
package struct ProgramError: Error, CustomStringConvertible {
  let commandLine: String
  let what: String
  /// What it had written until then.
  package let said: String

  package var description: String { "\(commandLine): \(what); it had written: \(said)" }
}
