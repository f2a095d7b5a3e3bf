import Foundation
import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("the life of a process")
  struct ProcessLifeTests {
    @Test("TH-01, TH-05: whoever makes a thread has it at once, and it knows itself as that thread")
    func made() async throws {
      try await HostedDaemon.run { supervisor in
        let (one, other) = (
          try await supervisor.agent("name-yourself -", "receive"),
          try await supervisor.agent("name-yourself -", "receive")
        )
        for agent in [one, other] {
          #expect(try await agent.line() == agent.thread.reference)
          #expect(try await agent.thread.isRunning())
        }
        #expect(one.thread != other.thread)
      }
    }

    @Test("TH-03, SR-41: a thread ends with its program, and is dead for good: neither running nor suspended")
    func returns() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.shell("exit 3").thread
        #expect(try await thread.wait().exitStatus == 3)
        try await thread.resume()
        #expect(try await thread.status().state == .dead)
        #expect(try await thread.isDead())
        #expect(try await !thread.isRunning())
      }
    }

    @Test("TH-06, CU-17: a thread has its maker's current custodian, and keeps it; that one's shutdown ends the thread")
    func managedByCurrent() async throws {
      try await HostedDaemon.run { supervisor in
        let (mine, later) = (
          try await supervisor.custodian(named: "mine"), try await supervisor.custodian(named: "later")
        )
        let thread = try await RemoteCustodian.current.withValue(mine) {
          let thread = try await supervisor.spawn(Program("/bin/sleep", "1000"))
          return await RemoteCustodian.current.withValue(later) { thread }
        }
        #expect(try await thread.status().custodians == ["/main/mine"])
        #expect(try await mine.members().threads == [thread])
        try await mine.shutDown()
        #expect(try await thread.isDead())
      }
    }

    @Test("CU-17, TH-24: a process acts for the custodian that it was made under, and what it makes is below that one")
    func inherited() async throws {
      try await HostedDaemon.run { supervisor in
        let mine = try await supervisor.custodian(named: "mine")
        let agent = try await supervisor.agent("make child", "say made", "receive", in: mine)
        #expect(try await agent.line() == "made")
        let custodians = try await supervisor.thread(named: "child").status().custodians
        #expect(custodians.allSatisfy { $0.hasPrefix("/main/mine/") } && custodians.count == 1)
      }
    }

    @Test("TH-07, CU-09, CU-01: nothing is made under a custodian that is shut down, neither threads, nested or not")
    func refusedUnderShutDown() async throws {
      try await HostedDaemon.run { supervisor in
        let gone = try await supervisor.custodian(named: "gone")
        try await gone.shutDown()
        let count = try await supervisor.threads(includingDead: true).count
        // To make it the current one is allowed.
        await RemoteCustodian.current.withValue(gone) {
          await expectRefusal(.noSuchCustodian) { _ = try await supervisor.spawn(Program("/bin/true")) }
          await expectRefusal(.noSuchCustodian) { _ = try await supervisor.withNestedProcess(Program("/bin/true")) }
          await expectRefusal(.noSuchCustodian) { _ = try await gone.makeCustodian(named: "below") }
        }
        #expect(try await supervisor.threads(includingDead: true).count == count)
      }
    }

    @Test("TH-08: an error that nobody catches ends its own process alone, and releases those who wait")
    func fails() async throws {
      try await HostedDaemon.run { supervisor in
        let bystander = try await supervisor.sleeper()
        let victim = try await supervisor.agent("receive", "fail", "say not this").thread
        let waiter = Task { try await victim.wait() }
        try await victim.send("go".utf8)
        #expect(try await waiter.value.exitStatus == 1)
        #expect(try await !String(decoding: victim.log(), as: UTF8.self).contains("not this"))
        #expect(try await bystander.isRunning())
      }
    }

    @Test("TH-09, TH-12, ST-21: a kill suspends a thread that suspends on kill, any number of kills once")
    func suspendsOnKill() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper(suspendsOnKill: true)
        let suspension = try await thread.suspension()
        try await thread.kill()
        #expect(try await thread.status().state == .suspended)
        #expect(try await poll(suspension) == thread)
        #expect(try await poll(thread.death) == nil)
        let resumption = try await thread.resumption()
        try await thread.kill()
        #expect(try await thread.resumption() == resumption)
        try await thread.resume()
        #expect(try await sync(resumption) == thread)
        #expect(try await thread.isRunning())
      }
    }

    @Test(
      "TH-10, CU-06, CU-13, SR-10, SR-11, SR-28, ST-24: without custodians it stands still until one adopts it, each time"
    )
    func adoption() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper(in: supervisor.custodian(named: "first"), suspendsOnKill: true)
        var custodian = try supervisor.custodian("/main/first")
        for name in ["second", "third"] {
          #expect(try await custodian.shutDown().leftSuspended == 1)
          #expect(try await thread.status().custodians == [])
          try await thread.resume()
          #expect(try await thread.status().state == .suspended)
          let resumption = try await thread.resumption()
          custodian = try await supervisor.custodian(named: name)
          try await thread.resume(benefactor: .custodian(custodian))
          #expect(try await sync(resumption) == thread)
          #expect(try await custodian.members().threads == [thread])
        }
      }
    }

    @Test("TH-11, BR-15: it ends all the same by returning, by an error, and by a break")
    func endsAnyway() async throws {
      try await HostedDaemon.run { supervisor in
        let returning = try await supervisor.agent("say done", suspendsOnKill: true).thread
        let failing = try await supervisor.agent("fail", suspendsOnKill: true).thread
        let broken = try await supervisor.agent("receive", suspendsOnKill: true).thread
        try await broken.sendBreak()
        #expect(try await returning.wait().exitStatus == 0)
        #expect(try await failing.wait().exitStatus == 1)
        #expect(try await broken.wait().cause == .signalled(number: 2, coreDumped: false))
      }
    }

    @Test("TH-13: one that kills itself stops in that call, and goes on behind it when it is resumed")
    func stopsItself() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("receive", "kill self", "say after", suspendsOnKill: true)
        let suspension = try await agent.thread.suspension()
        try await agent.thread.send("go".utf8)
        try await sync(suspension)
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received go", "after"])
      }
    }

    @Test("SR-49: a program's end is the thread's, and what it has left behind of processes ends with it")
    func children() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.shell("sleep 1000 & echo $!")
        let child = try #require(try await agent.line())
        #expect(try await agent.thread.wait().exitStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(child)"))
      }
    }

    @Test(
      "TH-34, SR-36, SR-37: a byte goes to one reader; one that was killed takes none, a suspended one none before it is resumed"
    )
    func readers() async throws {
      let pipe = "/tmp/heddle-pipe-\(UUID().uuidString)"
      try #require(unsafe mkfifo(pipe, 0o600) == 0)
      defer { unsafe unlink(pipe) }
      // Held open by the test, so that no reader sees an end.
      let writer = try #require(FileHandle(forUpdatingAtPath: pipe))
      try await HostedDaemon.run { supervisor in
        let reading = "exec < \(pipe); echo ready; exec dd bs=1 count=3 status=none"
        let (killed, suspended) = (try await supervisor.shell(reading), try await supervisor.shell(reading))
        #expect(try await killed.line() == "ready")
        #expect(try await suspended.line() == "ready")
        try await killed.thread.kill()
        try await suspended.thread.suspend()
        let reader = try await supervisor.shell(reading)
        try writer.write(contentsOf: Data("abc".utf8))
        try await reader.thread.wait()
        #expect(String(decoding: try await reader.thread.log(), as: UTF8.self) == "ready\nabc")
        try await suspended.thread.resume()
        try writer.write(contentsOf: Data("def".utf8))
        try await suspended.thread.wait()
        #expect(String(decoding: try await suspended.thread.log(), as: UTF8.self) == "ready\ndef")
      }
    }
  }
}
