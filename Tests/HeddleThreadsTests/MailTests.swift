import Testing

@testable import HeddleThreads

@Suite("mailboxes", .timeLimit(.minutes(1)))
struct MailTests {
  @Test("MB-01, MB-03: messages come in the order sent, and a receiver waits for them")
  func order() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { for _ in 0..<3 { stage.log.note("\(try await LocalThread.receive())") } }
      try await stage.settle()
      #expect(thread.isRunning)
      for number in 1...3 { try await thread.send(number) }
      try await thread.wait()
      #expect(stage.log.all == ["1", "2", "3"])
    }
  }

  @Test("MB-05: the receiver gets the very object")
  func sameObject() async throws {
    try await inWorld { stage in
      let mishap = Mishap()
      let seen = Channel(of: Bool.self)
      let thread = try await LocalThread {
        let message = try await LocalThread.receive()
        try await seen.put((message as? Mishap) === mishap)
      }
      try await thread.send(mishap)
      #expect(try await seen.get())
    }
  }

  @Test("MB-04, MB-11: an empty mailbox gives nil; what is rewound comes first, its last element before the others")
  func rewind() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        stage.log.note("\(String(describing: try await LocalThread.tryReceive()))")
        try await LocalThread.current.send("c")
        try await LocalThread.rewind(["a", "b"])
        while let message = try await LocalThread.tryReceive() { stage.log.note("\(message)") }
      }
      try await thread.wait()
      #expect(stage.log.all == ["nil", "b", "a", "c"])
    }
  }

  @Test("MB-06, MB-08, MB-18: a dead thread takes no mail: an error, or false where that was asked for")
  func dead() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {}
      try await thread.wait()
      let error = await #expect(throws: ThreadError.self) { try await thread.send(1) }
      #expect(error?.code == .threadDead)
      #expect(try await !thread.trySend(1))
    }
  }

  @Test("MB-10: mail for a suspended thread queues, or fails where that was asked for")
  func suspended() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { stage.log.note("\(try await LocalThread.receive())") }
      try await thread.suspend()
      try await thread.send("kept")
      let error = await #expect(throws: ThreadError.self) { try await thread.send("lost", whenSuspended: .fail) }
      #expect(error?.code == .threadSuspended)
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["kept"])
    }
  }

  @Test("MB-19: a mailbox with a limit refuses what exceeds it")
  func limit() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread(mailLimit: 2) { try await sync(never(Void.self)) }
      try await thread.send(1)
      try await thread.send(2)
      let error = await #expect(throws: ThreadError.self) { try await thread.send(3) }
      #expect(error?.code == .mailboxFull)
      try await thread.kill()
    }
  }

  @Test("MB-14, MB-15: the mail event looks at the mailbox of the thread that waits, and takes nothing")
  func event() async throws {
    try await inWorld { stage in
      let mail = LocalThread.mail
      let thread = try await LocalThread {
        try await sync(mail)
        stage.log.note("\(try await LocalThread.receive())")
      }
      try await thread.send("there")
      try await thread.wait()
      #expect(stage.log.all == ["there"])
    }
  }

  @Test("MB-16, MB-17: a break during a receive loses no message, and goes before one that is there")
  func breaks() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do { _ = try await LocalThread.receive() } catch is BreakError { stage.log.note("broken") }
        stage.log.note("\(try await LocalThread.receive())")
      }
      try await stage.settle()
      try await thread.suspend()
      try await thread.send("kept")
      try await thread.sendBreak()
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["broken", "kept"])
    }
  }

  @Test("receiving outside of any thread is refused, with a word on what to do")
  func outside() async throws {
    let error = await #expect(throws: ThreadError.self) { try await LocalThread.receive() }
    #expect(error?.code == .notInThread)
    await #expect(throws: ThreadError.self) { try await sync(LocalThread.mail) }
  }

  @Test("MB-07, MB-08: what to do instead is the outcome of a send that fails, its value or its error")
  func orElse() async throws {
    try await inWorld { stage in
      let (dead, full) = (try await LocalThread {}, try await LocalThread(mailLimit: 0) { try await sync(never()) })
      try await dead.wait()
      for thread in [dead, full] {
        #expect(try await thread.send(1) { "instead" } == "instead")
        let mishap = Mishap()
        let error = await #expect(throws: Mishap.self) { try await thread.send(1) { throw mishap } }
        #expect(error === mishap)
      }
      try await full.suspend()
      #expect(try await full.send(1, whenSuspended: .fail) { "suspended" } == "suspended")
    }
  }

  @Test("MB-09: it is not called when the message was queued")
  func notElse() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { stage.log.note("\(try await LocalThread.receive())") }
      #expect(try await thread.send("queued") { stage.log.note("instead") } == nil)
      try await thread.wait()
      #expect(stage.log.all == ["queued"])
    }
  }

  @Test("a failure that is not the mailbox's goes to the sender, whatever was to be done instead")
  func notOfMail() async throws {
    let outside = LocalThread.current
    let error = await #expect(throws: ThreadError.self) { try await outside.send(1) {} }
    #expect(error?.code == .ungated)
    await #expect(throws: ThreadError.self) { try await outside.trySend(1) }
  }

  @Test("mail comes as a sequence, to the thread that iterates over it")
  func sequence() async throws {
    try await inWorld { stage in
      let messages = LocalThread.messages
      let thread = try await LocalThread {
        for try await message in messages {
          stage.log.note("\(message)")
          if message as? String == "last" { break }
        }
        stage.log.note("\(try await LocalThread.receive())")
      }
      for word in ["first", "last", "after"] { try await thread.send(word) }
      try await thread.wait()
      #expect(stage.log.all == ["first", "last", "after"])
    }
  }

  @Test("a sequence of mail ends by a break, a kill and a cancellation, and takes nothing then")
  func sequenceEnds() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do { for try await _ in LocalThread.messages {} } catch is BreakError { stage.log.note("broken") }
        let child = Task { for try await _ in LocalThread.messages {} }
        child.cancel()
        do { try await child.value } catch is CancellationError { stage.log.note("cancelled") }
        do { for try await _ in LocalThread.messages {} } catch is Killed { stage.log.note("killed") }
      }
      try await stage.settle()
      try await thread.sendBreak()
      while stage.log.all.count < 2 { await Task.yield() }
      try await stage.settle()
      try await thread.kill()
      try await stage.settle()
      #expect(stage.log.all == ["broken", "cancelled", "killed"])
      await #expect(throws: ThreadError.self) { for try await _ in LocalThread.messages {} }
    }
  }

  @Test("MB-19: a mailbox cannot be made to hold less than nothing, and then there is no thread")
  func negativeLimit() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let error = await Custodian.current.withValue(custodian) {
        await #expect(throws: ThreadError.self) { try await LocalThread(mailLimit: -1) {} }
      }
      #expect(error?.code == .negativeLimit)
      #expect(try await custodian.managed().threads.isEmpty)
    }
  }

  @Test("MB-02, MB-20: a send returns although nobody receives, and mail is received by its owner alone")
  func neverWaits() async throws {
    try await inWorld { stage in
      let thread = try await idler()
      try await thread.suspend()
      for number in 0..<10_000 { try await thread.send(number) }
      let other = try await LocalThread { stage.log.note("\(String(describing: try await LocalThread.tryReceive()))") }
      try await other.wait()
      #expect(stage.log.all == ["nil"])
    }
  }

  @Test("MB-05: mail that comes before the first step is there for it")
  func early() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 1))
    try await World.$outside.withValue(world) {
      let log = Log()
      let creator = try await LocalThread {
        // On the one carrier, which the creator has until it waits.
        let thread = try await LocalThread { log.note("\(try await LocalThread.tryReceive() ?? "none")") }
        try await thread.send("early")
        try await thread.wait()
      }
      try await creator.wait()
      #expect(log.all == ["early"])
    }
  }

  @Test("MB-12, MB-13: nothing may be rewound; the mail event is one value")
  func nothing() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.rewind([])
        stage.log.note("\(try await LocalThread.tryReceive() ?? "none")")
      }
      try await thread.wait()
      #expect(stage.log.all == ["none"])
      #expect(LocalThread.mail == LocalThread.mail)
    }
  }

  @Test("MB-15: the mail event gives itself, and the message stays")
  func stays() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        for _ in 1...2 { stage.log.note("\(try await sync(LocalThread.mail) == LocalThread.mail)") }
        stage.log.note("\(try await LocalThread.receive())")
      }
      try await thread.send("there")
      try await thread.wait()
      #expect(stage.log.all == ["true", "true", "there"])
    }
  }

  @Test("MB-10: mail for a suspended thread outlasts the loss of its custodian and its adoption")
  func adopted() async throws {
    try await inWorld { stage in
      let own = try await Custodian()
      let thread = try await Custodian.current.withValue(own) {
        try await LocalThread(suspendsOnKill: true) { stage.log.note("\(try await LocalThread.receive())") }
      }
      try await own.shutDown()
      try await thread.send("kept")
      try await thread.resume(benefactor: .custodian(.root))
      try await thread.wait()
      #expect(stage.log.all == ["kept"])
    }
  }

  @Test("receiving, rewinding and waiting for mail outside of any thread are refused alike")
  func allOutside() async throws {
    let attempts: [@Sendable () async throws -> Void] = [
      { _ = try await LocalThread.tryReceive() }, { try await LocalThread.rewind([1]) },
      { _ = try await sync(LocalThread.received) }, { for try await _ in LocalThread.messages {} },
    ]
    for attempt in attempts {
      let error = await #expect(throws: ThreadError.self) { try await attempt() }
      #expect(error?.code == .notInThread)
      #expect(error?.description.contains("LocalThread.runMain") == true)
    }
  }
}
