import ArgumentParser
import Simulation

/// Simulates a cluster from a seed, and says whether all held that has to hold.
@main
struct HeddleSimulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heddle-simulate",
    abstract: "Simulates a cluster whose machines, clocks and network fail, from a seed.",
    discussion: """
      One seed prints what happens, and what the checkers find; the same seed prints the same. Several print one line \
      for each seed with a violation, and a last one that counts. Exit status: 0 when all held, 1 otherwise.
      """
  )

  @Option(help: "The seed; of several the first.")
  var seed: UInt64 = 0

  @Option(help: "How many seeds.")
  var count: UInt64 = 1

  @Option(help: "For how long faults happen in each, in simulated seconds.")
  var seconds: UInt64 = 25

  @Option(help: "How many nodes.")
  var nodes = 3

  @Option(help: ArgumentHelp("A mistake that shells make, for trying the checkers.", valueName: "name"))
  var mutant: [String] = []

  @Flag(help: "Print nothing of a single seed but what the checkers find.")
  var quiet = false

  func validate() throws {
    guard (2...9).contains(nodes) else { throw ValidationError("--nodes wants a number from 2 to 9, not \(nodes)") }
    guard count >= 1, seconds >= 1, seconds <= 86_400 else {
      throw ValidationError("--count and --seconds want a number above 0, the latter up to 86400")
    }
    for name in mutant where !Mutations.all.contains(where: { $0.name == name }) {
      let names = Mutations.all.map(\.name).joined(separator: ", ")
      throw ValidationError("there is no mutant '\(name)'; there are \(names)")
    }
  }

  func run() throws {
    var failures: UInt64 = 0
    for offset in 0..<count {
      let report = simulate(seed &+ offset)
      for line in report.transcript { print(line) }
      for violation in report.violations { print("seed \(report.seed): \(violation)") }
      if !report.violations.isEmpty { failures += 1 }
    }
    print("\(count) \(count == 1 ? "seed" : "seeds"), \(failures) with violations")
    if failures > 0 { throw ExitCode(1) }
  }

  private func simulate(_ seed: UInt64) -> Simulation.Report {
    var settings = SimulationSettings(seed: seed)
    settings.nodeCount = nodes
    settings.faultSeconds = seconds
    settings.isTold = count == 1 && !quiet
    for (name, mutation) in Mutations.all where mutant.contains(name) { settings.mutations.insert(mutation) }
    var simulation = Simulation(settings)
    return simulation.run()
  }
}
