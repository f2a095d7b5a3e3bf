import Synchronization
import Testing

@testable import HeddleThreads

@Suite("a thread that carries beside its own work", .timeLimit(.minutes(1)))
struct GuestCarrierTests {
  /// A story in a world whose one carrier is held up, so that a guest alone can execute anything. Threads that were begun
  /// before wait for a signal, by which a guest makes them ready.
  private static func withoutCarrier(
    begin: @Sendable (Stage, Promise<Void>) async throws -> Void,
    story: @Sendable (Stage, Carriers, _ signal: Promise<Void>) async throws -> Void
  ) async throws {
    let carriers = Carriers(count: 1)
    try await inWorld(on: carriers) { stage in
      let (begun, end, signal) = (Latch(), Latch(), Promise<Void>())
      try await begin(stage, signal)
      try await stage.settle()
      let busy = try await LocalThread {
        begun.open()
        end.hold()
      }
      await begun.opened()
      do { try await story(stage, carriers, signal) } catch {
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

  @Test("it executes what it has made ready, and not what others have, and says when nothing is left")
  func works() async throws {
    try await Self.withoutCarrier { stage, signal in
      for number in 0..<3 {
        _ = try await LocalThread {
          try await sync(signal)
          stage.log.note("\(number)")
        }
      }
    } story: { stage, carriers, signal in
      let other = try await LocalThread { stage.log.note("other") }
      let hasMore = await Self.apart {
        let guest = GuestCarrier(of: carriers)
        signal.fulfillInNobodysName(())
        return guest.work()
      }
      #expect(!hasMore && stage.log.all == ["0", "1", "2"])
      #expect(!other.isDead)
    }
  }

  @Test("it looks after its own work when there is much to execute")
  func goesBack() async throws {
    try await Self.withoutCarrier { stage, signal in
      _ = try await LocalThread {
        try await sync(signal)
        for _ in 0..<100 { try await LocalThread.sleep() }
        stage.log.note("done")
      }
    } story: { stage, carriers, signal in
      let looks = await Self.apart {
        let guest = GuestCarrier(of: carriers)
        signal.fulfillInNobodysName(())
        return [guest.work(), guest.work()]
      }
      #expect(looks == [true, false] && stage.log.all == ["done"])
    }
  }

  @Test("after a turn that took long it takes none for a while, and then again")
  func rests() async throws {
    try await Self.withoutCarrier { stage, signal in
      _ = try await LocalThread {
        try await sync(signal)
        let start = monotonicNow()
        while monotonicNow() - start < 20_000_000 {}
      }
      _ = try await LocalThread {
        try await sync(signal)
        stage.log.note("next")
      }
    } story: { stage, carriers, signal in
      let rested = await Self.apart {
        let guest = GuestCarrier(of: carriers)
        signal.fulfillInNobodysName(())
        let rested = !guest.work() && stage.log.all.isEmpty
        while stage.log.all.isEmpty { _ = guest.work() }
        return rested
      }
      #expect(rested)
    }
  }
}
