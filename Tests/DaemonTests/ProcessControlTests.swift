import Foundation
import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("suspending, resuming and killing processes")
  struct ProcessControlTests {
    @Test(
      "SR-01, SR-03, SR-40: a thread that waits is running; suspended, once or twice, it is not, and one resume suffices"
    )
    func suspended() async throws {
      try await HostedDaemon.run { supervisor in
        let waiting = try await supervisor.agent("say ready", "receive")
        #expect(try await waiting.line() == "ready")
        let busy = try await supervisor.shell("echo ready; while :; do :; done")
        #expect(try await busy.line() == "ready")
        for thread in [waiting.thread, busy.thread] {
          #expect(try await thread.isRunning())
          try await thread.suspend()
          #expect(try await thread.status().state == .suspended)
          #expect(try await !thread.isRunning())
          #expect(try await !thread.isDead())
          try await thread.suspend()
          try await thread.resume()
          #expect(try await thread.isRunning())
        }
      }
    }

    @Test("SR-04: a suspended thread executes nothing, busy or not, and what it waits for is left where it is")
    func standsStill() async throws {
      try await HostedDaemon.run { supervisor in
        let busy = try await supervisor.shell("while :; do echo tick; done")
        _ = try await busy.line()
        try await busy.thread.suspend()
        let pid = try #require(try await busy.thread.status().processID)
        #expect(try HostedDaemon.standsStill(pid))
        let waiting = try await supervisor.agent("say ready", "receive")
        #expect(try await waiting.line() == "ready")
        try await waiting.thread.suspend()
        try await waiting.thread.send("for later".utf8)
        // What others do takes time, in which it would have gone on.
        for _ in 0..<3 { #expect(try await supervisor.shell("exit 0").thread.wait().exitStatus == 0) }
        #expect(try HostedDaemon.standsStill(pid))
        #expect(try await waiting.thread.status().mail == 1)
        try await waiting.thread.resume()
        #expect(try await waiting.line() == "received for later")
      }
    }

    @Test("SR-02, SR-09, SR-25, SR-31, SR-42, BR-02: nothing that is done to a dead thread has an effect, or a result")
    func dead() async throws {
      try await HostedDaemon.run { supervisor in
        let (thread, other) = (try await supervisor.sleeper(), try await supervisor.sleeper())
        try await thread.kill()
        let death = try await thread.wait()
        let nothing: Void = try await thread.suspend()
        #expect(nothing == ())
        for benefactor in [nil, .thread(other), .custodian(try supervisor.custodian("/main"))]
          as [RemoteThread.Benefactor?]
        {
          try await thread.resume(benefactor: benefactor)
        }
        try await thread.kill()
        try await thread.sendBreak()
        #expect(try await thread.status().state == .dead)
        #expect(try await thread.wait() == death)
        // As a benefactor it gives nothing, and that is no error.
        try await other.suspend()
        try await other.resume(benefactor: .thread(thread))
        #expect(try await other.isRunning())
        #expect(try await other.status().custodians == ["/main"])
      }
    }

    @Test(
      "SR-05, SR-06, SR-43, CU-10, CU-11: to suspend and to kill takes a current custodian at or above all managers, the rest takes none"
    )
    func authority() async throws {
      try await HostedDaemon.run { supervisor in
        let (a, b) = (try await supervisor.custodian(named: "a"), try await supervisor.custodian(named: "b"))
        let below = try await a.makeCustodian(named: "below")
        let thread = try await supervisor.agent("say ready", "caught sleep", "receive", in: a)
        #expect(try await thread.line() == "ready")
        for stranger in [b, below] {
          try await RemoteCustodian.current.withValue(stranger) {
            await expectRefusal(.permission) { try await thread.thread.suspend() }
            await expectRefusal(.permission) { try await thread.thread.kill() }
            try await thread.thread.resume()
          }
        }
        try await RemoteCustodian.current.withValue(b) {
          try await thread.thread.sendBreak()
          try await thread.thread.send("mail".utf8)
        }
        #expect(try await thread.lastLines() == ["broken interrupt", "received mail"])
        let other = try await supervisor.sleeper(in: a)
        try await RemoteCustodian.current.withValue(a) { try await other.suspend() }
        try await RemoteCustodian.current.withValue(try supervisor.custodian("/main")) { try await other.kill() }
        #expect(try await other.isDead())
      }
    }

    @Test("SR-05: with two managers beside each other neither of them may act, and one above both may")
    func soleManagement() async throws {
      try await HostedDaemon.run { supervisor in
        let (a, b) = (try await supervisor.custodian(named: "a"), try await supervisor.custodian(named: "b"))
        let thread = try await supervisor.sleeper(in: a)
        try await thread.resume(benefactor: .custodian(b))
        for one in [a, b] {
          await RemoteCustodian.current.withValue(one) {
            await expectRefusal(.permission) { try await thread.suspend() }
            await expectRefusal(.permission) { try await thread.kill() }
          }
        }
        #expect(try await thread.isRunning())
        try await RemoteCustodian.current.withValue(try supervisor.custodian("/main")) { try await thread.suspend() }
        #expect(try await !thread.isRunning())
      }
    }

    @Test("SR-07, SR-45: a process suspends itself, and the call returns when another has resumed it")
    func itself() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive", "suspend self", "say after")
        let suspension = try await agent.thread.suspension()
        try await agent.thread.send("go".utf8)
        try await sync(suspension)
        #expect(try await agent.line() == "received go")
        try await agent.thread.resume()
        #expect(try await agent.line() == "after")
      }
    }

    @Test(
      "SR-30, SR-34, SR-32: a kill runs nothing more of its victim, running or suspended, and releases those who wait for it"
    )
    func killed() async throws {
      try await HostedDaemon.run { supervisor in
        for isSuspended in [false, true] {
          let victim = try await supervisor.shell(
            "trap 'echo last words' EXIT INT TERM HUP; echo ready; sleep 1000 & wait"
          )
          #expect(try await victim.line() == "ready")
          if isSuspended { try await victim.thread.suspend() }
          let waiter = Task { try await victim.thread.wait() }
          try await victim.thread.kill()
          #expect(try await victim.thread.isDead())
          try await victim.thread.resume()
          #expect(try await victim.thread.isDead())
          guard case .killed = try await waiter.value.cause else { return #expect(Bool(false), "\(waiter)") }
          #expect(try await victim.lastLines() == [])
        }
      }
    }

    @Test("SR-35: a process kills itself, and nothing behind the call runs")
    func killsItself() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("say before", "kill self", "say after")
        #expect(try await agent.lastLines() == ["before"])
        guard case .killed = try await agent.thread.wait().cause else { return #expect(Bool(false)) }
      }
    }

    @Test("SR-44: a thread without custodians is anybody's to suspend and to kill, without effect")
    func nobodys() async throws {
      try await HostedDaemon.run { supervisor in
        let (own, stranger) = (try await supervisor.custodian(named: "own"), try await supervisor.custodian(named: "b"))
        let survivor = try await supervisor.sleeper(in: own, suspendsOnKill: true)
        let victim = try await supervisor.sleeper(in: own)
        try await own.shutDown()
        let resumption = try await survivor.resumption()
        for thread in [survivor, victim] {
          try await RemoteCustodian.current.withValue(stranger) {
            try await thread.suspend()
            try await thread.kill()
          }
        }
        #expect(try await survivor.status().state == .suspended)
        #expect(try await survivor.resumption() == resumption)
      }
    }

    @Test("SR-48: a suspended thread whose last custodian goes stays in the same suspension, and needs another one now")
    func sameSuspension() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let thread = try await supervisor.sleeper(in: own, suspendsOnKill: true)
        try await thread.suspend()
        let resumption = try await thread.resumption()
        try await own.shutDown()
        #expect(try await thread.resumption() == resumption)
        try await thread.resume()
        #expect(try await poll(resumption) == nil)
        try await thread.resume(benefactor: .custodian(supervisor.custodian("/main")))
        #expect(try await sync(resumption) == thread)
      }
    }

    @Test("SR-46: what is no thread, no custodian and no time is refused")
    func nonsense() async throws {
      try await HostedDaemon.run { supervisor in
        await expectRefusal(.badRequest) { _ = try supervisor.thread(referredToBy: "the other one") }
        await expectRefusal(.gone) { _ = try supervisor.thread(referredToBy: "loom/1/1") }
        await expectRefusal(.noSuchThread) { _ = try await supervisor.thread(named: "nobody") }
        await expectRefusal(.badRequest) { _ = try supervisor.custodian("//") }
        let agent = try await supervisor.agent("caught sleep -1")
        #expect(try await agent.lastLines() == ["refused negativeDuration"])
      }
    }

    @Test(
      "SR-38, SR-39: a sleep takes at least its time, which goes on while the process is suspended; a break ends it if it is let in"
    )
    func sleep() async throws {
      try await HostedDaemon.run { supervisor in
        let none = try await supervisor.agent("sleep 0")
        #expect(try await none.lastLines() == ["slept"])
        let long = try await supervisor.agent("say ready", "caught sleep 0.05")
        #expect(try await long.line() == "ready")
        try await long.thread.suspend()
        // Past its time.
        try await sync(after(.milliseconds(60)))
        try await long.thread.resume()
        #expect(try await long.line() == "slept")
        let broken = try await supervisor.agent("say ready", "caught sleep")
        #expect(try await broken.line() == "ready")
        try await broken.thread.sendBreak()
        #expect(try await broken.line() == "broken interrupt")
        let start = ContinuousClock.now
        let kept = try await supervisor.agent("caught breaks-off say ready then receive then sleep 0.05")
        #expect(try await kept.line() == "ready")
        try await kept.thread.sendBreak()
        try await kept.thread.send("go".utf8)
        #expect(try await kept.lastLines() == ["received go", "slept", "broken interrupt"])
        #expect(ContinuousClock.now - start >= .milliseconds(50))
      }
    }
  }
}
