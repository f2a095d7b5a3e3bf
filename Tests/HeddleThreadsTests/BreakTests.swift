import Synchronization
import Testing

@testable import HeddleThreads

@Suite("breaks", .timeLimit(.minutes(1)))
struct BreakTests {
  @Test("BR-01: a busy thread is broken at its next safe point, a waiting one at once")
  func raised() async throws {
    try await inWorld { stage in
      let bodies: [@Sendable () async throws -> Void] = [
        { while true { try await LocalThread.checkpoint() } }, { try await sync(never(Void.self)) },
      ]
      for body in bodies {
        let thread = try await LocalThread {
          do { try await body() } catch let error as BreakError { stage.log.note("\(error.kind)") }
        }
        try await thread.sendBreak(.hangUp)
        try await thread.wait()
      }
      #expect(stage.log.all == ["hangUp", "hangUp"])
    }
  }

  @Test(
    "BR-03, BR-04, BR-05, BR-06: while disabled, one break is kept, the strongest, and raised when they are enabled"
  )
  func kept() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let thread = try await LocalThread {
        do {
          try await LocalThread.withBreaks(.disabled) {
            try await go.wait()
            stage.log.note("undisturbed")
            do { try await LocalThread.withBreaks(.enabled) { stage.log.note("never") } } catch let error as BreakError
            {
              stage.log.note("\(error.kind)")
            }
          }
          try await LocalThread.checkpoint()
          stage.log.note("once")
        }
      }
      try await stage.settle()
      for kind in [BreakKind.hangUp, .terminate, .interrupt] { try await thread.sendBreak(kind) }
      try await go.post()
      try await thread.wait()
      #expect(stage.log.all == ["undisturbed", "terminate", "once"])
    }
  }

  @Test("BR-07: a break that is pending at the end of a disabled region is raised there")
  func atTheEnd() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do {
          try await LocalThread.withBreaks(.disabled) { try await LocalThread.current.sendBreak() }
          stage.log.note("missed")
        } catch is BreakError { stage.log.note("raised: \(LocalThread.areBreaksEnabled)") }
        try await LocalThread.setBreaks(.enabled)
      }
      try await thread.wait()
      #expect(stage.log.all == ["raised: true"])
    }
  }

  @Test("BR-08, TH-28: a new thread has its creator's setting, and its own from then on")
  func inherited() async throws {
    try await inWorld { stage in
      let creator = try await LocalThread {
        try await LocalThread.withBreaks(.disabled) {
          let child = try await LocalThread {
            stage.log.note("\(LocalThread.areBreaksEnabled)")
            try await LocalThread.setBreaks(.enabled)
          }
          try await child.wait()
          stage.log.note("\(LocalThread.areBreaksEnabled)")
        }
      }
      try await creator.wait()
      #expect(stage.log.all == ["false", "false"])
    }
  }

  @Test("BR-09, SR-47: a break of a suspended thread waits for the resume, and is raised before any completed wait")
  func suspended() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let thread = try await LocalThread {
        do { try await semaphore.wait() } catch is BreakError { stage.log.note("broken") }
      }
      try await stage.settle()
      try await thread.suspend()
      try await thread.sendBreak()
      #expect(!thread.isRunning)
      try await semaphore.post()
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["broken"])
      #expect(try await semaphore.tryWait())
    }
  }

  @Test("BR-14, EV-10: a wait that enables breaks lets one in, or takes its event, and of both the break")
  func whileWaiting() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore(1)
      let thread = try await LocalThread {
        try await LocalThread.withBreaks(.disabled) {
          try await LocalThread.current.sendBreak()
          do { try await sync(semaphore, enablingBreaks: true) } catch is BreakError { stage.log.note("broken") }
          try await sync(semaphore, enablingBreaks: true)
          stage.log.note("taken")
        }
      }
      try await thread.wait()
      #expect(stage.log.all == ["broken", "taken"])
    }
  }

  @Test("BR-15, TH-11: an unhandled break ends the thread like any error")
  func unhandled() async throws {
    let reports = Log()
    let world = World(clock: .manual, report: { error, _ in reports.note("\(error)") })
    try await World.$outside.withValue(world) {
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      try await thread.sendBreak(.terminate)
      try await thread.wait()
      #expect(reports.all == ["the thread was broken (terminate)"])
      try await thread.sendBreak()
    }
  }

  @Test("BR-02, SR-43: a break is sent without authority, and does nothing to a dead thread")
  func noAuthority() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do { try await sync(never(Void.self)) } catch is BreakError { stage.log.note("broken") }
      }
      try await stage.settle()
      try await Custodian.current.withValue(Custodian()) {
        try await thread.sendBreak()
        try await thread.wait()
        try await thread.sendBreak(.terminate)
      }
      #expect(thread.isDead && stage.log.all == ["broken"])
    }
  }

  @Test("BR-06: a break is an error of its own, which those that catch failures of the library let pass")
  func ownType() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do {
          do { try await sync(never(Void.self)) } catch is ThreadError { stage.log.note("failure") }
        } catch is BreakError { stage.log.note("break") }
      }
      try await stage.settle()
      try await thread.sendBreak()
      try await thread.wait()
      #expect(stage.log.all == ["break"])
    }
  }

  @Test("BR-07: a scoped setting is restored when its body returns or throws")
  func restored() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.withBreaks(.disabled) {
          try await LocalThread.withBreaks(.enabled) { stage.log.note("\(LocalThread.areBreaksEnabled)") }
          stage.log.note("\(LocalThread.areBreaksEnabled)")
        }
        try? await LocalThread.withBreaks(.disabled) { throw Mishap() }
        stage.log.note("\(LocalThread.areBreaksEnabled)")
      }
      try await thread.wait()
      #expect(stage.log.all == ["true", "false", "true"])
      try await LocalThread.setBreaks(.disabled)
      #expect(LocalThread.areBreaksEnabled)
    }
  }

  @Test("BR-09: a kill discards a pending break; the loss of a custodian and an adoption keep it")
  func pending() async throws {
    try await inWorld { stage in
      let own = try await Custodian()
      let thread = try await Custodian.current.withValue(own) {
        try await LocalThread(suspendsOnKill: true) {
          do { try await sync(never(Void.self)) } catch is BreakError { stage.log.note("broken") }
        }
      }
      let victim = try await LocalThread {
        do { try await sync(never(Void.self)) } catch is BreakError { stage.log.note("never") }
      }
      try await stage.settle()
      for suspended in [thread, victim] {
        try await suspended.suspend()
        try await suspended.sendBreak()
      }
      try await victim.kill()
      try await own.shutDown()
      try await thread.resume(benefactor: .custodian(.root))
      try await thread.wait()
      try await stage.settle()
      #expect(stage.log.all == ["broken"])
    }
  }
}
