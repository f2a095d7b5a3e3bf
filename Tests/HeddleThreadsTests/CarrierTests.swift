import Synchronization
import Testing

@testable import HeddleThreads

@Suite("carriers", .timeLimit(.minutes(1)))
struct CarrierTests {
  @Test("a carrier that is held up by a thread that should stop is replaced, so that others go on")
  func replaced() async throws {
    try await inWorld(on: .pair) { stage in
      let release = Latch()
      let stops = try await holders(2, release).map { thread in Task { try await thread.suspend() } }
      let bystander = try await LocalThread {}
      try await bystander.wait()
      #expect(!release.isOpen)
      release.open()
      for stop in stops { try await stop.value }
    }
  }

  /// Threads that hold their turns until they are let go, each on a carrier.
  private func holders(_ count: Int, _ release: Latch) async throws -> [LocalThread] {
    var threads: [LocalThread] = []
    for _ in 0..<count {
      let holds = Latch()
      threads.append(
        try await LocalThread {
          holds.open()
          release.hold()
        }
      )
      await holds.opened()
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
    private let release = Latch()
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
        release.hold()
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
    try await inWorld(on: Carriers(count: 1)) { stage in
      let enough = Latch()
      let greedy = try await LocalThread { while !enough.isOpen { _ = try await LocalThread.tryReceive() } }
      let modest = try await LocalThread { enough.open() }
      try await modest.wait()
      try await greedy.wait()
    }
  }
}
