import Synchronization
import Testing

@testable import HeddleThreads

@Suite("coroutines over what somebody else started", .timeLimit(.minutes(1)))
struct SuspendableTests {
  @Test("it is suspended at once, goes on during runs only, and completes with its death")
  func slices() async throws {
    try await inWorld { stage in
      let fake = FakeProcess(stage.log)
      let coroutine = try await Coroutine(over: fake)
      #expect(stage.log.all == ["suspend"])
      #expect(try await coroutine.run(until: always(())) == false)
      #expect(stage.log.all == ["suspend", "resume", "suspend"])
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: never(Void.self)))") }
      try await stage.settle()
      try await fake.end()
      try await runner.wait()
      #expect(stage.log.all == ["suspend", "resume", "suspend", "resume", "true"])
      #expect(coroutine.result != nil)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(stage.log.all.count == 5)
    }
  }

  @Test("kill ends it; a run in progress sees that, and there is no result")
  func killed() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine(over: FakeProcess(stage.log))
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: never(Void.self)))") }
      try await stage.settle()
      try await coroutine.kill()
      try await runner.wait()
      #expect(stage.log.all == ["suspend", "resume", "kill", "true"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("a broken and a cancelled run suspend it first; a killed caller does nothing more")
  func endsOfRuns() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine(over: FakeProcess(stage.log))
      let run: @Sendable () async throws -> Void = { _ = try await coroutine.run(until: never(Void.self)) }
      let broken = try await LocalThread { do { try await run() } catch is BreakError { stage.log.note("broken") } }
      try await stage.settle()
      try await broken.sendBreak()
      try await broken.wait()
      #expect(stage.log.all == ["suspend", "resume", "suspend", "broken"])
      let cancelled = Task { try await run() }
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      #expect(stage.log.all.suffix(2) == ["resume", "suspend"])
      let killed = try await LocalThread { try await run() }
      try await stage.settle()
      try await killed.kill()
      try await stage.settle()
      #expect(stage.log.all.last == "resume")
      #expect(try await coroutine.run(until: always(())) == false)
      #expect(stage.log.all.suffix(2) == ["resume", "suspend"])
    }
  }

  @Test("an error of its own comes out of the run, which is over then")
  func fails() async throws {
    try await inWorld { stage in
      let fake = FakeProcess(stage.log)
      let coroutine = try await Coroutine(over: fake)
      for order in ["resume", "suspend"] {
        fake.fail(order)
        await #expect(throws: Mishap.self) { try await coroutine.run(until: always(())) }
      }
      #expect(try await coroutine.run(until: always(())) == false)
    }
  }

  @Test("two cannot run it at once")
  func refused() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine(over: FakeProcess(stage.log))
      let limit = Semaphore()
      let runner = try await LocalThread { _ = try await coroutine.run(until: limit) }
      try await stage.settle()
      let error = await #expect(throws: ThreadError.self) { try await coroutine.run(until: always(())) }
      #expect(error?.code == .alreadyRunning)
      try await limit.post()
      try await runner.wait()
    }
  }

  @Test("a thread of this process can be run so, too, but not by itself")
  func localThread() async throws {
    try await inWorld { stage in
      let (tick, itself) = (Semaphore(), Channel(of: Coroutine<Void>.self))
      let thread = try await LocalThread {
        let coroutine = try await itself.get()
        let error = await #expect(throws: ThreadError.self) { try await coroutine.run(until: always(())) }
        stage.log.note(error?.code.rawValue ?? "none")
        try await tick.post()
        stage.log.note("end")
      }
      let coroutine = try await Coroutine(over: thread)
      #expect(!thread.isRunning)
      let giver = try await LocalThread { try await itself.put(coroutine) }
      while try await !coroutine.run(until: tick) {}
      try await giver.wait()
      #expect(stage.log.all == ["runsItself", "end"])
      #expect(thread.isDead)
    }
  }
}

/// Notes its orders, and ends when told so.
private final class FakeProcess: Suspendable {
  private let log: Log
  private let dead = Semaphore()
  private let failing = Mutex<String?>(nil)

  init(_ log: Log) { self.log = log }

  func suspend() async throws { try obey("suspend") }
  func resume() async throws { try obey("resume") }
  func kill() async throws {
    try obey("kill")
    try await end()
  }

  var death: AnyEvent<Semaphore> { dead.peek }

  func end() async throws { try await dead.post() }

  /// Has the next `order` fail.
  func fail(_ order: String) { failing.withLock { $0 = order } }

  private func obey(_ order: String) throws {
    log.note(order)
    let fails = failing.withLock { failing in
      guard failing == order else { return false }
      failing = nil
      return true
    }
    if fails { throw Mishap() }
  }
}
