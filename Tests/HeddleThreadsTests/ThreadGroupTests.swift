import Synchronization
import Testing

@testable import HeddleThreads

@Suite("thread groups", .timeLimit(.minutes(1)))
struct ThreadGroupTests {
  /// How often a busy thread went round.
  private final class Rounds: Sendable {
    private let count = Atomic<Int>(0)

    var number: Int { count.load(ordering: .relaxed) }

    func go(until last: Int = .max) async throws {
      while count.wrappingAdd(1, ordering: .relaxed).newValue < last { try await LocalThread.checkpoint() }
    }
  }

  @Test("TH-31: a new thread belongs to its creator's current group")
  func inherited() async throws {
    try await inWorld { stage in
      let group = ThreadGroup()
      let seen = try await ThreadGroup.current.withValue(group) {
        try await LocalThread.withNestedThread { ThreadGroup.current.value }
      }
      #expect(seen == group)
      #expect(ThreadGroup.current.value == .root)
    }
  }

  @Test("TH-31: two busy threads in a new group and one outside share 1/4, 1/4, 1/2")
  func shares() async throws {
    try await expectQuarters {
      let group = ThreadGroup()
      return [group, group]
    }
  }

  @Test("TH-31: a group of groups weighs as much as one thread beside it")
  func nested() async throws {
    try await expectQuarters {
      let outer = ThreadGroup()
      return [ThreadGroup(in: outer), ThreadGroup(in: outer)]
    }
  }

  /// Lets a thread in each of two groups and one outside compete for a single carrier.
  private func expectQuarters(groups: @escaping @Sendable () -> [ThreadGroup]) async throws {
    let world = World(clock: .manual, carriers: .single)
    let shares = try await World.$outside.withValue(world) {
      // Shares are those of this group's members, whoever else uses the carrier.
      try await ThreadGroup.current.withValue(ThreadGroup()) {
        try await LocalThread.withNestedThread {
          let custodian = try await Custodian()
          let insiders = [Rounds(), Rounds()]
          for (group, rounds) in zip(groups(), insiders) {
            try await ThreadGroup.current.withValue(group) {
              _ = try await Custodian.current.withValue(custodian) { try await LocalThread { try await rounds.go() } }
            }
          }
          // None is ahead once each has had a turn.
          while insiders.contains(where: { $0.number == 0 }) { try await LocalThread.sleep() }
          let (before, outside) = (insiders.map(\.number), Rounds())
          try await outside.go(until: 64_000)
          let done = zip(insiders, before).map { Double($0.number - $1) }
          try await custodian.shutDown()
          return done.map { $0 / (done[0] + done[1] + Double(outside.number)) }
        }
      }
    }
    for share in shares { #expect((0.24...0.26).contains(share)) }
  }
}
