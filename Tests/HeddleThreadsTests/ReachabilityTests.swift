import Testing

@testable import HeddleThreads

@Suite("reachability", .timeLimit(.minutes(1)))
struct ReachabilityTests {
  /// What a thread captures, to see whether it is freed.
  private final class Possession: Sendable {}

  private struct Trace: Sendable {
    weak var possession: Possession?
    var isFreed: Bool { possession == nil }
  }

  /// Makes a thread that owns something and does `body`.
  private func owner(
    suspendsOnKill: Bool = false,
    _ body: @escaping @Sendable () async throws -> Void = { try await sync(never(Void.self)) }
  ) async throws -> (LocalThread, Trace) {
    let possession = Possession()
    let thread = try await LocalThread(suspendsOnKill: suspendsOnKill) {
      defer { withExtendedLifetime(possession) {} }
      try await body()
    }
    return (thread, Trace(possession: possession))
  }

  /// As `owner`, and suspends it.
  private func suspended() async throws -> (LocalThread, Trace) {
    let (thread, trace) = try await owner()
    try await thread.suspend()
    return (thread, trace)
  }

  @Test("GC-01: a suspended thread that nobody holds is unwound and freed")
  func givenUp() async throws {
    try await inWorld { stage in
      let trace = try await suspended().1
      try await stage.settle()
      #expect(trace.isFreed)
    }
  }

  @Test("GC-01: so is one that was let go of before it was suspended, by its custodian's shutdown")
  func suspendedUnheld() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let trace = try await Custodian.current.withValue(custodian) { try await owner(suspendsOnKill: true).1 }
      try await stage.settle()
      #expect(!trace.isFreed)
      try await custodian.shutDown()
      try await stage.settle()
      #expect(trace.isFreed)
    }
  }

  @Test("GC-01, GC-02: its death event does not keep it, and never fires")
  func deathEvent() async throws {
    try await inWorld { stage in
      let (death, trace) = try await { () async throws -> (DeathEvent, Trace) in
        let (thread, trace) = try await suspended()
        return (thread.death, trace)
      }()
      try await stage.settle()
      #expect(trace.isFreed)
      #expect(try await poll(death) == nil)
    }
  }

  @Test("GC-03: a blocked thread is kept, and so is what it waits for")
  func blocked() async throws {
    try await inWorld { stage in
      let start = Semaphore()
      _ = try await LocalThread {
        try await start.wait()
        stage.log.note("went on")
      }
      try await stage.settle()
      try await start.post()
      try await stage.settle()
      #expect(stage.log.all == ["went on"])
    }
  }

  @Test("GC-04: the resumption that a suspended thread waits for does not keep it")
  func pendingResumption() async throws {
    try await inWorld { stage in
      let (resumption, trace) = try await { () async throws -> (ResumptionEvent, Trace) in
        let (thread, trace) = try await suspended()
        return (thread.resumption, trace)
      }()
      try await stage.settle()
      #expect(trace.isFreed)
      #expect(try await poll(resumption) == nil)
    }
  }

  @Test("GC-04: a suspension that has happened keeps the thread that it gives")
  func firedSuspension() async throws {
    try await inWorld { stage in
      let trace = try await { () async throws -> Trace in
        let (suspension, trace) = try await { () async throws -> (SuspensionEvent, Trace) in
          let (thread, trace) = try await suspended()
          return (thread.suspension, trace)
        }()
        try await stage.settle()
        #expect(!trace.isFreed)
        let thread = try await sync(suspension)
        try await thread.resume()
        #expect(thread.isRunning)
        try await thread.suspend()
        return trace
      }()
      try await stage.settle()
      #expect(trace.isFreed)
    }
  }

  @Test("GC-05: a custodian does not keep it, nor show it")
  func custodian() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let trace = try await Custodian.current.withValue(custodian) { try await suspended().1 }
      try await stage.settle()
      #expect(trace.isFreed)
      #expect(try await custodian.managed().threads.isEmpty)
    }
  }

  @Test("GC-05: a benefactor keeps a suspended dependent for as long as it lives")
  func benefactor() async throws {
    try await inWorld { stage in
      let friend = try await LocalThread { try await sync(never(Void.self)) }
      let trace = try await { () async throws -> Trace in
        let (thread, trace) = try await suspended()
        try await thread.resume(benefactor: .thread(friend))
        try await thread.suspend()
        return trace
      }()
      try await stage.settle()
      #expect(!trace.isFreed)
      try await friend.kill()
      try await stage.settle()
      #expect(trace.isFreed)
    }
  }

  @Test("GC-01: what it waited for is withdrawn, so its nacks fire")
  func nack() async throws {
    try await inWorld { stage in
      try await {
        let (thread, _) = try await owner {
          let event = nackGuarded { nack in
            _ = try await LocalThread {
              try await sync(nack)
              stage.log.note("not chosen")
            }
            return never(Void.self)
          }
          try await sync(event)
        }
        try await stage.settle()
        try await thread.suspend()
        #expect(stage.log.all.isEmpty)
      }()
      try await stage.settle()
      #expect(stage.log.all == ["not chosen"])
    }
  }
}
