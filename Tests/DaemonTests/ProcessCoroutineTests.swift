import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  /// Coroutines over processes, and such whose bodies run them.
  @Suite("coroutines of processes")
  struct ProcessCoroutineTests {
    @Test(
      "CO-01 to CO-07: a process executes only during runs, which its end or any event ends, and goes on in the next; there is a result at its end"
    )
    func slices() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive", "receive")
        let work = try await Coroutine(over: agent.thread)
        #expect(try await !agent.thread.isRunning())
        try await agent.thread.send("one".utf8)
        let said = Promise<String?>()
        Task { said.fulfill(try? await agent.line()) }
        #expect(try await work.run(until: said) == false)
        #expect(said.value == "received one")
        #expect(try await agent.thread.status().state == .suspended)
        #expect(try HostedDaemon.standsStill(try #require(try await agent.thread.status().processID)))
        #expect(work.result == nil)
        // It takes its mail in the next run.
        try await agent.thread.send("two".utf8)
        #expect(try await agent.thread.status().mail == 1)
        for _ in 0..<2 { #expect(try await work.run(until: never(Void.self))) }
        #expect(try await agent.lastLines() == ["received two"])
        #expect(work.result != nil)
      }
    }

    @Test(
      "CO-08, CO-09, CO-16: an error of a body that runs a process comes out of the run in progress, be it the first or a later one; then there is no result"
    )
    func raises() async throws {
      try await HostedDaemon.run { supervisor in
        let main = try supervisor.custodian("/main")
        for runsBefore in [0, 2] {
          let started = Promise<RemoteThread>()
          let work = try await Coroutine { _ in
            var program = Program("/bin/sh", "-c", "read line; kill -SEGV $$", channel: .lines)
            program.custodian = main
            return try await supervisor.withNestedProcess(program) { started.fulfill($0) }
          }
          for _ in 0..<runsBefore { #expect(try await work.run(until: started) == false) }
          let goes = Task { try await sync(started).send("go".utf8) }
          await expectRefusal(.nestedThreadSignalled) { _ = try await work.run(until: never(Void.self)) }
          try await goes.value
          #expect(work.result == nil)
          #expect(try await work.run(until: never(Void.self)))
          #expect(work.result == nil)
        }
      }
    }

    @Test(
      "CO-10, CO-26: while its body disables suspends around a request, a run outlasts its limit, and stops where they are enabled, by however many calls"
    )
    func outlasts() async throws {
      try await HostedDaemon.run { supervisor in
        let (inside, go) = (Semaphore(), Semaphore())
        let thread = try await supervisor.sleeper()
        let work = try await Coroutine { suspends in
          for _ in 0..<2 { try await suspends.disable() }
          try await inside.post()
          try await go.wait()
          try await thread.kill()
          for _ in 0..<2 { try await suspends.enable() }
          return try await thread.wait().unreadMail
        }
        let run = Task { try await work.run(until: inside) }
        try await supervisor.barrier()
        #expect(try await thread.isRunning())
        try await go.post()
        #expect(try await run.value == false)
        #expect(try await thread.isDead())
        #expect(work.result == nil)
        #expect(try await work.run(until: never(Void.self)))
        #expect(work.result == 0)
      }
    }

    @Test("CO-11: a body that ends with suspends disabled, behind the limit, has its value told by the next run")
    func endsDisabled() async throws {
      try await HostedDaemon.run { supervisor in
        let (inside, go) = (Semaphore(), Semaphore())
        let thread = try await supervisor.shell("exit 4").thread
        let work = try await Coroutine { suspends in
          try await suspends.disable()
          try await inside.post()
          try await go.wait()
          return try await thread.wait().exitStatus
        }
        let run = Task { try await work.run(until: inside) }
        try await supervisor.barrier()
        try await go.post()
        #expect(try await run.value == false)
        #expect(work.result == nil)
        #expect(try await work.run(until: never(Void.self)))
        #expect(work.result == 4)
      }
    }

    @Test(
      "CO-12, CO-13: a kill ends the process, and leaves the result as it is: none, or that of a process that had ended"
    )
    func killed() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.shell("trap 'echo last words' EXIT TERM; sleep 1000").thread
        let work = try await Coroutine(over: thread)
        for _ in 0..<2 { try await work.kill() }
        #expect(try await thread.isDead())
        #expect(try await work.run(until: never(Void.self)))
        #expect(work.result == nil)
        #expect(try await thread.log() == [])
        let done = try await Coroutine(over: supervisor.shell("exit 0").thread)
        #expect(try await done.run(until: never(Void.self)))
        for _ in 0..<2 { try await done.kill() }
        #expect(done.result != nil)
      }
    }

    @Test("CO-15: a result that is false is one")
    func falseResult() async throws {
      try await HostedDaemon.run { supervisor in
        let work = try await Coroutine { _ in try await supervisor.withNestedProcess(Program("/bin/false")) == 0 }
        #expect(try await work.run(until: never(Void.self)))
        #expect(work.result == false)
      }
    }

    @Test("CO-17, CO-18: a process that is killed during a run, by itself or by another, ends that run as its death")
    func killedDuringRun() async throws {
      try await HostedDaemon.run { supervisor in
        let itself = try await Coroutine(over: supervisor.agent("kill self").thread)
        #expect(try await itself.run(until: never(Void.self)))
        #expect(try await itself.run(until: never(Void.self)))
        let thread = try await supervisor.sleeper()
        let work = try await Coroutine(over: thread)
        let resumption = try await thread.resumption()
        let killer = Task {
          try await sync(resumption)
          try await thread.kill()
        }
        #expect(try await work.run(until: never(Void.self)))
        try await killer.value
      }
    }

    @Test("CO-19: a break of the caller ends the run with that break and suspends the process, which can be run again")
    func callerBroken() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive")
        let work = try await Coroutine(over: agent.thread)
        let resumption = try await agent.thread.resumption()
        let caller = try await LocalThread {
          _ = await #expect(throws: BreakError(.terminate)) { try await work.run(until: never(Void.self)) }
        }
        try await sync(resumption)
        try await caller.sendBreak(.terminate)
        try await caller.wait()
        #expect(try await agent.thread.status().state == .suspended)
        try await agent.thread.send("go".utf8)
        #expect(try await work.run(until: never(Void.self)))
      }
    }

    @Test(
      "CO-20: when its custodian is shut down the process is dead, which a run sees; a caller that is killed leaves it running"
    )
    func shutDown() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let work = try await Coroutine(over: supervisor.sleeper(in: own))
        try await own.shutDown()
        #expect(try await work.run(until: never(Void.self)))
        let thread = try await supervisor.sleeper()
        let other = try await Coroutine(over: thread)
        let resumption = try await thread.resumption()
        let caller = try await LocalThread { _ = try await other.run(until: never(Void.self)) }
        try await sync(resumption)
        try await caller.kill()
        #expect(try await thread.isRunning())
        #expect(try await other.run(until: always(())) == false)
        #expect(try await !thread.isRunning())
      }
    }

    @Test("CO-21: to stop a coroutine does not stop a process that it is running")
    func nested() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let inner = try await Coroutine(over: thread)
        let resumption = try await thread.resumption()
        let outer = try await Coroutine { _ in try await inner.run(until: never(Void.self)) }
        #expect(try await outer.run(until: resumption) == false)
        #expect(try await thread.isRunning())
        try await outer.kill()
      }
    }

    @Test("CO-22: a busy process is stopped too, when its time is up")
    func busy() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.shell("while :; do :; done").thread
        let work = try await Coroutine(over: thread)
        for _ in 0..<2 {
          #expect(try await work.run(for: .milliseconds(2)) == false)
          #expect(try HostedDaemon.standsStill(try #require(try await thread.status().processID)))
        }
      }
    }

    @Test(
      "CO-24: a body acts for its creator's custodian, in which it makes processes; without authority over a process there is no coroutine over it"
    )
    func inherits() async throws {
      try await HostedDaemon.run { supervisor in
        let (own, stranger) = (try await supervisor.custodian(named: "own"), try await supervisor.custodian(named: "b"))
        let work = try await RemoteCustodian.current.withValue(own) {
          try await Coroutine { _ in try await supervisor.spawn(Program("/bin/sleep", "1000")) }
        }
        #expect(try await work.run(until: never(Void.self)))
        let thread = try #require(work.result)
        #expect(try await thread.status().custodians == ["/main/own"])
        await RemoteCustodian.current.withValue(stranger) {
          await expectRefusal(.permission) { _ = try await Coroutine(over: thread) }
        }
        #expect(try await thread.isRunning())
      }
    }

    @Test("CO-25: the event that ends a run is taken")
    func taken() async throws {
      try await HostedDaemon.run { supervisor in
        let semaphore = Semaphore(1)
        let work = try await Coroutine(over: supervisor.sleeper())
        #expect(try await work.run(until: semaphore) == false)
        #expect(try await semaphore.tryWait() == false)
      }
    }

    @Test("CO-27: a break of the process, while it is stopped, is raised in it in the next run")
    func brokenWhileStopped() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("say ready", "caught receive")
        #expect(try await agent.line() == "ready")
        let work = try await Coroutine(over: agent.thread)
        try await agent.thread.sendBreak()
        try await supervisor.barrier()
        #expect(try await !agent.thread.isRunning())
        #expect(try await work.run(until: never(Void.self)))
        #expect(try await agent.lastLines() == ["broken interrupt"])
      }
    }

    @Test("CO-28, CO-30: a limit that has passed gives false at once, whether or not the process has done anything")
    func noTime() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        let work = try await Coroutine(over: thread)
        #expect(try await work.run(for: .seconds(-1)) == false)
        #expect(try await work.run(until: always(())) == false)
        #expect(try await !thread.isRunning())
      }
    }

    @Test("CO-29: mail reaches the process while it is stopped, and an outside resume lets it run outside of any run")
    func reachable() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive")
        let work = try await Coroutine(over: agent.thread)
        try await agent.thread.send("mail".utf8)
        #expect(try await agent.thread.status().mail == 1)
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received mail"])
        #expect(try await work.run(until: never(Void.self)))
      }
    }
  }
}
