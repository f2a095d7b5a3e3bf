import Synchronization
import Testing

@testable import HeddleThreads

@Suite("killed threads that will not go", .timeLimit(.minutes(5)))
struct UnwindingTests {
  @Test(
    "killed in a loop of receives or of steps on an actor, in a task-sleep or parked: each is dead, and others work on"
  )
  func obstinate() async throws {
    try await inWorld(on: .pair) { stage in
      let victims = Victims()
      let (receiving, stepping) = (try await victims.receiving(), try await victims.stepping())
      let (sleeping, parked) = (try await victims.sleeping(), try await victims.parked())
      await victims.untilBegun()
      for victim in [receiving, stepping, sleeping, parked] {
        try await victim.kill()
        #expect(victim.isDead)
        #expect(try await poll(victim.death) != nil)
      }
      try await playPingPong(rounds: 1_000)
      try await stage.settle()
      let turns = victims.turns.load(ordering: .relaxed)
      try await playPingPong(rounds: 1_000)
      #expect(victims.turns.load(ordering: .relaxed) == turns)
      #expect(stage.reports.all == ["abandoned", "abandoned"])
      // Two do not leave; one has left; the last leaves when what it waits for comes.
      #expect(victims.held.load(ordering: .relaxed) == 3)
      victims.release()
      try await stage.settle()
      #expect(victims.held.load(ordering: .relaxed) == 2)
    }
  }

  enum Courtesy: CaseIterable {
    case looksWhetherItIsCancelled
    case throwsFromItsOperations
    case throwsFromItsSleep
    case endsAfterTheTenthError
  }

  @Test("a killed thread that leaves at some time frees what it held", arguments: Courtesy.allCases)
  func leaves(_ courtesy: Courtesy) async throws {
    try await inWorld(on: .pair) { stage in
      let victims = Victims()
      let victim = try await victims.start { begin in
        switch courtesy {
        case .looksWhetherItIsCancelled:
          while !Task.isCancelled {
            begin()
            await Task.yield()
          }
        case .throwsFromItsOperations:
          while true {
            begin()
            try await LocalThread.checkpoint()
          }
        case .throwsFromItsSleep:
          begin()
          while true { try await Task.sleep(for: .seconds(3_600)) }
        case .endsAfterTheTenthError:
          begin()
          for _ in 0..<10 { _ = try? await LocalThread.receive() }
        }
      }
      await victims.untilBegun()
      try await victim.kill()
      try await stage.settle()
      #expect(victims.held.load(ordering: .relaxed) == 0)
      #expect(stage.reports.all.isEmpty)
    }
  }

  @Test("a killed thread with 1,000 child tasks, each of which looks back ten times, leaves as a whole")
  func family() async throws {
    try await inWorld(on: .pair) { stage in
      let victims = Victims()
      let victim = try await victims.start { begin in
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<1_000 {
            group.addTask {
              try? await sync(never(Void.self))
              for _ in 0..<10 { try? await LocalThread.checkpoint() }
            }
          }
          begin()
          await group.waitForAll()
        }
      }
      await victims.untilBegun()
      try await stage.settle()
      try await victim.kill()
      try await stage.settle()
      #expect(victims.held.load(ordering: .relaxed) == 0)
      #expect(stage.reports.all.isEmpty)
    }
  }

  @Test("a killed thread that loops on the main actor stops there")
  func elsewhere() async throws {
    try await inWorld(on: .pair) { stage in
      let victims = Victims()
      let victim = try await victims.start { begin in
        begin()
        await victims.receiveOnMainActor()
      }
      await victims.untilBegun()
      try await stage.settle()
      try await victim.kill()
      while stage.reports.all.isEmpty { await Task.yield() }
      await MainActor.run {}
      let turns = victims.turns.load(ordering: .relaxed)
      try await playPingPong(rounds: 100)
      await MainActor.run {}
      #expect(victims.turns.load(ordering: .relaxed) == turns)
      #expect(turns >= Unwinding.turnsMax)
      #expect(stage.reports.all == ["abandoned"])
    }
  }

  @Test("killed threads whose waits all end at once spin, and others get carriers in their place")
  func spinning() async throws {
    try await inWorld(on: .pair) { stage in
      let victims = Victims()
      let threads = [try await victims.spinning(), try await victims.spinning()]
      await victims.untilBegun()
      for thread in threads { try await thread.kill() }
      for thread in threads { #expect(thread.isDead) }
      try await playPingPong(rounds: 1_000)
      victims.release()
      try await stage.settle()
      #expect(victims.held.load(ordering: .relaxed) == 0)
    }
  }

  /// Fixed work: so many messages there and back.
  private func playPingPong(rounds: Int) async throws {
    let (ping, pong) = (Channel(of: Int.self), Channel(of: Int.self))
    let player = try await LocalThread {
      for _ in 0..<rounds { try await pong.put(ping.get() + 1) }
    }
    for round in 0..<rounds {
      try await ping.put(round)
      #expect(try await pong.get() == round + 1)
    }
    try await player.wait()
  }
}

/// Threads that are hard to kill, and what can be known of them.
private final class Victims: Sendable {
  /// Counts itself for as long as a thread holds it.
  private final class Holding: Sendable {
    private let victims: Victims
    init(_ victims: Victims) {
      self.victims = victims
      victims.held.add(1, ordering: .relaxed)
    }
    deinit { victims.held.subtract(1, ordering: .relaxed) }
  }

  private actor Stair {
    private var height = 0
    func step() { height += 1 }
  }

  /// How many bodies are not freed.
  let held = Atomic<Int>(0)
  /// How often those that loop went round.
  let turns = Atomic<Int>(0)
  private let started = Atomic<Int>(0)
  private let begun = Atomic<Int>(0)
  private let isReleased = Atomic<Bool>(false)
  private let foreign = Mutex<[CheckedContinuation<Void, Never>]>([])

  /// A thread that calls its argument when it is where it should be, at least once.
  func start(_ body: @escaping @Sendable (_ begin: @Sendable () -> Void) async throws -> Void) async throws
    -> LocalThread
  {
    started.add(1, ordering: .relaxed)
    let holding = Holding(self)
    return try await LocalThread { [self] in
      let isFirst = Atomic<Bool>(true)
      try await body { [self] in
        if isFirst.exchange(false, ordering: .relaxed) { begun.add(1, ordering: .releasing) }
      }
      withExtendedLifetime(holding) {}
    }
  }

  func untilBegun() async {
    while begun.load(ordering: .acquiring) < started.load(ordering: .relaxed) { await Task.yield() }
  }

  func receiving() async throws -> LocalThread {
    try await start { [self] begin in
      while true {
        begin()
        _ = try? await LocalThread.receive()
        turns.add(1, ordering: .relaxed)
      }
    }
  }

  func stepping() async throws -> LocalThread {
    try await start { [self] begin in
      let stair = Stair()
      while true {
        await stair.step()
        begin()
        turns.add(1, ordering: .relaxed)
      }
    }
  }

  func sleeping() async throws -> LocalThread {
    try await start { begin in
      begin()
      try await Task.sleep(for: .seconds(3_600))
    }
  }

  /// It waits for something that knows neither threads nor cancellation.
  func parked() async throws -> LocalThread {
    try await start { [self] begin in
      await withCheckedContinuation { continuation in
        foreign.withLock { $0.append(continuation) }
        begin()
      }
    }
  }

  /// A cancelled task-sleep returns at once, without a suspension.
  func spinning() async throws -> LocalThread {
    try await start { [self] begin in
      while !isReleased.load(ordering: .acquiring) {
        begin()
        try? await Task.sleep(for: .milliseconds(1))
      }
    }
  }

  @MainActor func receiveOnMainActor() async {
    while true {
      _ = try? await LocalThread.receive()
      turns.add(1, ordering: .relaxed)
    }
  }

  /// What the parked wait for comes, and the spinning may leave.
  func release() {
    isReleased.store(true, ordering: .releasing)
    let waiting = foreign.withLock { foreign in
      defer { foreign = [] }
      return foreign
    }
    for continuation in waiting { continuation.resume() }
  }
}
