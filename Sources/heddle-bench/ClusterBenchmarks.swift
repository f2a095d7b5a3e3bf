import HeddleClient
import HeddleModel
import HeddleWire

/// What goes from node to node, beside the same on one of the nodes: mail, the news of a death, and a custodian's shutdown.
/// All nodes are on this machine and share its cores.
struct ClusterBenchmarks {
  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  /// How the daemons hold trees of processes.
  let containment: String
  /// Whether the figure of a name is wanted.
  let wants: (String) -> Bool
  let report: (Figure) -> Void

  private enum Name: String {
    case throughput = "cluster.mail.64.throughput"
    case roundTrip = "cluster.mail.64.roundtrip.p50"
    case death = "cluster.death"
    case shutdown = "cluster.shutdown.300"
    case oneCoreRoundTrip = "cluster.mail.64.roundtrip.p50.onecore"
    case loopbackThroughput = "cluster.loopback.mail.64.throughput"
    case loopbackRoundTrip = "cluster.loopback.mail.64.roundtrip.p50"
  }

  /// How many messages a run of the throughput has.
  private let messages = 2_000_000
  /// How many threads a custodian has that is shut down.
  private let threads = 300
  /// How many deaths a run looks at.
  private let deaths = 50

  func run() async throws {
    try await within(.unix, of: 3, for: [.throughput, .roundTrip, .death, .shutdown]) { cluster in
      try await measureMail(in: cluster, .throughput, .roundTrip)
      try await measureDeath(in: cluster)
      try await measureShutdown(in: cluster)
    }
    try await within(.unix, of: 2, onOneCore: true, for: [.oneCoreRoundTrip]) { cluster in
      try await measureMail(in: cluster, nil, .oneCoreRoundTrip)
    }
    try await within(.loopback, of: 2, for: [.loopbackThroughput, .loopbackRoundTrip]) { cluster in
      try await measureMail(in: cluster, .loopbackThroughput, .loopbackRoundTrip)
    }
  }

  /// Lets `measure` use a cluster of its own, if some of the figures are wanted.
  private func within(
    _ links: BenchCluster.Links,
    of count: Int,
    onOneCore: Bool = false,
    for names: [Name],
    _ measure: (BenchCluster) async throws -> Void
  ) async throws {
    guard names.contains(where: { wants($0.rawValue) }) else { return }
    let cluster = try await BenchCluster.start(count, over: links, onOneCore: onOneCore, containment: containment)
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await measure(cluster)) } catch { outcome = .failure(error) }
    await cluster.end()
    try outcome.get()
  }

  // MARK: - Mail

  /// From the first node to the second, and from the first to itself.
  private func measureMail(in cluster: BenchCluster, _ throughput: Name?, _ roundTrip: Name) async throws {
    let (near, far) = (cluster.nodes[0], cluster.nodes[1])
    guard let slot = try await cluster.slot(of: near, at: far) else {
      throw BenchError(what: "find node \(near.name) at node \(far.name)", errno: 0)
    }
    let across = MailRoute(from: near.supervisor, to: far.name, whichCallsIt: slot)
    let within = MailRoute(from: near.supervisor)
    if let throughput {
      try await measure(throughput, .perSecond, .atLeast(5_000_000), within: within, across: across) {
        try await $0.throughput(size: 64, count: messages)
      }
    }
    try await measure(roundTrip, .microseconds, .ratioAtMost(1.6), within: within, across: across) {
      try await $0.roundTrip()
    }
  }

  // MARK: - Deaths

  /// How much later a client of the first node hears of a death on the second than one of the second does; beside that, how
  /// much later another client of the second does.
  private func measureDeath(in cluster: BenchCluster) async throws {
    let (far, near) = (cluster.nodes[0], cluster.nodes[1])
    let other = try await near.daemon.connect(on: far.loop)
    let within = DeathNews(of: near.name, near: near.supervisor, far: other)
    let across = DeathNews(of: near.name, near: near.supervisor, far: far.supervisor)
    try await measure(.death, .microseconds, .atMost(2_000), within: within, across: across) {
      try await $0.delay(ofMedian: deaths)
    }
    await other.close()
  }

  // MARK: - Shutdown

  /// All nodes having as many of the threads as another, beside one node having all of them.
  private func measureShutdown(in cluster: BenchCluster) async throws {
    let supervisor = cluster.nodes[0].supervisor
    try await measure(.shutdown, .milliseconds, .ratioAtMost(3), within: [], across: cluster.nodes.map(\.name)) {
      nodes in
      let crowd = try await ProcessCrowd.start(threads, on: supervisor, across: nodes, limits: limits)
      return try await time { try await crowd.end() }
    }
  }

  // MARK: -

  /// One figure, if it is wanted: what `measure` gives across nodes, in turn with what it gives within one.
  private func measure<Place>(
    _ name: Name,
    _ unit: Figure.Unit,
    _ goal: Goal,
    within: Place,
    across: Place,
    _ measure: (Place) async throws -> Double
  ) async throws {
    guard wants(name.rawValue) else { return }
    let figure = try await Figure(name.rawValue, unit: unit, runs: runs, goal: goal) {
      try await measure(within)
    } measure: {
      try await measure(across)
    }
    report(figure)
  }
}
