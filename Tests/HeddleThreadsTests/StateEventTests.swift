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

  @Test("ST-02, ST-03, ST-08: a wait for a thread outlasts its suspension, and ends at once for a dead one")
  func waits() async throws {
    try await inWorld { stage in
      let thread = try await idler(suspendsOnKill: true)
      let waiter = try await LocalThread {
        try await thread.wait()
        stage.log.note("dead")
      }
      try await thread.suspend()
      try await thread.resume()
      try await thread.kill()
      try await stage.settle()
      #expect(waiter.isRunning && stage.log.all.isEmpty)
      #expect(try await poll(thread.death) == nil)
      try await thread.resume()
      try await thread.sendBreak()
      try await waiter.wait()
      try await thread.wait()
      #expect(stage.log.all == ["dead"])
    }
  }

  @Test("ST-10, ST-22: a resume releases all who wait for it")
  func allWaiters() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      try await thread.suspend()
      let resumption = thread.resumption
      for number in 1...3 {
        _ = try await LocalThread { stage.log.note("\(number) \(try await sync(resumption) == thread)") }
      }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.resume()
      try await stage.settle()
      #expect(stage.log.all.sorted() == ["1 true", "2 true", "3 true"])
    }
  }

  @Test("ST-13, ST-19: an event is the same until the next change, and a suspended thread's suspension is ready")
  func same() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      #expect(thread.resumption == thread.resumption && thread.suspension == thread.suspension)
      let pending = thread.suspension
      try await thread.suspend()
      #expect(thread.suspension == pending)
      #expect(try await poll(thread.suspension) == thread)
    }
  }

  @Test("ST-15: the resumption that a thread killed while suspended had before it never comes")
  func neverResumed() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      try await thread.suspend()
      let pending = thread.resumption
      try await thread.kill()
      #expect(try await poll(pending) == nil)
    }
  }

  @Test("ST-23: a thread may use its own: after a resume, its suspension has happened")
  func own() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        let suspension = LocalThread.current.suspension
        try await LocalThread.current.suspend()
        stage.log.note("\(try await poll(suspension) == LocalThread.current)")
      }
      try await sync(thread.suspension)
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["true"])
    }
  }

  @Test("ST-24: events come by a benefactor and an adoption as well, and none comes of what has no effect")
  func indirect() async throws {
    try await inWorld { stage in
      let (patron, client) = (try await idler(), try await idler())
      let own = try await Custodian()
      let orphan = try await idler(under: own, suspendsOnKill: true)
      try await client.resume(benefactor: .thread(patron))
      for thread in [client, patron] { try await thread.suspend() }
      try await own.shutDown()
      let (resumed, adopted) = (client.resumption, orphan.resumption)
      try await orphan.resume()
      #expect(try await poll(adopted) == nil)
      try await patron.resume()
      try await orphan.resume(benefactor: .custodian(.root))
      #expect(try await poll(resumed) == client)
      #expect(try await poll(adopted) == orphan)
      let next = client.suspension
      try await client.resume()
      #expect(client.suspension == next)
    }
  }
}
