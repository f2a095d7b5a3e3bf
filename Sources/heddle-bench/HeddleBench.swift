import ArgumentParser

/// Measures heddle, and prints one JSON object a line.
@main
struct HeddleBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle-bench",
    abstract: "Measures heddle: one JSON object a line, with the median, the least and the most of several runs.",
    discussion: """
      Build it with optimisation, or the figures say nothing:

        swift run -c release heddle-bench model

      Machines differ and are noisy: compare figures of one run with one another.
      """
  )

  enum Group: String, CaseIterable, ExpressibleByArgument {
    case model
  }

  @Argument(help: "What to measure (\(Group.allCases.map(\.rawValue).joined(separator: ", "))); none is all.")
  var groups: [Group] = []

  @Option(help: "How often each figure is taken.")
  var runs = 9

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs has to be at least 1, and is \(runs)") }
  }

  func run() throws {
    for group in groups.isEmpty ? Group.allCases : groups {
      switch group {
      case .model: try ModelBenchmarks.run(runs) { print($0.json) }
      }
    }
  }
}
