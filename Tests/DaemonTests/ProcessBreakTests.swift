import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("breaks of processes")
  struct ProcessBreakTests {
    @Test(
      "BR-01: a break is raised in a worker, in a wait at once and soon if it is busy; a plain program gets a signal"
    )
    func raised() async throws {
      try await HostedDaemon.run { supervisor in
        for step in ["receive", "sleep", "spin", "wait self"] {
          let agent = try await supervisor.agent("say ready", "caught \(step)")
          #expect(try await agent.line() == "ready")
          let nothing: Void = try await agent.thread.sendBreak(.hangUp)
          #expect(nothing == ())
          #expect(try await agent.lastLines() == ["broken hangUp"])
        }
        for (kind, signal) in [(BreakKind.interrupt, "INT"), (.hangUp, "HUP"), (.terminate, "TERM")] {
          let program = try await supervisor.shell(
            "trap 'echo \(signal); exit' \(signal); echo ready; sleep 1000 & wait"
          )
          #expect(try await program.line() == "ready")
          try await program.thread.sendBreak(kind)
          #expect(try await program.lastLines() == [signal])
        }
      }
    }

    @Test(
      "BR-03, BR-05, BR-07: kept out, a break waits and disturbs no wait; it is raised where breaks are let in, at the latest behind the scope"
    )
    func kept() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "caught breaks-off say ready then receive then caught breaks-on say not this then say kept",
          "caught breaks-off receive then say behind",
          "breaks"
        )
        #expect(try await agent.line() == "ready")
        try await agent.thread.sendBreak()
        try await agent.thread.send("undisturbed".utf8)
        #expect(try await agent.line() == "received undisturbed")
        #expect(try await agent.line() == "broken interrupt")
        #expect(try await agent.line() == "kept")
        try await agent.thread.suspend()
        try await agent.thread.send("again".utf8)
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received again", "behind", "enabled"])
      }
    }

    @Test("BR-07: what is pending at the end of a scope is raised there")
    func atTheEnd() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("caught breaks-off say ready then receive then say last", "breaks")
        #expect(try await agent.line() == "ready")
        try await agent.thread.sendBreak()
        try await agent.thread.send("message".utf8)
        #expect(try await agent.lastLines() == ["received message", "last", "broken interrupt", "enabled"])
      }
    }

    @Test("BR-04, BR-06: further breaks are absorbed by one that waits, of which the strongest kind stays")
    func absorbed() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("say ready", "caught receive", "receive")
        #expect(try await agent.line() == "ready")
        try await agent.thread.suspend()
        for kind in [BreakKind.hangUp, .terminate, .interrupt] { try await agent.thread.sendBreak(kind) }
        try await agent.thread.resume()
        #expect(try await agent.line() == "broken terminate")
        try await agent.thread.send("undisturbed".utf8)
        #expect(try await agent.lastLines() == ["received undisturbed"])
      }
    }

    @Test(
      "BR-08, TH-28: a worker starts with breaks let in or kept out as its maker has them, and has a setting of its own"
    )
    func ownSetting() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "breaks",
          "breaks-off nest child - agent breaks ; breaks-on breaks ; exit 0",
          "breaks",
          "nest other - agent breaks ; breaks-off breaks ; exit 0"
        )
        #expect(
          try await agent.lastLines() == ["enabled", "started", "value 0", "enabled", "started", "value 0"]
        )
        let child = try await supervisor.thread(named: "child")
        #expect(String(decoding: try await child.log(), as: UTF8.self) == "disabled\nenabled\n")
        let other = try await supervisor.thread(named: "other")
        #expect(String(decoding: try await other.log(), as: UTF8.self) == "enabled\ndisabled\n")
      }
    }

    @Test(
      "BR-09: a break waits on a suspended process, over the loss of its custodian and its adoption; a kill discards it"
    )
    func suspended() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let agent = try await supervisor.agent("say ready", "caught receive", in: own, suspendsOnKill: true)
        let victim = try await supervisor.agent("say ready", "caught receive")
        for one in [agent, victim] {
          #expect(try await one.line() == "ready")
          try await one.thread.suspend()
          try await one.thread.sendBreak()
        }
        try await own.shutDown()
        try await agent.thread.resume(benefactor: .custodian(supervisor.custodian("/main")))
        #expect(try await agent.lastLines() == ["broken interrupt"])
        try await victim.thread.kill()
        #expect(try await victim.lastLines() == [])
      }
    }

    @Test(
      "BR-14, EV-10: a wait that lets breaks in ends by one of the two; of a break and an event that are both there, the break"
    )
    func whileWaiting() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "breaks-off say ready then receive then caught mail then receive then mail"
        )
        #expect(try await agent.line() == "ready")
        try await agent.thread.suspend()
        try await agent.thread.sendBreak()
        for text in ["go", "message", "last"] { try await agent.thread.send(text.utf8) }
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received go", "broken interrupt", "received message", "mail"])
      }
    }

    @Test("BR-15: a break that nobody catches ends the process, as one of its kind")
    func unhandled() async throws {
      try await HostedDaemon.run { supervisor in
        for (kind, number) in [(BreakKind.interrupt, Int32(2)), (.hangUp, 1), (.terminate, 15)] {
          let thread = try await supervisor.agent("receive", "say not this").thread
          try await thread.sendBreak(kind)
          #expect(try await thread.wait().cause == .signalled(number: number, coreDumped: false))
          #expect(try await thread.log() == [])
        }
      }
    }
  }
}
