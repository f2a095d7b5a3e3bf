import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("the state events of processes")
  struct ProcessEventTests {
    @Test(
      "ST-01, ST-02, ST-03: to wait for a thread ends with its death, at once for a dead one, and not with its suspension"
    )
    func waits() async throws {
      try await HostedDaemon.run { supervisor in
        for suspendsOnKill in [false, true] {
          let thread = try await supervisor.sleeper(suspendsOnKill: suspendsOnKill)
          let waiter = Task {
            let death = try await thread.wait()
            return try await thread.isDead() ? death : nil
          }
          try await suspendsOnKill ? thread.kill() : thread.suspend()
          try await supervisor.barrier()
          try await thread.kill(really: true)
          #expect(try await waiter.value == thread.wait())
        }
      }
    }

    @Test(
      "ST-04, BR-16: a process that waits for itself waits until a break ends that, and does not if it keeps breaks out"
    )
    func itself() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "say ready",
          "caught wait self",
          "caught breaks-off say again then wait-or-mail self"
        )
        #expect(try await agent.line() == "ready")
        try await agent.thread.sendBreak()
        #expect(try await agent.line() == "broken interrupt")
        #expect(try await agent.line() == "again")
        try await agent.thread.sendBreak()
        try await supervisor.barrier()
        try await agent.thread.send("enough".utf8)
        #expect(try await agent.lastLines() == ["mail", "broken interrupt"])
      }
    }

    @Test(
      "ST-05, ST-06, ST-07, ST-08: a thread is an event, and so is its death, always the same: ready when it is dead"
    )
    func death() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let death = thread.death
        for _ in 0..<2 {
          #expect(try await poll(thread) == nil)
          #expect(try await poll(death) == nil)
          try await thread.suspend()
        }
        try await thread.kill()
        #expect(try await poll(thread) == thread)
        #expect(try await poll(death) == death)
        #expect(thread.death == death)
      }
    }

    @Test(
      "ST-09, ST-10, ST-11, ST-12: a resumption is ready for one that runs, comes for a suspended one, stays, and is fresh after each suspension"
    )
    func resumption() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        #expect(try await sync(thread.resumption()) == thread)
        try await thread.suspend()
        let first = try await thread.resumption()
        #expect(try await thread.resumption() == first)
        #expect(try await poll(first) == nil)
        try await thread.resume()
        #expect(try await sync(first) == thread)
        try await thread.suspend()
        #expect(try await poll(first) == thread)
        let second = try await thread.resumption()
        #expect(second != first)
        #expect(try await poll(second) == nil)
        try await thread.kill()
        #expect(try await poll(first) == thread)
      }
    }

    @Test("ST-16, ST-17, ST-18: a suspension comes for one that runs, stays, and is fresh after each resumption")
    func suspension() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let first = try await thread.suspension()
        #expect(try await thread.suspension() == first)
        #expect(try await poll(first) == nil)
        try await thread.suspend()
        #expect(try await sync(first) == thread)
        try await thread.resume()
        #expect(try await poll(first) == thread)
        let second = try await thread.suspension()
        #expect(second != first)
        #expect(try await poll(second) == nil)
        try await thread.kill()
        #expect(try await poll(first) == thread)
      }
    }

    @Test("ST-13, ST-19: both are the same until the next change, and a suspended thread's suspension is ready")
    func same() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let (suspension, resumption) = (try await thread.suspension(), try await thread.resumption())
        #expect(try await thread.resumption() == resumption)
        try await thread.suspend()
        #expect(try await thread.suspension() == suspension)
        #expect(try await poll(thread.suspension()) == thread)
        #expect(try await thread.resumption() != resumption)
      }
    }

    @Test("ST-14, ST-15, ST-20: neither ever comes for a dead thread, also if somebody waited for it before the kill")
    func never() async throws {
      try await HostedDaemon.run { supervisor in
        let (running, suspended) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        let suspension = try await running.suspension()
        try await suspended.suspend()
        let resumption = try await suspended.resumption()
        for thread in [running, suspended] { try await thread.kill() }
        #expect(try await poll(suspension, resumption) == nil)
        #expect(try await poll(running.suspension(), running.resumption()) == nil)
        #expect(try await poll(suspended.suspension(), suspended.resumption()) == nil)
      }
    }

    @Test("ST-22, EV-12: a change releases everybody who waits for it, on whatever connection")
    func everybody() async throws {
      let daemon = try await HostedDaemon()
      let thread = try await daemon.client.sleeper()
      let other = try await Supervisor.connect(to: daemon.socketPath)
      let there = try other.thread(referredToBy: thread.reference)
      let waiters = try await [
        thread.suspension(), thread.suspension(), there.suspension(),
      ].map { suspension in Task { try await sync(suspension) } }
      try await thread.suspend()
      for waiter in waiters { #expect(try await waiter.value == thread) }
      await other.close()
      _ = try await daemon.end()
    }

    @Test("ST-23: a process may use its own events: suspended and resumed, it sees that it was")
    func own() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive", "suspend-and-look self")
        let suspension = try await agent.thread.suspension()
        try await agent.thread.send("go".utf8)
        try await sync(suspension)
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received go", "suspended before"])
      }
    }

    @Test("ST-24: events come as well by a benefactor, and a resumption without effect is none")
    func indirect() async throws {
      try await HostedDaemon.run { supervisor in
        let (giver, taker) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        try await taker.resume(benefactor: .thread(giver))
        for thread in [giver, taker] { try await thread.suspend() }
        let resumption = try await taker.resumption()
        try await giver.resume()
        #expect(try await sync(resumption) == taker)
        try await giver.resume()
        #expect(try await taker.resumption() == resumption)
      }
    }
  }
}
