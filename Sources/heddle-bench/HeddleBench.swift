import ArgumentParser

@main
enum Main {
  static func main() async {
    // What the benchmarks start. Not a subcommand: the groups stand where its name would.
    if CommandLine.arguments.dropFirst().first == BenchWorker.configuration.commandName {
      BenchWorker.main(Array(CommandLine.arguments.dropFirst(2)))
    } else {
      await HeddleBench.main()
    }
  }
}

/// Measures heddle, and prints one JSON object a line.
struct HeddleBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle-bench",
    abstract: "Measures heddle: one JSON object a line, with the median, the least and the most of several runs.",
    discussion: """
      Build it with optimisation, or the figures say nothing:

        swift run -c release heddle-bench model

      Machines differ and are noisy: compare figures of one run with one another. With --limits, programs in C that do \
      the same are run beside, and a figure comes with what they give and the ratio of the two.
      """
  )

  enum Group: String, CaseIterable, ExpressibleByArgument {
    case local
    case mail
    case model
    case processes
  }

  @Argument(help: "What to measure (\(Group.allCases.map(\.rawValue).joined(separator: ", "))); none is all.")
  var groups: [Group] = []

  @Option(help: "How often each figure is taken.")
  var runs = 9

  @Option(help: ArgumentHelp("Where the limits' programs are: limit, spawn, threads.", valueName: "dir"))
  var limits: String?

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs has to be at least 1, and is \(runs)") }
  }

  func run() async throws {
    for group in groups.isEmpty ? Group.allCases : groups {
      switch group {
      case .local: try await LocalBenchmarks(runs: runs, limits: limits) { print($0.json) }.run()
      case .mail: try await MailBenchmarks(runs: runs, limits: limits) { print($0.json) }.run()
      case .processes: try await ProcessBenchmarks(runs: runs, limits: limits) { print($0.json) }.run()
      case .model: try await ModelBenchmarks.run(runs) { print($0.json) }
      }
    }
  }
}
