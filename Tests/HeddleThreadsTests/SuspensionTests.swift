import Synchronization
import Testing

@testable import HeddleThreads

@Suite("suspending and resuming", .timeLimit(.minutes(1)))
struct SuspensionTests {
  @Test("SR-01, SR-04: a suspended thread executes nothing, however busy it was")
  func busy() async throws {
    try await inWorld { stage in
      let count = Atomic<Int>(0)
      try await withThread {
        while true {
          count.add(1, ordering: .relaxed)
          try await LocalThread.checkpoint()
        }
      } during: { thread in
        while count.load(ordering: .relaxed) < 100 { await Task.yield() }
        try await thread.suspend()
        #expect(!thread.isRunning)
        #expect(!thread.isDead)
        let frozen = count.load(ordering: .relaxed)
        try await stage.settle()
        #expect(count.load(ordering: .relaxed) == frozen)
        try await thread.resume()
        while count.load(ordering: .relaxed) == frozen { await Task.yield() }
      }
    }
  }

  @Test("SR-03: suspensions do not nest")
  func notNested() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      try await thread.suspend()
      try await thread.suspend()
      try await thread.resume()
      #expect(thread.isRunning)
      try await thread.kill()
    }
  }

  @Test("SR-02, SR-09, SR-31: a dead thread is not suspended, resumed or killed again")
  func dead() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {}
      try await thread.wait()
      try await thread.suspend()
      try await thread.resume()
      for benefactor in [Benefactor.custodian(.root), .thread(try await idler())] {
        try await thread.resume(benefactor: benefactor)
      }
      try await thread.kill()
      #expect(thread.isDead)
    }
  }

  @Test("SR-07: a thread that suspends itself goes on there after its resume")
  func itself() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        stage.log.note("before")
        try await LocalThread.current.suspend()
        stage.log.note("after")
      }
      try await stage.settle()
      #expect(stage.log.all == ["before"])
      #expect(!thread.isRunning)
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["before", "after"])
    }
  }

  @Test("SR-05, SR-06: to suspend takes a custodian above all that manage the thread")
  func authority() async throws {
    try await inWorld { stage in
      let (above, beside) = (try await Custodian(), try await Custodian())
      let own = try await Custodian(below: above)
      let thread = try await Custodian.current.withValue(own) {
        try await LocalThread { try await sync(never(Void.self)) }
      }
      await Custodian.current.withValue(beside) {
        let error = await #expect(throws: ThreadError.self) { try await thread.suspend() }
        #expect(error?.code == .notAuthorized)
      }
      #expect(thread.isRunning)
      try await Custodian.current.withValue(above) { try await thread.suspend() }
      #expect(!thread.isRunning)
      try await thread.kill()
    }
  }

  @Test("SR-04, SR-37: a suspended waiter is passed over, and queues at the back after its resume")
  func passedOver() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let first = try await LocalThread { try await stage.noteAfter(semaphore, "first") }
      try await stage.settle()
      let second = try await LocalThread { try await stage.noteAfter(semaphore, "second") }
      try await stage.settle()
      try await first.suspend()
      try await first.resume()
      try await semaphore.post()
      try await stage.settle()
      try await semaphore.post()
      try await first.wait()
      try await second.wait()
      #expect(stage.log.all == ["second", "first"])
    }
  }

  @Test("SR-14, SR-15: a benefactor gives its custodians and its resumptions")
  func benefactor() async throws {
    try await inWorld { stage in
      let (one, other) = (try await Custodian(), try await Custodian())
      let patron = try await Custodian.current.withValue(one) {
        try await LocalThread { try await sync(never(Void.self)) }
      }
      let client = try await Custodian.current.withValue(other) {
        try await LocalThread { try await sync(never(Void.self)) }
      }
      try await client.resume(benefactor: .thread(patron))
      try await other.shutDown()
      #expect(client.isRunning)
      try await patron.suspend()
      try await client.suspend()
      try await patron.resume()
      #expect(client.isRunning)
      try await one.shutDown()
      #expect(client.isDead)
    }
  }

  @Test("a task-sleep that ends during a suspension goes on only after the resume")
  func taskSleep() async throws {
    try await inWorld { stage in
      let wakings = Atomic<Int>(0)
      let inside = Channel(of: ThreadBody.self)
      try await withThread {
        if let body = ThreadBody.current { try await inside.put(body) }
        while true {
          try await Task.sleep(for: .milliseconds(1))
          wakings.add(1, ordering: .relaxed)
        }
      } during: { thread in
        let gate = try await inside.get().gate
        try await thread.suspend()
        let frozen = wakings.load(ordering: .relaxed)
        while !gate.hasJobs { await Task.yield() }
        try await stage.settle()
        #expect(wakings.load(ordering: .relaxed) == frozen)
        try await thread.resume()
        while wakings.load(ordering: .relaxed) == frozen { await Task.yield() }
      }
    }
  }

  private func withThread(
    _ body: @escaping @Sendable () async throws -> Void,
    during story: (LocalThread) async throws -> Void
  ) async throws {
    let thread = try await LocalThread(body)
    try await story(thread)
    try await thread.kill()
  }

  @Test("SR-40: a blocked thread is running; SR-43: resuming and sending need no authority")
  func noAuthority() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { stage.log.note("\(try await LocalThread.receive())") }
      try await stage.settle()
      #expect(thread.isRunning)
      try await thread.suspend()
      try await Custodian.current.withValue(Custodian()) {
        try await thread.send("mail")
        try await thread.resume()
        try await thread.wait()
      }
      #expect(stage.log.all == ["mail"])
    }
  }

  @Test(
    "SR-05, SR-06: of two custodians beside each other neither suffices, nor does one below; the one above both does"
  )
  func soleManagement() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let (one, other) = (try await Custodian(below: above), try await Custodian(below: above))
      let below = try await Custodian(below: one)
      let thread = try await idler(under: one)
      try await thread.resume(benefactor: .custodian(other))
      for custodian in [one, other, below] {
        await Custodian.current.withValue(custodian) {
          for attempt in [thread.suspend, thread.kill] {
            let error = await #expect(throws: ThreadError.self) { try await attempt() }
            #expect(error?.code == .notAuthorized)
          }
        }
      }
      #expect(thread.isRunning)
      try await Custodian.current.withValue(above) { try await thread.kill() }
      #expect(thread.isDead)
    }
  }
}

extension Stage {
  /// Takes from the semaphore, and then notes the word.
  func noteAfter(_ semaphore: Semaphore, _ word: String) async throws {
    try await semaphore.wait()
    log.note(word)
  }
}
