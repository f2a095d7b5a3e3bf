internal import ArgumentParser
internal import Foundation

/// Replays traces against an implementation of the model.
struct HeddleReplay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle-replay",
    abstract: "Replay conformance traces against an implementation of the thread model.",
    discussion: """
      Each FILE holds one JSON object a line: an operation, its arguments, and what is to be observed after it. The \
      files are taken one after the other, each in a new world. For each one line is printed, such as

        trace-001.jsonl: ok 200 operations

      or the first line that differs, with what was expected and what was observed.

      Exit status: 0 when every file agrees, 1 when one differs, 2 for bad usage or a file that is not a trace (file, \
      line and reason go to standard error; the remaining files are still replayed).
      """
  )

  @Option(help: ArgumentHelp("The implementation to replay against.", valueName: "implementation"))
  var against: Implementation

  @Argument(help: ArgumentHelp("Traces, as JSON lines.", valueName: "file"))
  var files: [String]
}

extension HeddleReplay {
  /// What became of one file, worst last.
  enum Verdict: Int32, Comparable {
    case agrees = 0
    case differs = 1
    case notTrace = 2

    static func < (left: Verdict, right: Verdict) -> Bool { left.rawValue < right.rawValue }
  }

  /// Replays every file and prints what came of it.
  func replayFiles() async -> Verdict {
    var worst = Verdict.agrees
    for path in files { worst = max(worst, await replayFile(path)) }
    return worst
  }

  private func replayFile(_ path: String) async -> Verdict {
    do {
      let trace = try TraceFile(path: path)
      guard let difference = try await replay(trace) else {
        print("\(path): ok \(trace.lines.count) operations")
        return .agrees
      }
      print("\(path):\(difference.index + 1): differs\n\(difference)")
      return .differs
    } catch let error as TraceFileError {
      complain("\(error)")
      return .notTrace
    } catch let error as ReplayError {
      print("\(path):\(error.index + 1): differs\n  \(against.rawValue) broke: \(error.cause)")
      return .differs
    } catch {
      preconditionFailure("reading and replaying throw only their own errors: \(error)")
    }
  }

  /// The first difference. A name that does not fit makes the file no trace.
  private func replay(_ trace: TraceFile) async throws -> Difference? {
    var subject = against.makeSubject()
    do { return try await heddle_replay.replay(trace.lines, against: &subject) } catch {
      guard let misnamed = error.cause as? NameError else { throw error }
      throw TraceFileError(path: trace.path, line: error.index + 1, reason: "\(misnamed)")
    }
  }
}

/// Prints a message to standard error.
private func complain(_ message: String) {
  FileHandle.standardError.write(Data("\(message)\n".utf8))
}

/// The program: ArgumentParser's own status for bad usage becomes 2.
@main
enum Program {
  static func main() async {
    do {
      let command = try HeddleReplay.parse()
      exit(await command.replayFiles().rawValue)
    } catch {
      let message = HeddleReplay.fullMessage(for: error)
      guard HeddleReplay.exitCode(for: error) != .success else {
        print(message)
        exit(0)
      }
      complain(message)
      exit(HeddleReplay.Verdict.notTrace.rawValue)
    }
  }
}
