import Synchronization

@testable import HeddleThreads

/// Many threads that do everything to each other, until the time is over.
final class Stress: Sendable {
  /// Whom they can meet.
  private struct Board: Sendable {
    /// The last that began to live at each place.
    var threads: [Int: LocalThread] = [:]
    /// The youngest custodians, shut down or not.
    var custodians: [Custodian] = []
  }

  private static let custodiansMax = 32

  let semaphores = (0..<4).map { _ in Semaphore(1) }
  let channels = (0..<4).map { _ in Channel(of: UInt64.self) }
  let parameter = Parameter(0)
  private let board = Mutex(Board())
  /// What was not yet done to its end.
  private let missing = Mutex(Set(StressDeed.allCases))
  private let random: Mutex<SplitMix64>

  init(seed: UInt64) { random = Mutex(SplitMix64(seed: seed)) }

  /// Keeps so many threads alive for so long, and until everything was done at least once; then shuts everything down.
  func run(threads: Int, for duration: Duration) async throws {
    let all = try await Custodian()
    let end = ContinuousClock.now + duration
    try await withThrowingTaskGroup(of: Void.self) { group in
      for place in 0..<threads {
        group.addTask { [self] in
          while goesOn(until: end) { try await live(at: place, under: all) }
        }
      }
      // Were all suspended at some time, nobody would resume anybody.
      while goesOn(until: end) {
        for thread in livingThreads { try await thread.resume() }
        try await sync(after(.milliseconds(1)))
      }
      try await all.shutDown()
      try await group.waitForAll()
    }
  }

  private func goesOn(until end: ContinuousClock.Instant) -> Bool {
    ContinuousClock.now < end || !missing.withLock(\.isEmpty)
  }

  /// One thread's life, from its creation to its death.
  private func live(at place: Int, under all: Custodian) async throws {
    let (random, custodian) = random.withLock { random in
      (random.fork(), random.chance(50) ? anyCustodian(&random) : nil)
    }
    do {
      let thread = try await Custodian.current.withValue(custodian ?? all) {
        try await LocalThread { [self] in try await act(random) }
      }
      board.withLock { $0.threads[place] = thread }
      try await thread.wait()
    } catch let error as ThreadError where error.code == .custodianShutDown {}
  }

  private func act(_ random: SplitMix64) async throws {
    var actor = StressActor(stress: self, random: random)
    try await actor.act()
  }

  // MARK: - What the threads share

  func note(_ deed: StressDeed) { missing.withLock { _ = $0.remove(deed) } }

  private var livingThreads: [LocalThread] { board.withLock { Array($0.threads.values) } }

  func anyThread(_ random: inout SplitMix64) -> LocalThread {
    livingThreads.randomElement(using: &random) ?? .current
  }

  func anyCustodian(_ random: inout SplitMix64) -> Custodian? {
    board.withLock(\.custodians).randomElement(using: &random)
  }

  /// Others may use it or shut it down until it is forgotten.
  func keep(_ custodian: Custodian) {
    board.withLock { board in
      board.custodians.append(custodian)
      if board.custodians.count > Self.custodiansMax { board.custodians.removeFirst() }
    }
  }
}
