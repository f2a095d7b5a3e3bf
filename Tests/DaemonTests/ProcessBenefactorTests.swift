import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("benefactors of processes")
  struct ProcessBenefactorTests {
    @Test("SR-08, SR-23, SR-26: resuming who runs changes nothing, for itself, by itself, or for those attached to it")
    func running() async throws {
      try await HostedDaemon.run { supervisor in
        let (thread, dependent) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        try await dependent.resume(benefactor: .thread(thread))
        try await dependent.suspend()
        let (suspension, resumption) = (try await thread.suspension(), try await thread.resumption())
        try await thread.resume()
        try await thread.resume(benefactor: .thread(thread))
        #expect(try await thread.suspension() == suspension)
        #expect(try await thread.resumption() == resumption)
        #expect(try await thread.status().custodians == ["/main"])
        #expect(try await !dependent.isRunning())
      }
    }

    @Test(
      "SR-12, SR-21, CU-07, CU-08: a custodian is added to a running thread, which lives until the last one goes, in any order"
    )
    func severalManagers() async throws {
      try await HostedDaemon.run { supervisor in
        for order in [["a", "b", "c"], ["c", "a", "b"]] {
          let threads = try await supervisor.sleeper(in: supervisor.custodian(named: "a"))
          for name in ["b", "c"] {
            try await threads.resume(benefactor: .custodian(supervisor.custodian(named: name)))
          }
          #expect(try await threads.status().custodians == ["/main/a", "/main/b", "/main/c"])
          for name in order {
            #expect(try await threads.isRunning())
            try await supervisor.custodian("/main/\(name)").shutDown()
          }
          #expect(try await threads.isDead())
        }
      }
    }

    @Test("CU-08: one shutdown above several managers takes them all at once")
    func allAtOnce() async throws {
      try await HostedDaemon.run { supervisor in
        let job = try await supervisor.custodian(named: "job")
        let thread = try await supervisor.sleeper(in: job.makeCustodian(named: "a"))
        try await thread.resume(benefactor: .custodian(job.makeCustodian(named: "b")))
        #expect(try await job.shutDown().threads == 1)
        #expect(try await thread.isDead())
      }
    }

    @Test(
      "SR-13: a custodian that is shut down counts as none: it is not added, and what else the resume does, it does"
    )
    func shutDownBenefactor() async throws {
      try await HostedDaemon.run { supervisor in
        let gone = try await supervisor.custodian(named: "gone")
        try await gone.shutDown()
        let (running, suspended) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        try await suspended.suspend()
        let own = try await supervisor.custodian(named: "own")
        let alone = try await supervisor.sleeper(in: own, suspendsOnKill: true)
        try await own.shutDown()
        let dead = try await supervisor.sleeper()
        try await dead.kill()
        for thread in [running, suspended, alone, dead] { try await thread.resume(benefactor: .custodian(gone)) }
        #expect(try await running.status().custodians == ["/main"])
        #expect(try await suspended.isRunning())
        #expect(try await alone.status().state == .suspended)
        #expect(try await dead.isDead())
      }
    }

    @Test("SR-14, SR-15: a thread gives all its custodians now, and each of its resumptions from now on")
    func benefactor() async throws {
      try await HostedDaemon.run { supervisor in
        let (a, b) = (try await supervisor.custodian(named: "a"), try await supervisor.custodian(named: "b"))
        let (giver, taker) = (try await supervisor.sleeper(in: a), try await supervisor.sleeper(in: b))
        // Twice is once.
        for _ in 0..<2 { try await taker.resume(benefactor: .thread(giver)) }
        #expect(try await taker.status().custodians == ["/main/b", "/main/a"])
        for _ in 0..<2 {
          for thread in [giver, taker] { try await thread.suspend() }
          let resumption = try await taker.resumption()
          try await giver.resume()
          #expect(try await sync(resumption) == taker)
        }
        try await b.shutDown()
        #expect(try await taker.isRunning())
        try await a.shutDown()
        #expect(try await taker.isDead())
      }
    }

    @Test("SR-15, SR-16: resumptions go along attachments, from many to many, and stop at a thread that runs already")
    func chain() async throws {
      try await HostedDaemon.run { supervisor in
        let threads = [try await supervisor.sleeper(), try await supervisor.sleeper(), try await supervisor.sleeper()]
        let (x, y, z) = (threads[0], threads[1], threads[2])
        try await y.resume(benefactor: .thread(x))
        try await z.resume(benefactor: .thread(y))
        for thread in threads { try await thread.suspend() }
        try await x.resume()
        for thread in threads { #expect(try await thread.isRunning()) }
        for thread in [x, z] { try await thread.suspend() }
        try await x.resume()
        #expect(try await !z.isRunning())
        // A second benefactor, and a second dependent of the first one.
        try await z.resume(benefactor: .thread(x))
        for thread in threads { try await thread.suspend() }
        try await x.resume()
        for thread in [y, z] { #expect(try await thread.isRunning()) }
      }
    }

    @Test("SR-17, SR-18, SR-27: custodians gained later flow on, as far as they add something, and resume nobody")
    func later() async throws {
      try await HostedDaemon.run { supervisor in
        let names = ["a", "b", "c", "d"]
        for name in names { _ = try await supervisor.custodian(named: name) }
        let x = try await supervisor.sleeper(in: supervisor.custodian("/main/a"))
        let y = try await supervisor.sleeper(in: supervisor.custodian("/main/b"))
        let z = try await supervisor.sleeper(in: supervisor.custodian("/main/c"))
        // It has what is above all of them, so nothing is added to it, or through it.
        let rich = try await supervisor.sleeper()
        let behind = try await supervisor.sleeper(in: supervisor.custodian("/main/c"))
        try await y.resume(benefactor: .thread(x))
        try await z.resume(benefactor: .thread(y))
        try await rich.resume(benefactor: .thread(x))
        try await behind.resume(benefactor: .thread(rich))
        #expect(try await behind.status().custodians == ["/main"])
        try await z.suspend()
        try await x.resume(benefactor: .custodian(supervisor.custodian("/main/d")))
        for thread in [x, y, z] { #expect(try await thread.status().custodians.contains("/main/d")) }
        #expect(try await rich.status().custodians == ["/main"])
        #expect(try await !z.isRunning())
        for name in ["a", "b", "c"] { try await supervisor.custodian("/main/\(name)").shutDown() }
        for thread in [x, y, z] { #expect(try await !thread.isDead()) }
      }
    }

    @Test("SR-19, SR-20, CU-16: a custodian above takes the place of those below it, and one below is not added")
    func levels() async throws {
      try await HostedDaemon.run { supervisor in
        let upper = try await supervisor.custodian(named: "upper")
        let lower = try await upper.makeCustodian(named: "lower")
        let thread = try await supervisor.sleeper(in: lower)
        #expect(try await lower.members().threads == [thread])
        try await thread.resume(benefactor: .custodian(upper))
        try await thread.resume(benefactor: .custodian(lower))
        #expect(try await thread.status().custodians == ["/main/upper"])
        #expect(try await lower.members().threads == [])
        #expect(try await upper.members().threads == [thread])
        try await lower.shutDown()
        #expect(try await upper.members().custodians == [])
        try await RemoteCustodian.current.withValue(upper) { try await thread.suspend() }
        try await thread.kill()
        #expect(try await upper.members().threads == [])
      }
    }

    @Test("SR-22: attachment is one-way: what befalls a benefactor ends and stops nobody else, and nothing flows back")
    func oneWay() async throws {
      try await HostedDaemon.run { supervisor in
        let (a, b) = (try await supervisor.custodian(named: "a"), try await supervisor.custodian(named: "b"))
        let (giver, taker) = (try await supervisor.sleeper(in: a), try await supervisor.sleeper(in: b))
        try await taker.resume(benefactor: .thread(giver))
        try await giver.suspend()
        #expect(try await taker.isRunning())
        try await taker.suspend()
        try await taker.resume(benefactor: .custodian(supervisor.custodian("/main")))
        #expect(try await !giver.isRunning())
        #expect(try await giver.status().custodians == ["/main/a"])
        try await a.shutDown()
        #expect(try await giver.isDead())
        #expect(try await taker.isRunning())
      }
    }

    @Test("SR-24: a circle of attachments is harmless: each end wakes the other, and custodians reach both")
    func circle() async throws {
      try await HostedDaemon.run { supervisor in
        let (a, b) = (try await supervisor.custodian(named: "a"), try await supervisor.custodian(named: "b"))
        let (x, y) = (try await supervisor.sleeper(in: a), try await supervisor.sleeper(in: b))
        try await x.resume(benefactor: .thread(y))
        try await y.resume(benefactor: .thread(x))
        for one in [x, y] {
          for thread in [x, y] { try await thread.suspend() }
          try await one.resume()
          for thread in [x, y] { #expect(try await thread.isRunning()) }
        }
        try await x.resume(benefactor: .custodian(supervisor.custodian(named: "c")))
        #expect(try await y.status().custodians.contains("/main/c"))
      }
    }

    @Test("SR-29: a benefactor without custodians gives none now; when it is adopted, both are and both run")
    func poorBenefactor() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let giver = try await supervisor.sleeper(in: own, suspendsOnKill: true)
        let taker = try await supervisor.sleeper(in: own, suspendsOnKill: true)
        try await own.shutDown()
        try await taker.resume(benefactor: .thread(giver))
        #expect(try await taker.status().state == .suspended)
        let resumption = try await taker.resumption()
        try await giver.resume(benefactor: .custodian(supervisor.custodian("/main")))
        // A resumption through a benefactor is an event as any.
        #expect(try await sync(resumption) == taker)
        #expect(try await giver.isRunning())
        #expect(try await taker.status().custodians == ["/main"])
      }
    }
  }
}
