import Testing

@testable import HeddleThreads

@Suite("benefactors", .timeLimit(.minutes(1)))
struct BenefactorTests {
  @Test("SR-08: resuming a running thread does nothing")
  func running() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      let (suspension, managers) = (thread.suspension, thread.managers)
      try await thread.resume()
      #expect(thread.isRunning && thread.suspension == suspension && thread.managers == managers)
    }
  }

  @Test("SR-10, SR-28: a thread without a custodian runs only when it is adopted, any number of times")
  func adopted() async throws {
    try await inWorld { stage in
      let thread = try await idler(under: try await Custodian(), suspendsOnKill: true)
      for _ in 1...3 {
        try await thread.managers[0].shutDown()
        try await thread.resume()
        #expect(!thread.isRunning && !thread.isDead)
        let next = try await Custodian()
        try await thread.resume(benefactor: .custodian(next))
        #expect(thread.isRunning && thread.managers == [next])
      }
    }
  }

  @Test("SR-13: a custodian that is shut down counts as no benefactor, for any target")
  func shutDownBenefactor() async throws {
    try await inWorld { stage in
      let (gone, own) = (try await Custodian(), try await Custodian())
      try await gone.shutDown()
      let running = try await idler(under: own)
      let suspended = try await idler(under: own)
      try await suspended.suspend()
      let orphan = try await idler(under: try await Custodian(), suspendsOnKill: true)
      try await orphan.managers[0].shutDown()
      let dead = try await LocalThread {}
      try await dead.wait()
      for thread in [running, suspended, orphan, dead] { try await thread.resume(benefactor: .custodian(gone)) }
      #expect(running.managers == [own] && suspended.managers == [own] && suspended.isRunning)
      #expect(!orphan.isRunning && !orphan.isDead && orphan.managers.isEmpty)
      #expect(dead.isDead)
    }
  }

  @Test("SR-16: a resumption goes along the attachments, as far as threads were suspended")
  func chain() async throws {
    try await inWorld { stage in
      let (x, y, z) = (try await idler(), try await idler(), try await idler())
      try await y.resume(benefactor: .thread(x))
      try await z.resume(benefactor: .thread(y))
      for thread in [x, y, z] { try await thread.suspend() }
      try await x.resume()
      #expect(y.isRunning && z.isRunning)
      try await z.suspend()
      try await x.suspend()
      try await x.resume()
      #expect(!z.isRunning)
    }
  }

  @Test("SR-17, SR-18: what a benefactor gains later goes along the attachments, too")
  func later() async throws {
    try await inWorld { stage in
      let (first, gained) = (try await Custodian(), try await Custodian())
      let (x, y, z) = (try await idler(under: first), try await idler(under: first), try await idler(under: first))
      try await y.resume(benefactor: .thread(x))
      try await z.resume(benefactor: .thread(y))
      try await x.resume(benefactor: .custodian(gained))
      try await first.shutDown()
      #expect([x, y, z].allSatisfy { $0.isRunning && $0.managers == [gained] })
    }
  }

  @Test("SR-18: the flow stops at a thread to which the custodian adds nothing")
  func flowStops() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let (own, below) = (try await Custodian(), try await Custodian(below: above))
      let (x, y, z) = (try await idler(under: own), try await idler(under: above), try await idler(under: own))
      try await y.resume(benefactor: .thread(x))
      try await z.resume(benefactor: .thread(y))
      #expect(z.managers == [own, above])
      try await x.resume(benefactor: .custodian(below))
      #expect(x.managers == [own, below] && y.managers == [above, own] && z.managers == [own, above])
    }
  }

  @Test("SR-19, SR-20: a custodian takes the place of those below it, and is not added below one")
  func levels() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let below = try await Custodian(below: above)
      let thread = try await idler(under: below)
      try await thread.resume(benefactor: .custodian(above))
      #expect(thread.managers == [above])
      try await thread.resume(benefactor: .custodian(below))
      #expect(thread.managers == [above])
      #expect(try await below.managed().threads.isEmpty)
      try await below.shutDown()
      #expect(thread.isRunning)
    }
  }

  @Test("SR-22: an attachment is one-way")
  func oneWay() async throws {
    try await inWorld { stage in
      let (patron, client) = (try await idler(under: Custodian()), try await idler(under: Custodian()))
      let managers = patron.managers
      try await client.resume(benefactor: .thread(patron))
      try await client.resume(benefactor: .custodian(Custodian()))
      #expect(patron.managers == managers)
      try await patron.suspend()
      #expect(client.isRunning)
      try await client.suspend()
      try await client.resume()
      #expect(!patron.isRunning)
      try await patron.kill()
      #expect(client.isRunning)
    }
  }

  @Test("SR-23: resuming a benefactor that runs triggers nothing")
  func runningBenefactor() async throws {
    try await inWorld { stage in
      let (patron, client) = (try await idler(), try await idler())
      try await client.resume(benefactor: .thread(patron))
      try await client.suspend()
      try await patron.resume()
      #expect(!client.isRunning)
    }
  }

  @Test("SR-24: in a circle each thread wakes the other, and a custodian goes round once")
  func circle() async throws {
    try await inWorld { stage in
      let (x, y) = (try await idler(under: try await Custodian()), try await idler(under: try await Custodian()))
      try await x.resume(benefactor: .thread(y))
      try await y.resume(benefactor: .thread(x))
      for (first, second) in [(x, y), (y, x)] {
        try await first.suspend()
        try await second.suspend()
        try await first.resume()
        #expect(second.isRunning)
      }
      let custodian = try await Custodian()
      try await x.resume(benefactor: .custodian(custodian))
      #expect(x.managers.count == 3 && Set(x.managers) == Set(y.managers))
    }
  }

  @Test("SR-25, SR-26: a dead benefactor, the thread itself and the code outside give nothing, and the resume goes on")
  func nobody() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      let managers = thread.managers
      let dead = try await LocalThread {}
      try await dead.wait()
      for benefactor in [dead, thread, LocalThread.current] {
        try await thread.suspend()
        try await thread.resume(benefactor: .thread(benefactor))
        #expect(thread.isRunning && thread.managers == managers)
      }
      try await LocalThread.current.resume(benefactor: .thread(thread))
      #expect(LocalThread.current.isRunning)
    }
  }

  @Test("SR-27: a custodian that comes by an attachment does not resume")
  func notResumed() async throws {
    try await inWorld { stage in
      let (own, gained) = (try await Custodian(), try await Custodian())
      let (patron, client) = (try await idler(under: own), try await idler(under: own))
      try await client.resume(benefactor: .thread(patron))
      try await client.suspend()
      try await patron.resume(benefactor: .custodian(gained))
      #expect(!client.isRunning && client.managers == [own, gained])
    }
  }

  @Test("SR-29: a benefactor without custodians gives those that it is adopted by later, and both run")
  func poorBenefactor() async throws {
    try await inWorld { stage in
      let poor = try await Custodian()
      let patron = try await idler(under: poor, suspendsOnKill: true)
      let client = try await idler(under: poor, suspendsOnKill: true)
      try await poor.shutDown()
      try await client.resume(benefactor: .thread(patron))
      #expect(!client.isRunning)
      let rich = try await Custodian()
      try await patron.resume(benefactor: .custodian(rich))
      #expect(patron.isRunning && client.isRunning && client.managers == [rich])
    }
  }

  @Test("SR-44: a thread without custodians is anybody's to stop, without effect")
  func nobodys() async throws {
    try await inWorld { stage in
      let thread = try await idler(under: try await Custodian(), suspendsOnKill: true)
      try await thread.managers[0].shutDown()
      try await Custodian.current.withValue(Custodian()) {
        try await thread.suspend()
        try await thread.kill()
      }
      #expect(!thread.isRunning && !thread.isDead)
    }
  }

  @Test("SR-48: a suspended suspend-to-kill thread that loses its last custodian stays in the same suspension")
  func sameSuspension() async throws {
    try await inWorld { stage in
      let own = try await Custodian()
      let thread = try await idler(under: own, suspendsOnKill: true)
      try await thread.suspend()
      let resumption = thread.resumption
      try await own.shutDown()
      try await thread.resume()
      #expect(thread.resumption == resumption)
      #expect(try await poll(resumption) == nil)
      try await thread.resume(benefactor: .custodian(.root))
      #expect(try await poll(resumption) == thread)
    }
  }
}
