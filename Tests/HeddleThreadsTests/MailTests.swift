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

  @Test("MB-06, MB-08: a dead thread takes no mail: an error, or false where that was asked for")
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
}
