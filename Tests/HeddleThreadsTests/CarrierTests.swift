import Synchronization
import Testing

@testable import HeddleThreads

@Suite("carriers", .timeLimit(.minutes(1)))
struct CarrierTests {
  @Test("a carrier that is held up by a thread that should stop is replaced, so that others go on")
  func replaced() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 2))
    try await World.$outside.withValue(world) {
      let release = Flag()
      let stops = try await holders(2, release).map { thread in Task { try await thread.suspend() } }
      let bystander = try await LocalThread {}
      try await bystander.wait()
      #expect(!release.isRaised)
      release.raise()
      for stop in stops { try await stop.value }
    }
  }

  /// Threads that hold their turns until they are let go, each on a carrier.
  private func holders(_ count: Int, _ release: Flag) async throws -> [LocalThread] {
    var threads: [LocalThread] = []
    for _ in 0..<count {
      let holds = Flag()
      threads.append(
        try await LocalThread {
          holds.raise()
          while !release.isRaised {}
        }
      )
      while !holds.isRaised { await Task.yield() }
    }
    return threads
  }

  @Test("at most 64 carriers stand in for others")
  func bounded() async {
    let crowd = Crowd()
    await crowd.fill(upTo: 65)
    // Another crowd gets its stand-in after the same patience: had this one been due another, it would have come.
    let witness = Crowd()
    await witness.fill(upTo: 2)
    #expect(crowd.present == 65)
    for crowd in [crowd, witness] { await crowd.leave() }
  }

  /// Gates in front of carriers of their own, each executing what does not end by itself although it is told to stop.
  private final class Crowd: Sendable {
    private let carriers = Carriers(count: 1)
    private let activity = Activity()
    private let arrived = Atomic<Int>(0)
    private let release = Parker.Crowd()
    private let tasks = Mutex<[Task<Void, Never>]>([])

    var present: Int { arrived.load(ordering: .acquiring) }

    /// Adds members until `count` of them execute, and one more.
    func fill(upTo count: Int) async {
      for expected in 1...count {
        add()
        while present < expected { await Task.yield() }
      }
      add()
    }

    private func add() {
      let gate = Gate(carriers: carriers, activity: activity, group: .root)
      let task = Task(executorPreference: gate) { [self] in
        gate.close(generation: 1)
        gate.whenQuiet {}
        arrived.add(1, ordering: .releasing)
        release.wait()
        gate.open(generation: 2)
      }
      tasks.withLock { $0.append(task) }
    }

    func leave() async {
      release.open()
      for task in tasks.withLock(\.self) { await task.value }
    }
  }

  @Test("a thread that only calls operations lets others have turns")
  func fair() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 1))
    try await World.$outside.withValue(world) {
      let enough = Flag()
      let greedy = try await LocalThread { while !enough.isRaised { _ = try await LocalThread.tryReceive() } }
      let modest = try await LocalThread { enough.raise() }
      try await modest.wait()
      try await greedy.wait()
    }
  }
}

extension Parker {
  /// Where any number of operating-system threads sleep until all may go on.
  fileprivate final class Crowd: Sendable {
    private let state = Mutex<(isOpen: Bool, sleepers: [Parker])>((false, []))

    func wait() {
      let parker = Parker()
      let waits = state.withLock { state in
        if !state.isOpen { state.sleepers.append(parker) }
        return !state.isOpen
      }
      if waits { parker.park() }
    }

    func open() {
      let sleepers = state.withLock { state in
        state.isOpen = true
        return state.sleepers
      }
      for sleeper in sleepers { sleeper.unpark() }
    }
  }
}
