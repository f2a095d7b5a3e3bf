internal import Cluster
internal import DequeModule
internal import HeddleModel

/// Several supervisors' parts in a cluster, a registrar, their clocks, keepers, threads and disks, and the network between
/// them, all from one seed: the same seed gives the same, to the byte.
package struct Simulation {
  /// What came of it.
  package struct Report: Equatable, Sendable {
    package let seed: UInt64
    /// What the checkers found; nothing, if all is well.
    package let violations: [String]
    /// What happened, in words, if that was asked for.
    package let transcript: [String]
    package let happeningCount: Int
    package let sightingCount: Int
    /// FNV-1a over all sightings' times: the same for the same seed.
    package let digest: UInt64
  }

  let settings: SimulationSettings
  var random: SplitMix64
  var now = Instant(nanoseconds: 0)
  var queue = EventQueue()
  var nodes: [SimulatedNode] = []
  var network: SimulatedNetwork
  var checkers = Checkers()
  var transcript: [String] = []
  var lastSession: UInt64 = 0
  var lastThread: UInt64 = 0
  var custodians: [SharedCustodianID] = []
  var agenda: Deque<MemberInput> = []
  var isFeeding = false
  private var happeningCount = 0
  private var sightingCount = 0
  private var digest: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The node that keeps the registrar.
  static let registrarNode = 0

  package init(_ settings: SimulationSettings) {
    self.settings = settings
    random = SplitMix64(seed: settings.seed)
    network = SimulatedNetwork(nodeCount: settings.nodeCount)
    for index in 0..<settings.nodeCount {
      // Half of what one clock may be fast by compared with another, each way.
      let error = Int64(random.below(10_001)) - 5_000
      let clock = SimulatedClock(origin: random.below(1 << 40), error: error)
      nodes.append(SimulatedNode(name: Self.name(index), clock: clock, nodeCount: settings.nodeCount))
    }
    nodes[Self.registrarNode].desk = RegistrarDesk()
  }

  private static func name(_ index: Int) -> NodeName {
    let letter = Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
    do { return try NodeName(String(letter)) } catch { preconditionFailure("a letter is a name: \(error)") }
  }

  /// Runs it to its end.
  package mutating func run() -> Report {
    for index in nodes.indices { start(index) }
    queue.add(.workload, at: .seconds(9))
    queue.add(.fault, at: settings.faultsFrom)
    queue.add(.mend(.all), at: settings.faultsUntil)
    while let (instant, happening) = queue.next(), instant <= settings.end {
      now = instant
      happeningCount += 1
      handle(happening)
    }
    now = settings.end
    lookAtEnd()
    return Report(
      seed: settings.seed,
      violations: checkers.violations,
      transcript: transcript,
      happeningCount: happeningCount,
      sightingCount: sightingCount,
      digest: digest
    )
  }

  mutating func handle(_ happening: Happening) {
    switch happening {
    case .packet(let packet, let from, let to): arrive(packet, from: from, at: to, as: happening)
    case .daemon(let node, let run, let inner): daemon(node, run: run, inner, as: happening)
    case .fence(let node, let run, let arming): keeperFences(node, run: run, arming: arming)
    case .deed(let node, let thread, let deed): perform(deed, on: thread, at: node)
    case .act(let node, let thread): act(thread, at: node)
    case .workload: work()
    case .fault: strike()
    case .isolate(let node, let length): isolate(node, for: length)
    case .mend(let mending): mend(mending)
    }
  }

  // MARK: - What is seen

  mutating func see(_ sighting: Sighting) {
    sightingCount += 1
    digest = (digest ^ now.nanoseconds) &* 0x0000_0100_0000_01b3
    if settings.isTold { tell("    \(sighting)") }
    checkers.see(sighting, at: now)
  }

  mutating func tell(_ text: String) {
    guard settings.isTold else { return }
    transcript.append("\(now.words) \(text)")
  }

  func mutates(_ mutation: Mutations) -> Bool { settings.mutations.contains(mutation) }

  /// A moment from now, of up to so many milliseconds.
  mutating func soon(_ milliseconds: UInt64) -> Instant {
    now.plus(microseconds: 1_000 + random.below(milliseconds * 1_000))
  }
}
