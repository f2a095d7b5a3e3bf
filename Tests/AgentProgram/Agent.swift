import Glibc
import HeddleClient
import HeddleThreads

/// What a worker does for a story: step by step, and each step prints what came of it.
///
/// A step is a verb and its words. Threads are meant by their names, this one by `self`, custodians by their paths.
struct Agent: Sendable {
  typealias Words = ArraySlice<String>

  let worker: Worker

  /// Performs one step. What it throws goes through, unless `caught` stands before it.
  func perform(_ step: [String]) async throws {
    let words = step.dropFirst()
    switch step.first {
    case "say": say(words.joined(separator: " "))
    case "exit": exit(Int32(words.first ?? "") ?? 0)
    case "fail": throw Failure()
    case "spin": while true { try await LocalThread.checkpoint() }
    case "sleep": try await sleep(words)
    case "caught": try await catching(words)
    case "each": try await performEach(words)
    case "breaks-off": try await LocalThread.withBreaks(.disabled) { try await performEach(words) }
    case "breaks-on": try await LocalThread.withBreaks(.enabled) { try await performEach(words) }
    case "no-breaks": try await LocalThread.setBreaks(.disabled)
    case "breaks": say(LocalThread.areBreaksEnabled ? "enabled" : "disabled")
    case "receive", "try-receive", "rewind", "look", "mail", "mail-within": try await performMail(step)
    case "nest": try await nest(words)
    case "listen": try listen(at: words)
    default: try await performControl(step)
    }
  }

  /// Several steps, between which stands `then`.
  private func performEach(_ words: Words) async throws {
    for step in words.split(separator: "then") { try await perform(Array(step)) }
  }

  /// Prints a line at once, since the process may be killed before it ends.
  func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(1, $0.baseAddress, $0.count) }
  }

  private func sleep(_ words: Words) async throws {
    let seconds = words.first.flatMap(Double.init) ?? 1_000
    try await LocalThread.sleep(for: .seconds(seconds))
    say("slept")
  }

  /// Says what one step throws, and goes on.
  private func catching(_ step: Words) async throws {
    do { try await perform(Array(step)) } catch let error as BreakError {
      say("broken \(error.kind.rawValue)")
    } catch let error as ClientError {
      say("refused \(error.code.rawValue)")
    } catch let error as ThreadError {
      say("refused \(error.code.rawValue)")
    } catch is Failure {
      say("failed")
    }
  }

  private struct Failure: Error {}
}
