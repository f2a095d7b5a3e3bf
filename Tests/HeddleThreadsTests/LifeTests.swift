import Synchronization
import Testing

@testable import HeddleThreads

@Suite("a thread's life", .timeLimit(.minutes(1)))
struct LifeTests {
  @Test("TH-01: a thread is there before its body has ended")
  func handleAtOnce() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let thread = try await LocalThread { try await go.wait() }
      #expect(thread.isRunning)
      try await go.post()
      try await thread.wait()
    }
  }

  @Test("TH-03, SR-41: a thread ends when its body returns, and is not running from then on")
  func returns() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {}
      try await thread.wait()
      #expect(thread.isDead)
      #expect(!thread.isRunning)
    }
  }

  @Test("TH-05: the current thread is the one that its creator got")
  func current() async throws {
    try await inWorld { stage in
      let inside = Channel(of: LocalThread.self)
      let thread = try await LocalThread { try await inside.put(.current) }
      let seen = try await inside.get()
      #expect(seen === thread)
      #expect(LocalThread.current != thread)
    }
  }

  @Test("TH-06, CU-17: a thread is managed by its creator's current custodian, then and later")
  func managedByCurrent() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let thread = try await Custodian.current.withValue(custodian) {
        try await LocalThread { try await sync(never(Void.self)) }
      }
      #expect(try await custodian.managed().threads == [thread])
      try await custodian.shutDown()
      #expect(thread.isDead)
    }
  }

  @Test("TH-07, CU-09: nothing is created under a custodian that is shut down")
  func refusedUnderShutDown() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      try await custodian.shutDown()
      await Custodian.current.withValue(custodian) {
        let error = await #expect(throws: ThreadError.self) { try await LocalThread {} }
        #expect(error?.code == .custodianShutDown)
        await #expect(throws: ThreadError.self) { try await Custodian() }
        await #expect(throws: ThreadError.self) { try await LocalThread.withNestedThread {} }
      }
    }
  }

  @Test("TH-24: a parameter is inherited at creation, and private after")
  func parameters() async throws {
    try await inWorld { stage in
      let colour = Parameter("none")
      try await colour.withValue("red") {
        let thread = try await LocalThread {
          await colour.withValue(colour.value + "dish") { stage.log.note(colour.value) }
        }
        try await colour.withValue("blue") { try await thread.wait() }
        #expect(colour.value == "red")
      }
      #expect(stage.log.all == ["reddish"])
      #expect(colour.value == "none")
    }
  }

  @Test("SR-33: a dead thread's release lets those go on who wait for it; ST-01, ST-22: all of them")
  func waiters() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      for number in 1...3 {
        _ = try await LocalThread {
          try await thread.wait()
          stage.log.note("\(number)")
        }
      }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.kill()
      try await stage.settle()
      #expect(stage.log.all.sorted() == ["1", "2", "3"])
    }
  }

  @Test("SR-38, SR-39: a sleep lasts as long as it was asked to, also while the thread is suspended")
  func sleep() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.sleep(for: .milliseconds(10))
        stage.log.note("awake")
      }
      try await stage.settle()
      stage.advance(by: .milliseconds(9))
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.suspend()
      stage.advance(by: .milliseconds(1))
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["awake"])
    }
  }

  @Test("SR-38: a negative sleep is refused")
  func negativeSleep() async throws {
    let error = await #expect(throws: ThreadError.self) { try await LocalThread.sleep(for: .seconds(-1)) }
    #expect(error?.code == .negativeDuration)
  }

  @Test("a sleep on the system's clock ends")
  func realSleep() async throws {
    let thread = try await LocalThread { try await LocalThread.sleep(for: .milliseconds(2)) }
    let start = ContinuousClock.now
    try await thread.wait()
    #expect(thread.isDead)
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test("code outside of any thread cannot be stopped, killed or broken, and is told what can")
  func outside() async throws {
    for attempt in [LocalThread.current.suspend, LocalThread.current.kill] {
      let error = await #expect(throws: ThreadError.self) { try await attempt() }
      #expect(error?.code == .ungated)
      #expect(error?.description.contains("runMain") == true)
    }
    await #expect(throws: ThreadError.self) { try await LocalThread.current.sendBreak() }
    #expect(LocalThread.current.isRunning)
  }

  @Test("TH-33: a table that threads share under a lock loses no update, whoever is suspended and killed meanwhile")
  func sharedTable() async throws {
    try await inWorld { stage in
      let table = Mutex<[Int: Int]>([:])
      var threads: [LocalThread] = []
      for number in 0..<8 {
        threads.append(
          try await LocalThread {
            for _ in 0..<200 {
              table.withLock { $0[number % 4, default: 0] += 1 }
              try await LocalThread.checkpoint()
            }
          }
        )
      }
      for thread in threads {
        try await thread.suspend()
        try await thread.resume()
      }
      for thread in threads { try await thread.wait() }
      #expect(table.withLock(\.self) == [0: 400, 1: 400, 2: 400, 3: 400])
    }
  }

  @Test("SR-38: a sleep of no time lets others go first")
  func noTime() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 1))
    try await World.$outside.withValue(world) {
      let log = Log()
      let creator = try await LocalThread {
        for word in ["first", "second"] {
          _ = try await LocalThread {
            log.note(word)
            try await LocalThread.sleep()
            log.note(word)
          }
        }
        try await sync(systemIdle)
      }
      try await creator.wait()
      #expect(log.all == ["first", "second", "first", "second"])
    }
  }

  @Test("SR-39: a break ends a sleep if it is let in; one that is kept out does not shorten it")
  func brokenSleep() async throws {
    try await inWorld { stage in
      for setting in [BreakSetting.enabled, .disabled] {
        let thread = try await LocalThread {
          do {
            try await LocalThread.withBreaks(setting) {
              try await LocalThread.sleep(for: .seconds(1))
              stage.log.note("slept")
            }
          } catch is BreakError { stage.log.note("broken") }
        }
        try await stage.settle()
        try await thread.sendBreak()
        try await stage.settle()
        #expect(thread.isDead == (setting == .enabled))
        stage.advance(by: .seconds(1))
        try await thread.wait()
      }
      #expect(stage.log.all == ["broken", "slept", "broken"])
    }
  }
}
