import Synchronization
import Testing

@testable import HeddleThreads

@Suite("killing", .timeLimit(.minutes(1)))
struct KillTests {
  @Test("SR-30, SR-34: a killed thread is dead when the call returns, running or suspended")
  func immediate() async throws {
    try await inWorld { stage in
      for suspendsFirst in [false, true] {
        let thread = try await LocalThread { while true { try await LocalThread.checkpoint() } }
        if suspendsFirst { try await thread.suspend() }
        try await thread.kill()
        #expect(thread.isDead)
      }
    }
  }

  @Test("SR-01, SR-30: what stops at the very moment of the order is stopped, or dead, when the call returns")
  func atTheSameMoment() async throws {
    // Two carriers, so that the victim's turn ends while the other gives the order.
    try await inWorld(on: .pair) { _ in
      for round in 0..<3_000 {
        let thread = try await LocalThread { while true { await Task.yield() } }
        if round.isMultiple(of: 2) {
          try await thread.suspend()
          try #require(try await poll(thread.suspension) != nil, "round \(round)")
        }
        try await thread.kill()
        try #require(thread.isDead, "round \(round)")
      }
    }
  }

  @Test("SR-30: no operation of a killed thread has an effect, although its defer and catch blocks run")
  func lastWords() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let victim = try await LocalThread {
        defer { stage.log.note("deferred") }
        do { try await sync(never(Void.self)) } catch {
          stage.log.note("\(error)")
          try await semaphore.post()
        }
      }
      try await stage.settle()
      try await victim.kill()
      try await stage.settle()
      #expect(stage.log.all == ["the thread was killed", "deferred"])
      #expect(try await !semaphore.tryWait())
    }
  }

  @Test("SR-35: nothing after a thread's own kill runs but its unwinding")
  func itself() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.current.kill()
        stage.log.note("after")
      }
      try await thread.wait()
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
    }
  }

  @Test("TH-09, TH-12, TH-13, ST-21: a suspend-to-kill thread is suspended instead, once")
  func suspendsOnKill() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread(suspendsOnKill: true) {
        try await LocalThread.current.kill()
        stage.log.note("went on")
      }
      let suspension = thread.suspension
      #expect(try await sync(suspension) == thread)
      let resumption = thread.resumption
      try await thread.kill()
      #expect(thread.resumption == resumption)
      #expect(!thread.isDead)
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["went on"])
    }
  }

  @Test("SR-36: a killed waiter takes nothing, and the order of the others is kept")
  func takesNothing() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      var waiters: [LocalThread] = []
      for word in ["first", "second", "third"] {
        waiters.append(try await LocalThread { try await stage.noteAfter(semaphore, word) })
        try await stage.settle()
      }
      try await waiters[1].kill()
      try await semaphore.post()
      try await stage.settle()
      try await semaphore.post()
      try await stage.settle()
      #expect(stage.log.all == ["first", "third"])
    }
  }

  @Test("a killed thread that goes on refusing to leave is stopped for good, counted, and reported once")
  func abandoned() async throws {
    let reports = Log()
    let world = World(
      clock: .manual,
      report: { error, _ in reports.note((error as? ThreadError)?.code.rawValue ?? "?") }
    )
    try await World.$outside.withValue(world) {
      let before = LocalThread.abandoned
      let turns = Atomic<Int>(0)
      let victim = try await LocalThread {
        while true {
          _ = try? await LocalThread.receive()
          turns.add(1, ordering: .relaxed)
        }
      }
      try await sync(systemIdle)
      try await victim.kill()
      try await sync(systemIdle)
      #expect(turns.load(ordering: .relaxed) == Unwinding.turnsMax)
      #expect(LocalThread.abandoned > before)
      #expect(reports.all == ["abandoned"])
    }
  }

  @Test("the nack of a thread that is killed between its guard and its wait becomes ready")
  func killedInGuard() async throws {
    try await inWorld { stage in
      let nacks = Channel(of: AnyEvent<Void>.self)
      let parked = Mutex<CheckedContinuation<Void, Never>?>(nil)
      let victim = try await LocalThread {
        try await sync(
          nackGuarded { nack in
            try await nacks.put(nack)
            // It notices nothing before the wait that follows.
            await withCheckedContinuation { continuation in parked.withLock { $0 = continuation } }
            return never(Void.self)
          }
        )
      }
      let nack = try await nacks.get()
      try await stage.settle()
      try await victim.kill()
      parked.withLock(\.self)?.resume()
      try await sync(nack)
    }
  }

  @Test("a timed wait that is refused since its thread was killed takes nobody else's time away")
  func refusedTimedWait() async throws {
    try await inWorld { stage in
      let parked = Mutex<CheckedContinuation<Void, Never>?>(nil)
      let sleeper = try await LocalThread { try await LocalThread.sleep(for: .seconds(1)) }
      let victim = try await LocalThread {
        let late = guarded {
          await withCheckedContinuation { continuation in parked.withLock { $0 = continuation } }
          return never(Void.self)
        }
        _ = try await sync(late, timeout: .seconds(1))
      }
      try await stage.settle()
      try await victim.kill()
      // The clock moves, and this world is not told: it sees so when the dead thread's wait begins.
      stage.clock.advance(by: .seconds(2), in: World(clock: .manual))
      parked.withLock(\.self)?.resume()
      try await sleeper.wait()
    }
  }

  @Test("TH-08, TH-11: an uncaught error ends its thread alone, and is reported once")
  func uncaught() async throws {
    let reports = Log()
    let world = World(clock: .manual, report: { error, thread in reports.note("\(error is Mishap) \(thread.isDead)") })
    try await World.$outside.withValue(world) {
      let bystander = try await LocalThread { try await sync(never(Void.self)) }
      let thread = try await LocalThread(suspendsOnKill: true) { throw Mishap() }
      try await thread.wait()
      #expect(bystander.isRunning)
      #expect(reports.all == ["true false"])
      try await bystander.kill()
      try await sync(systemIdle)
      #expect(reports.all.count == 1)
    }
  }

  @Test("a kill ends a task-sleep, and a thread with child tasks as a whole")
  func foreignWaits() async throws {
    try await inWorld { stage in
      let sleeper = try await LocalThread { try await Task.sleep(for: .seconds(3_600)) }
      let family = try await LocalThread {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { try await sync(never(Void.self)) } }
          try await group.waitForAll()
        }
      }
      try await stage.settle()
      for thread in [sleeper, family] {
        try await thread.kill()
        #expect(thread.isDead)
      }
      try await stage.settle()
    }
  }

  /// A thread that holds its turn until it is let go, and then waits.
  private func holder(_ release: Latch, ended: Latch = Latch()) async throws -> LocalThread {
    let holds = Latch()
    let thread = try await LocalThread {
      holds.open()
      release.hold()
      ended.open()
      try await sync(never(Void.self))
    }
    await holds.opened()
    return thread
  }

  @Test("a kill with a limit says when the thread reaches no safe point, and stays decided")
  func within() async throws {
    try await inWorld(on: .pair) { stage in
      let release = Latch()
      let thread = try await holder(release)
      let error = await #expect(throws: ThreadError.self) { try await thread.kill(within: .zero) }
      #expect(error?.code == .noSafePoint)
      #expect(error?.description.contains("checkpoint()") == true)
      #expect(!thread.isRunning && !thread.isDead)
      release.open()
      try await thread.wait()
    }
  }

  @Test("a kill with a limit returns as soon as the thread is dead, and refuses a negative one")
  func withinTime() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      let error = await #expect(throws: ThreadError.self) { try await thread.kill(within: .seconds(-1)) }
      #expect(error?.code == .negativeDuration)
      #expect(thread.isRunning)
      try await thread.kill(within: .seconds(1))
      #expect(thread.isDead)
    }
  }

  @Test("a stop that was decided before is waited for, too: nothing of the thread executes when the call returns")
  func decidedBefore() async throws {
    try await inWorld(on: .pair) { stage in
      let stops: [@Sendable (LocalThread, Custodian) async throws -> Void] = [
        { thread, _ in try await thread.kill() }, { thread, _ in try await thread.suspend() },
        { _, custodian in try await custodian.shutDown() },
      ]
      for stop in stops {
        let (release, ended) = (Latch(), Latch())
        let custodian = try await Custodian()
        let thread = try await Custodian.current.withValue(custodian) { try await holder(release, ended: ended) }
        async let first: Void = stop(thread, custodian)
        while thread.isRunning { await Task.yield() }
        async let second: Bool = {
          try await stop(thread, custodian)
          return ended.isOpen
        }()
        release.open()
        #expect(try await second)
        try await first
        try await custodian.shutDown()
      }
    }
  }

  @Test("SR-32: killing a suspended thread releases those who wait for it; a later resume does nothing")
  func suspendedVictim() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      let waiter = try await LocalThread { try await thread.wait() }
      try await thread.suspend()
      try await thread.kill()
      try await waiter.wait()
      try await thread.resume()
      #expect(thread.isDead && !thread.isRunning)
    }
  }

  @Test("TH-11: a suspend-to-kill thread ends by returning, and by a break that it does not handle")
  func endsAnyway() async throws {
    let world = World(clock: .manual, report: { _, _ in })
    try await World.$outside.withValue(world) {
      let returning = try await LocalThread(suspendsOnKill: true) {}
      try await returning.wait()
      let broken = try await idler(suspendsOnKill: true)
      try await broken.sendBreak()
      try await broken.wait()
      #expect(returning.isDead && broken.isDead)
    }
  }

  @Test("SR-36: what a killed thread was about to put into a channel nobody gets")
  func givesNothing() async throws {
    try await inWorld { stage in
      let channel = Channel(of: String.self)
      let putter = try await LocalThread { try await channel.put("lost") }
      try await stage.settle()
      try await putter.kill()
      let receiver = try await LocalThread { stage.log.note(try await channel.get()) }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await channel.put("kept")
      try await receiver.wait()
      #expect(stage.log.all == ["kept"])
    }
  }
}
