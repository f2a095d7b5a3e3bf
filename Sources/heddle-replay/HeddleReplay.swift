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

      Against a supervisor each thread is a process. The programs heddle and heddle-keeper are beside this one then; the \
      daemon is of the replay's own, and ends with it.

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
  ///
  /// - Throws: why there is no such implementation here.
  func replayFiles() async throws -> Verdict {
    try await against.serve { makeSubject in
      var worst = Verdict.agrees
      for (index, path) in files.enumerated() {
        worst = max(worst, await replayFile(path) { try await makeSubject(index + 1) })
      }
      return worst
    }
  }

  private func replayFile(_ path: String, against makeSubject: () async throws -> any Subject) async -> Verdict {
    do {
      let trace = try TraceFile(path: path)
      guard let difference = try await replay(trace, against: makeSubject()) else {
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
      print("\(path): differs\n  \(against.rawValue) broke before the first line or after the last: \(error)")
      return .differs
    }
  }

  /// The first difference. A name that does not fit makes the file no trace, and so does what the implementation cannot
  /// have.
  private func replay(_ trace: TraceFile, against world: any Subject) async throws -> Difference? {
    var subject = world
    do {
      let difference = try await heddle_replay.replay(trace.lines, against: &subject)
      try await subject.end()
      return difference
    } catch let error as ReplayError {
      // What broke the world may keep it from ending, too, and is what is to be told.
      try? await subject.end()
      guard error.cause is NameError || error.cause is MeaninglessError else { throw error }
      throw TraceFileError(path: trace.path, line: error.index + 1, reason: "\(error.cause)")
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
      let arguments = CommandLine.arguments.dropFirst()
      if arguments.first == AgentProgram.word {
        await (try AgentProgram.parse(Array(arguments.dropFirst()))).serve()
      }
      await replay(try HeddleReplay.parse())
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

  private static func replay(_ command: HeddleReplay) async -> Never {
    do { exit(try await command.replayFiles().rawValue) } catch {
      complain("cannot replay against \(command.against.rawValue): \(error)")
      exit(HeddleReplay.Verdict.differs.rawValue)
    }
  }
}
