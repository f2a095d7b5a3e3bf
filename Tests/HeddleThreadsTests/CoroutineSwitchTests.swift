import Testing

@testable import HeddleThreads

@Suite("coroutines that disable suspends", .timeLimit(.minutes(1)))
struct CoroutineSwitchTests {
  @Test("CO-10: while suspends are disabled a run outlasts its limit; when they are enabled it stops right there")
  func outlasts() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
        stage.log.note("leaving")
        try await suspends.enable()
        stage.log.note("after")
      }
      let runner = try await story.run(coroutine)
      #expect(stage.log.all == [])
      try await story.go.post()
      try await runner.wait()
      try await stage.settle()
      #expect(stage.log.all == ["leaving", "false"])
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(stage.log.all == ["leaving", "false", "after"])
    }
  }

  @Test("CO-10: enabled before the limit, the switch changes nothing")
  func enabledInTime() async throws {
    try await inWorld { stage in
      let tick = Semaphore()
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await suspends.enable()
        stage.log.note("after")
        try await tick.post()
        try await sync(never(Void.self))
      }
      #expect(try await coroutine.run(until: tick) == false)
      #expect(stage.log.all == ["after"])
      try await coroutine.kill()
    }
  }

  @Test("CO-26: the switch knows no depth")
  func repeated() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        for _ in 0..<2 { try await suspends.enable() }
        for _ in 0..<2 { try await suspends.disable() }
        try await story.enterAndWait()
        for _ in 0..<2 { try await suspends.enable() }
      }
      let runner = try await story.run(coroutine)
      #expect(stage.log.all == [])
      try await story.go.post()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-11: returning while disabled counts as enabling, but a limit that has passed goes first")
  func returns() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
        return 7
      }
      let runner = try await story.run(coroutine)
      try await story.go.post()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      #expect(coroutine.result == nil)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == 7)
    }
  }

  @Test("CO-11: raising while disabled counts as enabling; the error comes out of the next run")
  func raises() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
        throw Mishap()
      }
      let runner = try await story.run(coroutine)
      try await story.go.post()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      await #expect(throws: Mishap.self) { try await coroutine.run(until: never(Void.self)) }
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-10: a run that is to stop ends with the coroutine's death, however that came")
  func killedWhileAwaited() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
      }
      let runner = try await story.run(coroutine)
      try await coroutine.kill()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
    }
  }

  @Test("CO-10, CO-19: breaks and a cancellation of the caller, too, wait until suspends are enabled")
  func disturbed() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
        try await suspends.enable()
        stage.log.note("after")
      }
      let runner = try await story.run(coroutine, until: never(Void.self))
      for kind in [BreakKind.interrupt, .hangUp] {
        try await runner.sendBreak(kind)
        try await stage.settle()
        #expect(stage.log.all == [])
      }
      try await story.go.post()
      try await runner.wait()
      #expect(stage.log.all == ["the thread was broken (interrupt)", "then the thread was broken (hangUp)"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-10, CO-19: a cancelled caller waits until suspends are enabled")
  func cancelled() async throws {
    try await inWorld { stage in
      let story = Story(stage)
      let coroutine = try await Coroutine { suspends in
        try await suspends.disable()
        try await story.enterAndWait()
        try await suspends.enable()
        stage.log.note("after")
      }
      let cancel = Semaphore()
      let runner = try await LocalThread {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            await #expect(throws: CancellationError.self) { try await coroutine.run(until: never(Void.self)) }
            stage.log.note("cancelled")
          }
          try await cancel.wait()
          group.cancelAll()
        }
      }
      try await stage.settle()
      try await cancel.post()
      try await stage.settle()
      #expect(stage.log.all == [])
      try await story.go.post()
      try await runner.wait()
      #expect(stage.log.all == ["cancelled"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }
}

/// A coroutine in a critical region, and somebody who runs it.
private struct Story: Sendable {
  let entered = Semaphore()
  let go = Semaphore()
  let stage: Stage

  init(_ stage: Stage) { self.stage = stage }

  /// In the coroutine: says that the region was entered, and waits there.
  func enterAndWait() async throws {
    try await entered.post()
    try await go.wait()
  }

  /// Runs `coroutine` in a new thread that notes how the run ended. Returns when the region was entered and all is quiet.
  func run<Value>(_ coroutine: Coroutine<Value>) async throws -> LocalThread {
    let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: entered))") }
    try await stage.settle()
    return runner
  }

  /// As `run`, with another limit; the runner notes what breaks it.
  func run<Value>(_ coroutine: Coroutine<Value>, until limit: AnyEvent<Void>) async throws -> LocalThread {
    let runner = try await LocalThread {
      do { _ = try await coroutine.run(until: limit) } catch { stage.log.note("\(error)") }
      do { try await LocalThread.checkpoint() } catch { stage.log.note("then \(error)") }
    }
    try await entered.wait()
    try await stage.settle()
    return runner
  }
}
