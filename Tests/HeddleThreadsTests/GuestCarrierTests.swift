import Synchronization
import Testing

@testable import HeddleThreads

@Suite("a thread that carries beside its own work", .timeLimit(.minutes(1)))
struct GuestCarrierTests {
  /// A story in a world whose one carrier is held up, so that a guest alone can execute anything.
  private static func withoutCarrier(_ story: @Sendable (Stage, Carriers) async throws -> Void) async throws {
    let carriers = Carriers(count: 1)
    try await inWorld(on: carriers) { stage in
      let (begun, end) = (Latch(), Latch())
      let busy = try await LocalThread {
        begun.open()
        end.hold()
      }
      await begun.opened()
      do { try await story(stage, carriers) } catch {
        end.open()
        throw error
      }
      end.open()
      try await busy.wait()
    }
  }

  /// Calls `body` on an operating-system thread of its own.
  private static func apart<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { waiter in
      let isStarted = startDetachedThread { waiter.resume(returning: body()) }
      precondition(isStarted, "the system has a thread for a test")
    }
  }

  @Test("it executes what is ready, and says when nothing is left")
  func works() async throws {
    try await Self.withoutCarrier { stage, carriers in
      for number in 0..<3 { _ = try await LocalThread { stage.log.note("\(number)") } }
      #expect(stage.log.all.isEmpty)
      let hasMore = await Self.apart { GuestCarrier(of: carriers).work() }
      #expect(!hasMore && stage.log.all == ["0", "1", "2"])
    }
  }

  @Test("it looks after its own work when there is much to execute")
  func goesBack() async throws {
    try await Self.withoutCarrier { stage, carriers in
      let thread = try await LocalThread { do { while true { try await LocalThread.sleep() } } catch is BreakError {} }
      let hasMore = await Self.apart { GuestCarrier(of: carriers).work() }
      #expect(hasMore)
      try await thread.sendBreak()
      #expect(await Self.apart { GuestCarrier(of: carriers).work() } == false)
    }
  }

  @Test("after a turn that took long it takes none for a while, and then again")
  func rests() async throws {
    try await Self.withoutCarrier { stage, carriers in
      _ = try await LocalThread {
        let start = monotonicNow()
        while monotonicNow() - start < 20_000_000 {}
      }
      _ = try await LocalThread { stage.log.note("next") }
      let rested = await Self.apart {
        let guest = GuestCarrier(of: carriers)
        let rested = !guest.work() && stage.log.all.isEmpty
        while stage.log.all.isEmpty { _ = guest.work() }
        return rested
      }
      #expect(rested)
    }
  }
}
