import Synchronization
import Testing

@testable import HeddleThreads

// Lines of the checklist that have no form of their own in Swift:
// - CO-14, the predicate: the type says it.
// - CO-15, a false value that looks like none: `result` is an optional, so `false` and nil differ (shown below).
// - CO-16, one value exactly: the body's type says it; what follows an exception is shown below.
// - CO-23, wrong kinds of argument: they do not compile.

@Suite("coroutines", .timeLimit(.minutes(1)))
struct CoroutineTests {
  @Test("CO-01: making one runs nothing")
  func made() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine { _ in stage.log.note("started") }
      try await stage.settle()
      #expect(stage.log.all == [])
      #expect(coroutine.result == nil)
    }
  }

  @Test(
    "CO-02, CO-03, CO-07: a run to the end gives true and the result, and so does each later one, executing nothing"
  )
  func completes() async throws {
    try await inWorld { stage in
      let caller = LocalThread.current
      let coroutine = try await Coroutine { _ in
        stage.log.note("thread of its own: \(LocalThread.current != caller)")
        return 7
      }
      #expect(coroutine.result == nil)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == 7)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(stage.log.all == ["thread of its own: true"])
    }
  }

  @Test("CO-15: false as a result is not the same as none")
  func falseResult() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine { _ in false }
      #expect(coroutine.result == nil)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == .some(false))
    }
  }

  @Test(
    "CO-04, CO-05, CO-06: a run ends when its event is ready; the coroutine stands still, and goes on in the next run"
  )
  func stopped() async throws {
    try await inWorld { stage in
      let (tick, go) = (Semaphore(), Semaphore())
      let coroutine = try await Coroutine { _ in
        try await tick.post()
        try await go.wait()
        stage.log.note("went on")
      }
      #expect(try await coroutine.run(until: tick) == false)
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == [])
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(stage.log.all == ["went on"])
    }
  }

  @Test("CO-22: a busy coroutine is stopped too")
  func busy() async throws {
    try await inWorld { stage in
      let (count, tick) = (Counter(), Semaphore())
      let coroutine = try await Coroutine { _ in
        while true {
          if count.raise() % 100 == 0 { try await tick.post() }
          try await LocalThread.checkpoint()
        }
      }
      for _ in 0..<3 {
        // A limit that is ready already would leave it no time.
        while try await tick.tryWait() {}
        let former = count.value
        #expect(try await coroutine.run(until: tick) == false)
        let frozen = count.value
        #expect(frozen > former)
        try await stage.settle()
        #expect(count.value == frozen)
      }
      try await coroutine.kill()
    }
  }

  @Test("CO-22: a duration limits a run")
  func duration() async throws {
    try await inWorld { stage in
      let coroutine = try await Coroutine { _ in try await sync(never(Void.self)) }
      let runner = try await LocalThread { stage.log.note("\(try await coroutine.run(for: .seconds(2)))") }
      try await stage.settle()
      stage.advance(by: .seconds(1))
      try await stage.settle()
      #expect(stage.log.all == [])
      stage.advance(by: .seconds(1))
      try await runner.wait()
      #expect(stage.log.all == ["false"])
      try await coroutine.kill()
    }
  }

  @Test("CO-28, CO-30: a limit that has passed already ends a run at once, perhaps before the first step")
  func noTime() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let coroutine = try await Coroutine { _ in
        try await go.wait()
        return 1
      }
      #expect(try await coroutine.run(for: .seconds(-1)) == false)
      #expect(try await coroutine.run(for: .zero) == false)
      #expect(try await coroutine.run(until: always(())) == false)
      try await go.post()
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == 1)
    }
  }

  @Test("CO-25: the event is really taken, once for each run that it ends")
  func taken() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore(3)
      let coroutine = try await Coroutine { _ in try await sync(never(Void.self)) }
      for _ in 0..<2 { #expect(try await coroutine.run(until: semaphore) == false) }
      #expect(try await semaphore.tryWait())
      #expect(try await semaphore.tryWait() == false)
      try await coroutine.kill()
    }
  }

  @Test("CO-08, CO-09, CO-16: an error comes out of the run in progress, itself; then runs give true, without a result")
  func raises() async throws {
    try await inWorld { stage in
      let (mishap, tick, go) = (Mishap(), Semaphore(), Semaphore())
      let coroutine = try await Coroutine { _ in
        for _ in 0..<2 {
          try await tick.post()
          // Wherever the run stops it, it goes on behind this in the next.
          try await go.wait()
        }
        throw mishap
      }
      for _ in 0..<2 {
        #expect(try await coroutine.run(until: tick) == false)
        try await go.post()
      }
      let error = await #expect(throws: Mishap.self) { try await coroutine.run(until: never(Void.self)) }
      #expect(error === mishap)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == nil)
    }
  }

  @Test("an error of the limit itself stops the coroutine and comes out of the run")
  func limitFails() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let coroutine = try await Coroutine { _ in
        try await go.wait()
        stage.log.note("went on")
      }
      await #expect(throws: Mishap.self) { try await coroutine.run(until: always(()).wrap { throw Mishap() }) }
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == [])
      #expect(try await coroutine.run(until: never(Void.self)))
    }
  }

  @Test("CO-24: the custodian, the parameters and the break setting are the creator's")
  func inherits() async throws {
    try await inWorld { stage in
      let (custodian, language) = (try await Custodian(), Parameter("en"))
      let creator = try await LocalThread {
        let coroutine = try await Custodian.current.withValue(custodian) {
          try await language.withValue("de") {
            try await LocalThread.withBreaks(.disabled) {
              try await Coroutine { _ in
                #expect(LocalThread.current.managers == [custodian])
                #expect(Custodian.current.value == custodian)
                return (language.value, LocalThread.areBreaksEnabled)
              }
            }
          }
        }
        #expect(try await coroutine.run(until: never(Void.self)))
        #expect(coroutine.result?.0 == "de")
        #expect(coroutine.result?.1 == false)
        stage.log.note("seen")
      }
      try await creator.wait()
      #expect(stage.log.all == ["seen"])
    }
  }

  @Test("CO-27: a break of the stopped coroutine's own thread is raised in it in the next run")
  func brokenWhileStopped() async throws {
    try await inWorld { stage in
      let (tick, own) = (Semaphore(), Channel(of: LocalThread.self))
      let coroutine = try await Coroutine { _ in
        try await own.put(.current)
        try await tick.post()
        do { try await sync(never(Void.self)) } catch let error as BreakError { return error.kind }
        throw Mishap()
      }
      async let thread = own.get()
      #expect(try await coroutine.run(until: tick) == false)
      try await thread.sendBreak(.hangUp)
      try await stage.settle()
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == .hangUp)
    }
  }

  @Test("CO-29: mail reaches a stopped coroutine, and an outside resume makes it execute outside of any run")
  func reachable() async throws {
    try await inWorld { stage in
      let (tick, own) = (Semaphore(), Channel(of: LocalThread.self))
      let coroutine = try await Coroutine { _ in
        try await own.put(.current)
        try await tick.post()
        let message = try await LocalThread.receive() as? String
        stage.log.note(message ?? "")
        return message
      }
      async let reached = own.get()
      #expect(try await coroutine.run(until: tick) == false)
      let thread = try await reached
      try await thread.send("hello")
      try await stage.settle()
      #expect(stage.log.all == [])
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["hello"])
      #expect(coroutine.result == nil)
      #expect(try await coroutine.run(until: never(Void.self)))
      #expect(coroutine.result == "hello")
    }
  }
}

/// A count that several threads raise.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .sequentiallyConsistent) }

  /// The new value.
  @discardableResult
  func raise() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
}
