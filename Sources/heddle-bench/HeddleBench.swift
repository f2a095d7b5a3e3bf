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
      the same are run beside, and a figure comes with what they give and the ratio of the two. Those of 'cluster' come \
      with the same on one node, in turn with it, and with a goal.
      """
  )

  enum Group: String, CaseIterable, ExpressibleByArgument {
    case cluster
    case flat
    case kill
    case local
    case mail
    case memory
    case model
    case serve
    case spawn
  }

  @Argument(help: "What to measure (\(Group.allCases.map(\.rawValue).joined(separator: ", "))); none is all.")
  var groups: [Group] = []

  @Option(help: "How often each figure is taken.")
  var runs = 9

  @Option(
    help: ArgumentHelp(
      "Where the limits' programs are: limit, spawn, threads, cgroup, warden, child, uvecho.",
      valueName: "dir"
    )
  )
  var limits: String?

  @Option(help: "How the daemon holds trees of processes: auto, cgroup, pidns or subreaper.")
  var containment = "auto"

  @Option(help: ArgumentHelp("Of mail and cluster: the figures whose names begin so.", valueName: "name"))
  var only: String?

  @Option(help: "The port that the line echo of 'serve' is to be at, with --hold; 0 is any, which is printed.")
  var port: Int?

  @Flag(help: "Only serve the line echo of 'serve', until ended, for a load generator of one's own.")
  var hold = false

  func validate() throws {
    guard hold == (port != nil), !hold || groups == [.serve] else {
      throw ValidationError("--hold and --port go together, as in: serve --port 7777 --hold")
    }
    guard runs > 0 else { throw ValidationError("--runs has to be at least 1, and is \(runs)") }
  }

  func run() async throws {
    if let port { await EchoServer.hold(at: port) }
    let groups = Set(self.groups.isEmpty ? Group.allCases : self.groups)
    if groups.contains(.model) { try await ModelBenchmarks.run(runs) { print($0.json) } }
    if groups.contains(.local) { try await LocalBenchmarks(runs: runs, limits: limits) { print($0.json) }.run() }
    if groups.contains(.mail) {
      try await MailBenchmarks(runs: runs, limits: limits, wants: wants) { print($0.json) }.run()
    }
    if groups.contains(.serve) {
      try await ServeBenchmarks(runs: runs, limits: limits) { print($0.json) }.run()
      try await ProgramServeBenchmarks(runs: runs, containment: containment) { print($0.json) }.run()
    }
    if groups.contains(.cluster) {
      try await ClusterBenchmarks(runs: runs, limits: limits, containment: containment, wants: wants) { print($0.json) }
        .run()
    }
    // The same thousand threads serve all three.
    let parts = groups.intersection([.spawn, .kill, .memory])
    if !parts.isEmpty {
      try await ProcessBenchmarks(runs: runs, limits: limits, containment: containment, parts: parts) { print($0.json) }
        .run()
    }
    if groups.contains(.flat) {
      try await FlatBenchmarks(runs: runs, limits: limits, containment: containment) { print($0.json) }.run()
    }
  }

  private func wants(_ name: String) -> Bool { only.map(name.hasPrefix) ?? true }
}
