import Testing

@testable import HeddleThreads

@Suite("nested threads", .timeLimit(.minutes(1)))
struct NestedThreadTests {
  /// Performs `body` in a thread, and gives what it gives.
  private func inThread<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let result = Channel(of: Value.self)
    _ = try await LocalThread { try await result.put(body()) }
    return try await result.get()
  }

  @Test(
    "TH-14, TH-16: the call gives what the body gives, which runs as another thread while the creator counts as running"
  )
  func value() async throws {
    try await inWorld { stage in
      let threads = try await inThread {
        let creator = LocalThread.current
        let nested = try await LocalThread.withNestedThread { (LocalThread.current, creator.isRunning) }
        return (creator, nested.0, nested.1)
      }
      #expect(threads.0 != threads.1)
      #expect(threads.1.isDead)
      #expect(threads.2)
    }
  }

  @Test("TH-15: the custodian given manages the nested thread, and the creator's is current in it")
  func custodian() async throws {
    try await inWorld { stage in
      let own = try await Custodian()
      let (managed, current) = try await inThread {
        try await LocalThread.withNestedThread(custodian: own) {
          (try await own.managed().threads == [LocalThread.current], Custodian.current.value)
        }
      }
      #expect(managed)
      #expect(current == stage.world.root)
    }
  }

  @Test("TH-17, TH-18: an error of the body is thrown in the creator, the very object")
  func error() async throws {
    try await inWorld { stage in
      let mishap = Mishap()
      let isSame = try await inThread {
        do { try await LocalThread.withNestedThread { throw mishap } } catch let error as Mishap {
          return error === mishap
        }
        return false
      }
      #expect(isSame)
    }
  }

  @Test("TH-19, TH-20: the creator is told when the nested thread is killed, or dies with its custodian")
  func killed() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let ends: [@Sendable () async throws -> Void] = [
        { try await LocalThread.current.kill() }, { try await custodian.shutDown() },
      ]
      for end in ends {
        let code = try await inThread { () -> ThreadError.Code? in
          do {
            try await LocalThread.withNestedThread(custodian: custodian) {
              try await end()
              stage.log.note("went on")
            }
          } catch let error as ThreadError { return error.code }
          return nil
        }
        #expect(code == .nestedThreadKilled)
      }
      #expect(stage.log.all.isEmpty)
    }
  }

  @Test("TH-21: when the creator is killed the nested thread gets a break and lives on")
  func creatorKilled() async throws {
    try await inWorld { stage in
      let creator = try await LocalThread {
        try await LocalThread.withNestedThread {
          do { try await sync(never(Void.self)) } catch is BreakError { stage.log.note("broken") }
          try await LocalThread.sleep()
          stage.log.note("alive")
        }
      }
      try await stage.settle()
      try await creator.kill()
      try await stage.settle()
      #expect(stage.log.all == ["broken", "alive"])
    }
  }

  @Test("TH-22, BR-12: a break of the creator goes to the nested thread; unhandled there, it comes back as its error")
  func redirected() async throws {
    try await inWorld { stage in
      let creator = try await LocalThread {
        do {
          try await LocalThread.withNestedThread {
            try await LocalThread.withNestedThread { try await sync(never(Void.self)) }
          }
        } catch let error as BreakError { stage.log.note("\(error.kind)") }
      }
      try await stage.settle()
      try await creator.sendBreak(.hangUp)
      try await creator.wait()
      #expect(stage.log.all == ["hangUp"])
    }
  }

  @Test("TH-23, TH-27, BR-13: a pending break moves into the nested thread, and what is left over out of it")
  func moves() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.setBreaks(.disabled)
        try await LocalThread.current.sendBreak()
        try await LocalThread.withNestedThread {
          do { try await LocalThread.setBreaks(.enabled) } catch is BreakError { stage.log.note("inside") }
          try await LocalThread.setBreaks(.disabled)
          try await LocalThread.current.sendBreak()
        }
        do { try await LocalThread.setBreaks(.enabled) } catch is BreakError { stage.log.note("outside") }
      }
      try await thread.wait()
      #expect(stage.log.all == ["inside", "outside"])
    }
  }

  @Test("TH-32: the result waits for the resume of a suspended creator")
  func suspended() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let creator = try await LocalThread {
        stage.log.note(
          try await LocalThread.withNestedThread {
            try await stage.noteAfter(go, "inside"); return "outside"
          }
        )
      }
      try await stage.settle()
      try await creator.suspend()
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["inside"])
      try await creator.resume()
      try await creator.wait()
      #expect(stage.log.all == ["inside", "outside"])
    }
  }

  @Test("TH-25: when a thread between dies, the outer call waits for the innermost, and its value is lost")
  func between() async throws {
    try await inWorld { stage in
      let (go, middle) = (Semaphore(), Channel(of: LocalThread.self))
      let outer = try await LocalThread {
        do {
          try await LocalThread.withNestedThread {
            try await middle.put(LocalThread.current)
            try await LocalThread.withNestedThread {
              try await LocalThread.withBreaks(.disabled) { try await stage.noteAfter(go, "innermost") }
            }
          }
        } catch let error as ThreadError { stage.log.note("\(error.code)") } catch is BreakError {
          stage.log.note("broken")
        }
      }
      let victim = try await middle.get()
      try await stage.settle()
      try await victim.kill()
      try await stage.settle()
      #expect(outer.isRunning && stage.log.all.isEmpty)
      try await go.post()
      try await outer.wait()
      #expect(stage.log.all == ["innermost", "nestedThreadKilled"])
    }
  }

  @Test("TH-29: of an error and a break that is left over, the error comes first, and the break stays pending")
  func errorFirst() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do {
          try await LocalThread.withNestedThread {
            try await LocalThread.setBreaks(.disabled)
            try await LocalThread.current.sendBreak()
            throw Mishap()
          }
        } catch is Mishap { stage.log.note("error") }
        do { try await LocalThread.checkpoint() } catch is BreakError { stage.log.note("break") }
      }
      try await thread.wait()
      #expect(stage.log.all == ["error", "break"])
    }
  }

  @Test("TH-32: a creator whose nested thread is suspended stays blocked, and counts as running")
  func nestedSuspended() async throws {
    try await inWorld { stage in
      let inside = Channel(of: LocalThread.self)
      let creator = try await LocalThread {
        try await LocalThread.withNestedThread {
          try await inside.put(LocalThread.current)
          stage.log.note("inside")
          try await LocalThread.current.suspend()
        }
        stage.log.note("outside")
      }
      let nested = try await inside.get()
      try await sync(nested.suspension)
      try await stage.settle()
      #expect(creator.isRunning && !nested.isRunning)
      try await nested.resume()
      try await creator.wait()
      #expect(stage.log.all == ["inside", "outside"])
    }
  }

  @Test("outside of any thread the call gives value and error as well, and a kill of what it runs")
  func outside() async throws {
    try await inWorld { stage in
      let value = try await LocalThread.withNestedThread { 7 }
      #expect(value == 7)
      await #expect(throws: Mishap.self) { try await LocalThread.withNestedThread { throw Mishap() } }
      let error = await #expect(throws: ThreadError.self) {
        try await LocalThread.withNestedThread { try await LocalThread.current.kill() }
      }
      #expect(error?.code == .nestedThreadKilled)
    }
  }

  @Test("a thread has one nested thread at a time")
  func oneAtATime() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let thread = try await LocalThread {
        async let first: Void = LocalThread.withNestedThread { try await go.wait() }
        try await sync(systemIdle)
        let error = await #expect(throws: ThreadError.self) { try await LocalThread.withNestedThread {} }
        stage.log.note(error?.code.rawValue ?? "none")
        try await go.post()
        try await first
      }
      try await thread.wait()
      #expect(stage.log.all == ["alreadyNesting"])
    }
  }

  @Test("TH-21: when one custodian manages both, its shutdown ends both")
  func bothManaged() async throws {
    try await inWorld { stage in
      let (custodian, inside) = (try await Custodian(), Channel(of: LocalThread.self))
      let creator = try await Custodian.current.withValue(custodian) {
        try await LocalThread {
          try await LocalThread.withNestedThread {
            try await inside.put(LocalThread.current)
            try await sync(never(Void.self))
          }
        }
      }
      let nested = try await inside.get()
      try await custodian.shutDown()
      #expect(creator.isDead && nested.isDead)
    }
  }
}
