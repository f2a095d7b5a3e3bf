import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  /// Workers that run nested processes. In the stories' steps `child` is the nested thread's name.
  @Suite("processes nested in workers")
  struct ProcessNestingTests {
    @Test(
      "TH-14, TH-16: the call gives the exit status; until then the creator is blocked and counts as running, beside another thread"
    )
    func value() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent("nest child /main agent receive ; exit 7", "say behind")
        #expect(try await creator.line() == "started")
        let child = try await supervisor.thread(named: "child")
        #expect(child != creator.thread)
        for thread in [creator.thread, child] { #expect(try await thread.isRunning()) }
        try await child.send("go".utf8)
        #expect(try await creator.lastLines() == ["value 7", "behind"])
        #expect(try await child.isDead())
      }
    }

    @Test(
      "TH-15: the nested thread is in the custodian that is named, and acts for its creator's; else it is in its creator's"
    )
    func custodian() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        _ = try await own.makeCustodian(named: "place")
        let creator = try await supervisor.agent(
          "nest child /main/own/place agent make grandchild ; receive",
          "nest other - agent receive",
          in: own
        )
        #expect(try await creator.line() == "started")
        let child = try await supervisor.thread(named: "child")
        #expect(try await child.status().custodians == ["/main/own/place"])
        try await child.send("go".utf8)
        #expect(try await creator.line() == "value 0")
        let grandchild = try await supervisor.thread(named: "grandchild")
        try await grandchild.wait()
        #expect(try await grandchild.wait().cause.description.contains("/main/own/session-"))
        #expect(try await creator.line() == "started")
        let place = try await supervisor.thread(named: "other").status().custodians
        #expect(place.allSatisfy { $0.hasPrefix("/main/own/session-") } && place.count == 1)
        try await creator.thread.kill()
      }
    }

    @Test(
      "TH-17, TH-18, TH-26: what an uncaught error makes of the nested thread comes out of the call: its exit status, or a typed error if it left without a value"
    )
    func error() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent(
          "caught nest child /main agent fail",
          "caught nest child /main sh kill -SEGV $$",
          "caught nest child /main sh kill -TERM $$"
        )
        #expect(
          try await creator.lastLines() == [
            "started", "value 1", "started", "refused nestedThreadSignalled", "started", "broken terminate",
          ]
        )
      }
    }

    @Test("TH-19: killed by others or by itself, it gives its creator a failure")
    func killed() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent(
          "caught nest child /main agent receive",
          "caught nest child /main agent kill self"
        )
        #expect(try await creator.line() == "started")
        try await supervisor.thread(named: "child").kill()
        #expect(
          try await creator.lastLines() == ["refused nestedThreadKilled", "started", "refused nestedThreadKilled"]
        )
      }
    }

    @Test("TH-20: so does the shutdown of its custodian, of which nothing inside is told")
    func shutDown() async throws {
      try await HostedDaemon.run { supervisor in
        let place = try await supervisor.custodian(named: "place")
        let creator = try await supervisor.agent("caught nest child /main/place agent say ready ; caught receive")
        #expect(try await creator.line() == "started")
        let child = try await Agent(supervisor.thread(named: "child"))
        #expect(try await child.line() == "ready")
        try await place.shutDown()
        #expect(try await creator.lastLines() == ["refused nestedThreadKilled"])
        #expect(try await child.lastLines() == [])
      }
    }

    @Test(
      "TH-21: its creator killed, it gets a break and lives on; a shutdown of what manages both ends both, without one"
    )
    func creatorKilled() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent("nest child /main agent say ready ; caught receive ; receive")
        #expect(try await creator.line() == "started")
        let child = try await Agent(supervisor.thread(named: "child"))
        #expect(try await child.line() == "ready")
        try await creator.thread.kill()
        #expect(try await child.line() == "broken interrupt")
        try await child.thread.send("alive".utf8)
        #expect(try await child.lastLines() == ["received alive"])

        let job = try await supervisor.custodian(named: "job")
        let other = try await supervisor.agent(
          "nest both /main/job agent say ready ; caught receive ; receive",
          in: job
        )
        #expect(try await other.line() == "started")
        let both = try await Agent(supervisor.thread(named: "both"))
        #expect(try await both.line() == "ready")
        #expect(try await job.shutDown().threads == 2)
        #expect(try await both.lastLines() == [])
      }
    }

    @Test(
      "TH-22, BR-12: a break for the creator goes to the nested thread, with its kind, and is raised by that one's setting"
    )
    func redirected() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent(
          "breaks-off nest child /main agent say ready ; caught breaks-on receive ; exit 5"
        )
        #expect(try await creator.line() == "started")
        let child = try await Agent(supervisor.thread(named: "child"))
        #expect(try await child.line() == "ready")
        try await creator.thread.sendBreak(.hangUp)
        #expect(try await child.lastLines() == ["broken hangUp"])
        #expect(try await creator.lastLines() == ["value 5"])
      }
    }

    @Test("TH-22: through two levels; where nobody catches it, it comes out of each call as that break")
    func twoLevels() async throws {
      try await HostedDaemon.run { supervisor in
        for (inner, lines) in [
          ("say ready then caught receive", ["broken hangUp"]), ("say ready then receive", []),
        ] {
          let creator = try await supervisor.agent(
            "caught nest middle /main agent nest inner /main agent breaks-on \(inner)"
          )
          #expect(try await creator.line() == "started")
          let middle = try await Agent(supervisor.thread(named: "middle"))
          #expect(try await middle.line() == "started")
          let innermost = try await Agent(supervisor.thread(named: "inner"))
          #expect(try await innermost.line() == "ready")
          try await creator.thread.sendBreak(.hangUp)
          #expect(try await innermost.lastLines() == lines)
          #expect(try await middle.lastLines() == (lines.isEmpty ? [] : ["value 0"]))
          #expect(try await creator.lastLines() == [lines.isEmpty ? "broken hangUp" : "value 0"])
        }
      }
    }

    @Test("TH-23, BR-13: a break that is pending when the call begins moves in, and is not its creator's any more")
    func movesIn() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent(
          "caught breaks-off say ready then receive then nest child /main agent caught breaks-on receive",
          "say undisturbed"
        )
        #expect(try await creator.line() == "ready")
        try await creator.thread.sendBreak()
        try await creator.thread.send("go".utf8)
        #expect(try await creator.lastLines() == ["received go", "started", "value 0", "undisturbed"])
        let child = try await supervisor.thread(named: "child")
        #expect(String(decoding: try await child.log(), as: UTF8.self) == "broken interrupt\n")
      }
    }

    @Test(
      "TH-25: when one dies that is in a nested call itself, the outer call waits for the innermost; the value is lost, and a break that waits inside comes out"
    )
    func between() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent(
          "no-breaks",
          "caught nest middle /main agent nest inner /main agent each no-breaks then say ready then receive then say behind",
          "caught breaks-on receive",
          "say last"
        )
        #expect(try await creator.line() == "started")
        let middle = try await Agent(supervisor.thread(named: "middle"))
        #expect(try await middle.line() == "started")
        let inner = try await Agent(supervisor.thread(named: "inner"))
        #expect(try await inner.line() == "ready")
        try await middle.thread.kill()
        #expect(try await inner.thread.isRunning())
        #expect(try await creator.thread.isRunning())
        try await inner.thread.send("go".utf8)
        #expect(try await inner.lastLines() == ["received go", "behind"])
        #expect(try await creator.lastLines() == ["refused nestedThreadKilled", "broken interrupt", "last"])
      }
    }

    @Test(
      "TH-27, BR-13: a break that is pending in the nested thread at its end is its creator's then: at once if that lets breaks in, else when it does"
    )
    func movesOut() async throws {
      try await HostedDaemon.run { supervisor in
        let nest = "nest child /main agent no-breaks ; say ready ; receive"
        for (steps, lines) in [
          ([nest, "caught receive"], ["value 0", "broken interrupt"]),
          (["no-breaks", nest, "say quiet", "caught breaks-on receive"], ["value 0", "quiet", "broken interrupt"]),
        ] {
          let creator = try await supervisor.agent(steps)
          #expect(try await creator.line() == "started")
          let child = try await Agent(supervisor.thread(named: "child"))
          #expect(try await child.line() == "ready")
          try await creator.thread.sendBreak()
          try await supervisor.barrier()
          try await child.thread.send("go".utf8)
          #expect(try await creator.lastLines() == lines)
        }
      }
    }

    @Test("TH-29: of a failure and a break that is left over, the failure comes first, and the break stays pending")
    func failureFirst() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent("caught nest child /main agent say ready ; receive", "caught receive")
        #expect(try await creator.line() == "started")
        let child = try await Agent(supervisor.thread(named: "child"))
        #expect(try await child.line() == "ready")
        try await child.thread.suspend()
        try await creator.thread.sendBreak()
        try await child.thread.kill()
        #expect(try await creator.lastLines() == ["refused nestedThreadKilled", "broken interrupt"])
      }
    }

    @Test(
      "TH-32: a suspended creator leaves the nested thread running, and is told when it goes on; a suspended nested one keeps it blocked, and running"
    )
    func suspended() async throws {
      try await HostedDaemon.run { supervisor in
        let creator = try await supervisor.agent("nest child /main agent receive ; receive")
        #expect(try await creator.line() == "started")
        let child = try await Agent(supervisor.thread(named: "child"))
        try await creator.thread.suspend()
        try await child.thread.send("one".utf8)
        #expect(try await child.line() == "received one")
        try await child.thread.suspend()
        try await creator.thread.resume()
        #expect(try await creator.thread.isRunning())
        #expect(try await !child.thread.isRunning())
        try await creator.thread.suspend()
        try await child.thread.resume()
        try await child.thread.send("two".utf8)
        #expect(try await child.lastLines() == ["received two"])
        #expect(try await creator.thread.status().state == .suspended)
        try await creator.thread.resume()
        #expect(try await creator.lastLines() == ["value 0"])
      }
    }
  }
}
