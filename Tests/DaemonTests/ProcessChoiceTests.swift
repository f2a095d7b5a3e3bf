import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("processes among other events")
  struct ProcessChoiceTests {
    @Test(
      "EV-01, EV-04: a sync of deaths, suspensions, resumptions and mail waits until one is ready, and gives that one's result"
    )
    func among() async throws {
      try await HostedDaemon.run { supervisor in
        let (one, other) = (try await supervisor.sleeper(named: "one"), try await supervisor.sleeper())
        let waiter = try await supervisor.agent("say ready", "wait-or-mail one", "receive", "wait-or-mail one")
        #expect(try await waiter.line() == "ready")
        try await waiter.thread.send("first".utf8)
        #expect(try await waiter.line() == "mail")
        #expect(try await waiter.line() == "received first")
        let suspension = try await other.suspension()
        let first = Task { try await sync(one.death.wrap { _ in "death" }, suspension.wrap { _ in "suspension" }) }
        try await other.suspend()
        #expect(try await first.value == "suspension")
        let resumption = try await other.resumption()
        let second = Task { try await sync(one.death.wrap { _ in "death" }, resumption.wrap { _ in "resumption" }) }
        try await one.kill()
        #expect(try await second.value == "death")
        #expect(try await waiter.lastLines() == ["dead"])
      }
    }

    @Test("EV-02: nothing is given when the time is up; no time is one look at each; a negative one is refused")
    func timeout() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        #expect(try await sync(thread, timeout: .milliseconds(1)) == nil)
        #expect(try await sync(thread, timeout: .zero) == nil)
        await #expect { try await sync(thread, timeout: .seconds(-1)) } throws: {
          ($0 as? ThreadError)?.code == .negativeDuration
        }
        try await thread.kill()
        #expect(try await sync(thread, timeout: .zero) == thread)
      }
    }

    @Test(
      "EV-05, EV-11, EV-12: beside semaphores, channels, always, never and alarms; one is taken, one post frees one, a death all"
    )
    func kinds() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let (semaphore, channel) = (Semaphore(), Channel<String>())
        #expect(try await sync(thread.wrap { _ in "dead" }, always("always")) == "always")
        #expect(try await sync(thread.wrap { _ in "dead" }, after(.milliseconds(1)).wrap { "time" }) == "time")
        async let given = sync(thread.wrap { _ in "dead" }, channel.getting)
        try await channel.put("channel")
        #expect(try await given == "channel")
        let first = Task { try await sync(thread.wrap { _ in "dead" }, semaphore.wrap { _ in "post" }) }
        try await semaphore.post()
        #expect(try await first.value == "post")
        let rest = (0..<3).map { _ in
          Task { try await sync(thread.wrap { _ in "dead" }, semaphore.wrap { _ in "post" }, never()) }
        }
        try await thread.kill()
        for waiter in rest { #expect(try await waiter.value == "dead") }
        // What was not chosen was not taken.
        try await semaphore.post()
        #expect(try await sync(choice(thread.wrap { _ in "dead" }, never())) == "dead")
        #expect(try await semaphore.tryWait())
      }
    }

    @Test("EV-06: choices, wraps and handlers take a process's events as any others")
    func combinators() async throws {
      try await HostedDaemon.run { supervisor in
        let (one, other) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        let state = choice(
          one.wrap { $0.reference },
          other.death.handle { _ in try await other.status().state.rawValue }
        )
        try await other.kill()
        #expect(try await sync(state) == "dead")
      }
    }

    @Test("EV-07, EV-08: a guard is asked once a sync, and its nack is ready when a process's event was chosen instead")
    func guards() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let nacks = Channel<AnyEvent<Void>>()
        let waiter = Task {
          try await sync(
            thread,
            nackGuarded { nack in
              try await nacks.put(nack)
              return never(RemoteThread.self)
            }
          )
        }
        let nack = try await nacks.get()
        try await supervisor.barrier()
        #expect(try await poll(nack) == nil)
        try await thread.suspend()
        #expect(try await poll(nack) == nil)
        try await thread.kill()
        #expect(try await waiter.value == thread)
        try await sync(nack)
        #expect(try await poll(nacks.getting) == nil)
      }
    }

    @Test("EV-08: a break and a kill of who waits for a process ready the nack, and its own suspension does not")
    func nackReasons() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let nacks = Channel<AnyEvent<Void>>()
        for isKilled in [false, true] {
          let waiter = try await LocalThread {
            _ = await #expect(throws: (any Error).self) {
              try await sync(
                thread,
                nackGuarded { nack in
                  try await nacks.put(nack)
                  return never(RemoteThread.self)
                }
              )
            }
          }
          let nack = try await nacks.get()
          try await waiter.suspend()
          #expect(try await poll(nack) == nil)
          try await waiter.resume()
          try await isKilled ? waiter.kill() : waiter.sendBreak()
          try await sync(nack)
        }
        #expect(try await thread.isRunning())
      }
    }

    @Test(
      "EV-13: a wait goes on across the process's suspension: it sees what is there at its resumption, and its time has gone on"
    )
    func acrossSuspension() async throws {
      try await HostedDaemon.run { supervisor in
        let (mailed, late) = (
          try await supervisor.agent("say ready", "mail-within 1000"),
          try await supervisor.agent("say ready", "mail-within 0.05")
        )
        for agent in [mailed, late] {
          #expect(try await agent.line() == "ready")
          try await agent.thread.suspend()
        }
        try await mailed.thread.send("while it stands still".utf8)
        // Past its time.
        try await sync(after(.milliseconds(60)))
        for agent in [mailed, late] { try await agent.thread.resume() }
        #expect(try await mailed.lastLines() == ["mail"])
        #expect(try await late.lastLines() == ["no mail"])
      }
    }
  }
}
