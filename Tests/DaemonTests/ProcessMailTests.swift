import HeddleClient
import HeddleThreads
import Testing

extension ProcessStories {
  @Suite("the mail of processes")
  struct ProcessMailTests {
    @Test(
      "MB-01, MB-02, MB-03: mail comes in the order sent, whoever sends; no send waits for the receiver; who waits for mail is running"
    )
    func order() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "say ready",
          "receive",
          "receive",
          "receive",
          "receive",
          named: "receiver"
        )
        #expect(try await agent.line() == "ready")
        #expect(try await agent.thread.isRunning())
        try await agent.thread.suspend()
        try await agent.thread.send("one".utf8)
        try await agent.thread.send("two".utf8)
        let other = try await supervisor.agent("post receiver three")
        try await other.thread.wait()
        let nothing: Void = try await agent.thread.send("four".utf8)
        #expect(nothing == ())
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["one", "two", "three", "four"].map { "received \($0)" })
      }
    }

    @Test("MB-04: to try gives nothing at once when there is no mail, and sees all that was queued before")
    func tries() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("try-receive", "receive", "try-receive", "try-receive")
        #expect(try await agent.line() == "nothing")
        try await agent.thread.suspend()
        try await agent.thread.send("one".utf8)
        try await agent.thread.send("two".utf8)
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["received one", "received two", "nothing"])
      }
    }

    @Test("MB-05: mail that was sent before the program's first step is there for it, byte for byte")
    func early() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let made = Task { try await supervisor.agent("receive", named: "early", in: own) }
        var thread: RemoteThread?
        while thread == nil {
          thread = try? await supervisor.thread(named: "early")
          await Task.yield()
        }
        try await thread?.send("héllo \u{1}".utf8)
        #expect(try await made.value.lastLines() == ["received héllo \u{1}"])
      }
    }

    @Test(
      "MB-06, MB-07, MB-08, MB-09, MB-18: the dead get no mail; what is to happen then does, and does not if the mail was queued"
    )
    func dead() async throws {
      try await HostedDaemon.run { supervisor in
        let thread = try await supervisor.sleeper()
        try await thread.send("unread".utf8)
        #expect(try await thread.trySend("unread, too".utf8))
        #expect(try await thread.send("as well".utf8, orElse: { "not queued" }) == nil)
        try await thread.kill()
        #expect(try await thread.status().mail == 0)
        await expectRefusal(.dead) { try await thread.send("late".utf8) }
        #expect(try await thread.send("late".utf8, orElse: { "not queued" }) == "not queued")
        #expect(try await thread.trySend("late".utf8) == false)
        await #expect(throws: CancellationError.self) {
          try await thread.send("late".utf8, orElse: { throw CancellationError() })
        }
        #expect(try await thread.wait().unreadMail == 3)
      }
    }

    @Test(
      "MB-10: mail for a suspended thread waits, over the loss of its custodian and its adoption, unless it is not to"
    )
    func suspended() async throws {
      try await HostedDaemon.run { supervisor in
        let own = try await supervisor.custodian(named: "own")
        let agent = try await supervisor.agent("say ready", "receive", in: own, suspendsOnKill: true)
        #expect(try await agent.line() == "ready")
        try await agent.thread.suspend()
        try await agent.thread.send("waits".utf8)
        await expectRefusal(.suspended) { try await agent.thread.send("fails".utf8, whenSuspended: .fail) }
        try await own.shutDown()
        try await agent.thread.send("waits, too".utf8)
        #expect(try await agent.thread.status().mail == 2)
        try await agent.thread.resume(benefactor: .custodian(supervisor.custodian("/main")))
        #expect(try await agent.lastLines() == ["received waits"])
      }
    }

    @Test("MB-11, MB-12: of what is pushed back the last comes first, before older mail; nothing may be pushed back")
    func rewind() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent(
          "mail",
          "rewind a b",
          "rewind",
          "receive",
          "receive",
          "receive",
          "try-receive"
        )
        try await agent.thread.send("c".utf8)
        #expect(try await agent.lastLines() == ["mail", "received b", "received a", "received c", "nothing"])
      }
    }

    @Test(
      "MB-13, MB-14, MB-15, MB-20: the mail event is one and the same; it sees the mail of the process that looks, and takes none"
    )
    func event() async throws {
      try await HostedDaemon.run { supervisor in
        let with = try await supervisor.agent("mail", "look", "look", "receive", "look")
        let without = try await supervisor.agent("look")
        #expect(try await without.lastLines() == ["no mail"])
        try await with.thread.send("there".utf8)
        #expect(try await with.lastLines() == ["mail", "mail", "mail", "received there", "no mail"])
      }
    }

    @Test("MB-16: a break during a receive, or a wait for mail, loses no message")
    func broken() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("say ready", "caught receive", "caught mail", "receive")
        #expect(try await agent.line() == "ready")
        for _ in 0..<2 {
          try await agent.thread.sendBreak()
          #expect(try await agent.line() == "broken interrupt")
        }
        try await agent.thread.send("still there".utf8)
        #expect(try await agent.lastLines() == ["received still there"])
      }
    }

    @Test(
      "MB-17, BR-09, SR-47: at the resumption a break comes first, the message stays; the break alone resumes nobody"
    )
    func breakFirst() async throws {
      try await HostedDaemon.run { supervisor in
        let agent = try await supervisor.agent("say ready", "caught receive", "receive")
        #expect(try await agent.line() == "ready")
        try await agent.thread.suspend()
        try await agent.thread.send("message".utf8)
        try await agent.thread.sendBreak()
        try await supervisor.barrier()
        #expect(try await !agent.thread.isRunning())
        try await agent.thread.resume()
        #expect(try await agent.lastLines() == ["broken interrupt", "received message"])
      }
    }

    @Test("MB-19: a mailbox has bounds, and refuses by a typed error what is beyond them")
    func bounds() async throws {
      try await HostedDaemon.run { supervisor in
        var program = Program("/bin/sleep", "1000")
        program.custodian = try supervisor.custodian("/main")
        program.mailbox = (messages: 2, bytes: 10)
        let thread = try await supervisor.spawn(program)
        await expectRefusal(.tooLarge) { try await thread.send("eleven bytes".utf8) }
        for _ in 0..<2 { try await thread.send("fits".utf8) }
        await expectRefusal(.mailboxFull) { try await thread.send("full".utf8) }
        #expect(try await thread.status().mail == 2)
      }
    }
  }
}
