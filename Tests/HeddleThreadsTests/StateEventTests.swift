import Testing

@testable import HeddleThreads

@Suite("state events", .timeLimit(.minutes(1)))
struct StateEventTests {
  @Test(
    "ST-05, ST-06, ST-07: a thread gives itself when it is dead, its death event itself, and that is always the same"
  )
  func death() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let thread = try await LocalThread { try await go.wait() }
      let death = thread.death
      #expect(try await poll(death) == nil)
      #expect(try await poll(thread) == nil)
      try await go.post()
      #expect(try await sync(thread) == thread)
      #expect(try await sync(death) == death)
      #expect(thread.death == death)
    }
  }

  @Test("ST-09 to ST-12: a resumption event is fresh after each suspension, and stays ready once it was")
  func resumption() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      let first = thread.resumption
      #expect(try await poll(first) == thread)
      try await thread.suspend()
      let second = thread.resumption
      #expect(second != first)
      #expect(thread.resumption == second)
      #expect(try await poll(second) == nil)
      try await thread.resume()
      #expect(try await poll(second) == thread)
      try await thread.kill()
      #expect(try await poll(second) == thread)
    }
  }

  @Test("ST-16 to ST-18: a suspension event is fresh after each resume, and stays ready once it was")
  func suspension() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      let first = thread.suspension
      #expect(try await poll(first) == nil)
      try await thread.suspend()
      #expect(try await poll(first) == thread)
      try await thread.resume()
      #expect(try await poll(first) == thread)
      #expect(thread.suspension != first)
      #expect(try await poll(thread.suspension) == nil)
      try await thread.kill()
    }
  }

  @Test("ST-14, ST-20: a dead thread is never suspended or resumed")
  func dead() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      let pending = thread.suspension
      try await thread.kill()
      #expect(try await poll(pending) == nil)
      #expect(try await poll(thread.suspension) == nil)
      #expect(try await poll(thread.resumption) == nil)
    }
  }

  @Test("ST-17, MB-18: an event holds after its thread is dead and nobody has a handle to it any more")
  func withoutHandle() async throws {
    try await inWorld { stage in
      let events = try await suspendedAndKilled()
      try await stage.settle()
      #expect(try await poll(events.suspension)?.isDead == true)
      #expect(try await poll(events.death) == events.death)
    }
  }

  private func suspendedAndKilled() async throws -> (suspension: SuspensionEvent, death: DeathEvent) {
    let thread = try await LocalThread { try await sync(never(Void.self)) }
    let events = (thread.suspension, thread.death)
    try await thread.suspend()
    try await thread.kill()
    return events
  }

  @Test("ST-04, BR-16: a thread that waits for itself waits until it is broken")
  func itself() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do { try await LocalThread.current.wait() } catch is BreakError { stage.log.note("broken") }
      }
      try await stage.settle()
      #expect(thread.isRunning)
      try await thread.sendBreak()
      try await thread.wait()
      #expect(stage.log.all == ["broken"])
    }
  }
}
