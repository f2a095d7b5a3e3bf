import Synchronization
import Testing

@testable import HeddleThreads

@Suite("coroutines that are ended, and runs that are", .timeLimit(.minutes(1)))
struct CoroutineEndTests {
  @Test("CO-12: kill ends the thread; nothing of it has an effect then, and later runs give true, without a result")
  func killed() async throws {
    try await inWorld { stage in
      let (tick, own) = (Semaphore(), Channel(of: LocalThread.self))
      let coroutine = try await Coroutine { _ in
        try await own.put(.current)
        try await tick.post()
        do { try await sync(never(Void.self)) } catch {
          try await tick.post()
          throw error
        }
      }
      async let thread = own.get()
      #expect(try await coroutine.run(until: tick) == false)
      try await coroutine.kill()
      #expect(try await thread.isDead)
      try await stage.settle()
      #expect(try await tick.tryWait() == false)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == nil)
    }
  }

  @Test("CO-12: one that never ran can be killed")
  func killedBeforeRun() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine { _ in stage.log.note("started") }
      try await coroutine.kill()
      #expect(try await coroutine.run(until: never(Void.self)))
      try await stage.settle()
      #expect(stage.log.all == [])
    }
  }

  @Test("CO-13: kill after completion keeps the result, and killing twice is fine")
  func killedLate() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine { _ in 7 }
      #expect(try await coroutine.run(until: never(Void.self)))
      for _ in 0..<2 { try await coroutine.kill() }
      #expect(coroutine.result == 7)
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-17: when a coroutine kills itself its run goes on until its limit, and the next gives true")
  func killsItself() async throws {
    try await inWorld { stage in
      let (limit, itself) = (Semaphore(), Channel(of: Coroutine<Void>.self))
      let coroutine = try await Coroutine { _ in try await itself.get().kill() }
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: limit))") }
      try await itself.put(coroutine)
      try await stage.settle()
      #expect(stage.log.all == [])
      try await limit.post()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-18: killed by another thread during a run, the run goes on until its limit and gives false")
  func killedDuringRun() async throws {
    try await inWorld { stage in
      let limit = Semaphore()
      let coroutine = try await Coroutine { _ in try await sync(never(Void.self)) }
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: limit))") }
      try await stage.settle()
      try await coroutine.kill()
      try await stage.settle()
      #expect(stage.log.all == [])
      try await limit.post()
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-20: when the creator's custodian is shut down, runs end by their limit only, with false")
  func shutDown() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let coroutine = try await Custodian.current.withValue(custodian) { try await Coroutine { _ in 7 } }
      try await custodian.shutDown()
      for _ in 0..<2 {
        let limit = Semaphore()
        let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: limit))") }
        try await stage.settle()
        #expect(!runner.isDead)
        try await limit.post()
        try await runner.wait()
      }
      #expect(stage.log.all == ["false", "false"])
      #expect(coroutine.result == nil)
    }
  }

  @Test("CO-19: a break of the caller ends the run with that break and stops the coroutine, which can be run again")
  func callerBroken() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let coroutine = try await stage.coroutine(waitingFor: go)
      let runner = try await LocalThread {
        do { _ = try await coroutine.run(until: never(Void.self)) } catch { stage.log.note("\(error)") }
      }
      try await stage.settle()
      try await runner.sendBreak(.hangUp)
      try await runner.wait()
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["the thread was broken (hangUp)"])
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(stage.log.all.last == "went on")
    }
  }

  @Test("CO-19: so does a cancellation of the caller's task")
  func callerCancelled() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let coroutine = try await stage.coroutine(waitingFor: go)
      let task = Task { try await coroutine.run(until: never(Void.self)) }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == [])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-20: killing the caller leaves the coroutine running, and another thread can run it at once")
  func callerKilled() async throws {
    try await inWorld { stage in
      let (go, tick) = (Semaphore(), Semaphore())
      let coroutine = try await Coroutine { _ in
        try await go.wait()
        stage.log.note("went on")
        try await tick.post()
        try await sync(never(Void.self))
      }
      let runner = try await LocalThread { _ = try await coroutine.run(until: never(Void.self)) }
      try await stage.settle()
      try await runner.kill()
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["went on"])
      #expect(try await coroutine.run(until: tick) == false)
      try await coroutine.kill()
    }
  }

  @Test("CO-19: a suspended caller keeps its run, and the coroutine executes")
  func callerSuspended() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let coroutine = try await stage.coroutine(waitingFor: go)
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(until: never(Void.self)))") }
      try await stage.settle()
      try await runner.suspend()
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["went on"])
      try await runner.resume()
      try await runner.wait()
      #expect(stage.log.all == ["went on", "true"])
    }
  }

  @Test("CO-21: stopping a coroutine does not stop one that it runs")
  func nested() async throws {
    try await inWorld { stage in
      let (tick, go) = (Semaphore(), Semaphore())
      let inner = try await Coroutine { _ in
        try await tick.post()
        try await go.wait()
        stage.log.note("inner went on")
      }
      let outer = try await Coroutine { _ in try await inner.run(until: never(Void.self)) }
      #expect(try await outer.run(until: tick) == false)
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["inner went on"])
      #expect(outer.result == nil)
      #expect(try await outer.run(until: never(Void.self)))
      #expect(outer.result == true)
    }
  }

  @Test("GC-01: what a coroutine holds is freed when nobody can run it any more", arguments: [0, 1])
  func unreachable(runs: Int) async throws {
    try await inWorld { stage in
      let freed = Counter()
      try await withToken(freed) { token in
        let coroutine = try await Coroutine { _ in
          try await sync(never(Void.self))
          withExtendedLifetime(token) {}
        }
        for _ in 0..<runs {
          let runner = try await LocalThread { _ = try await coroutine.run(for: .seconds(1)) }
          try await stage.settle()
          stage.advance(by: .seconds(1))
          try await runner.wait()
        }
        try await stage.settle()
        #expect(freed.value == 0)
      }
      try await stage.settle()
      #expect(freed.value == 1)
    }
  }

  @Test("a coroutine that is being run cannot be run by another thread, nor by itself")
  func refused() async throws {
    try await inWorld { stage in
      let (itself, limit) = (Channel(of: Coroutine<ThreadError.Code?>.self), Semaphore())
      let coroutine = try await Coroutine { _ -> ThreadError.Code? in
        let coroutine = try await itself.get()
        do { _ = try await coroutine.run(for: .seconds(1)) } catch let error as ThreadError { return error.code }
        return nil
      }
      let runner = try await LocalThread { _ = try await coroutine.run(until: limit) }
      try await stage.settle()
      let error = await #expect(throws: ThreadError.self) { try await coroutine.run(until: always(())) }
      #expect(error?.code == .alreadyRunning)
      try await itself.put(coroutine)
      try await runner.wait()
      #expect(coroutine.result == .runsItself)
    }
  }

  @Test("a caller who may not suspend the coroutine's thread is refused before anything executes")
  func unauthorized() async throws {
    try await inWorld { stage in
      let beside = try await Custodian()
      let coroutine = try await Coroutine { _ in stage.log.note("started") }
      await Custodian.current.withValue(beside) {
        let error = await #expect(throws: ThreadError.self) { try await coroutine.run(until: never(Void.self)) }
        #expect(error?.code == .notAuthorized)
        let refusal = await #expect(throws: ThreadError.self) { try await coroutine.kill() }
        #expect(refusal?.code == .notAuthorized)
      }
      try await stage.settle()
      #expect(stage.log.all == [])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("callers killed and broken at any instant leave a coroutine that runs to its end, each step done once")
  func anyInstant() async throws {
    try await inWorld { stage in
      let count = Counter()
      let coroutine = try await Coroutine { suspends in
        while count.raise() < 5000 {
          if count.value.isMultiple(of: 7) { try await suspends.disable() }
          try await LocalThread.checkpoint()
          if count.value.isMultiple(of: 5) { try await suspends.enable() }
        }
        return count.value
      }
      var round = 0
      while coroutine.result == nil {
        let runner = try await LocalThread {
          do { while try await !coroutine.run(until: always(())) {} } catch is BreakError {}
        }
        for _ in 0..<round % 8 { await Task.yield() }
        if round.isMultiple(of: 2) { try await runner.kill() } else { try await runner.sendBreak() }
        try await runner.wait()
        round += 1
      }
      #expect(coroutine.result == 5000)
    }
  }
}

/// Hands a token to `body` and keeps nothing of it.
private func withToken(_ freed: Counter, _ body: (Token) async throws -> Void) async throws {
  try await body(Token(freed))
}

extension Stage {
  /// A coroutine that goes on when `semaphore` is posted.
  fileprivate func coroutine(waitingFor semaphore: Semaphore) async throws -> Coroutine<Void> {
    try await Coroutine { _ in
      try await semaphore.wait()
      log.note("went on")
    }
  }
}
