import Testing

@testable import HeddleThreads

@Suite("custodians", .timeLimit(.minutes(1)))
struct CustodianTests {
  @Test("CU-02, CU-03, CU-04, CU-05: a shutdown takes all below with it, once, and nothing beside")
  func subtree() async throws {
    try await inWorld { stage in
      let (above, beside) = (try await Custodian(), try await Custodian())
      let below = try await Custodian(below: above)
      let (inside, outside) = (try await idler(under: below), try await idler(under: beside))
      try await above.shutDown()
      try await above.shutDown()
      #expect(inside.isDead)
      #expect(below.isShutDown)
      #expect(outside.isRunning)
      try await beside.shutDown()
    }
  }

  @Test("TH-10, CU-06, CU-13, SR-11: a suspend-to-kill thread survives its last custodian, and lives on under another")
  func adoption() async throws {
    try await inWorld { stage in
      let (first, second) = (try await Custodian(), try await Custodian())
      let thread = try await idler(under: first, suspendsOnKill: true)
      try await first.shutDown()
      #expect(!thread.isDead)
      try await thread.resume()
      #expect(!thread.isRunning)
      try await thread.resume(benefactor: .custodian(second))
      #expect(thread.isRunning)
      #expect(try await second.managed().threads == [thread])
    }
  }

  @Test("CU-07, CU-08, SR-12, SR-21: a thread ends with the last of its custodians")
  func severalManagers() async throws {
    try await inWorld { stage in
      let (first, second) = (try await Custodian(), try await Custodian())
      let thread = try await idler(under: first)
      try await thread.resume(benefactor: .custodian(second))
      try await first.shutDown()
      #expect(thread.isRunning)
      try await second.shutDown()
      #expect(thread.isDead)
    }
  }

  @Test("CU-10, CU-18: authority is the current custodian's; a shutdown needs none")
  func authority() async throws {
    try await inWorld { stage in
      let (own, unrelated) = (try await Custodian(), try await Custodian())
      let thread = try await idler(under: own)
      try await Custodian.current.withValue(unrelated) {
        await #expect(throws: ThreadError.self) { try await thread.kill() }
        #expect(thread.isRunning)
        try await own.shutDown()
      }
      #expect(thread.isDead)
    }
  }

  @Test("CU-12, EV-09: a box holds its value until the shutdown, and is ready from then on")
  func box() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let box = try await CustodianBox("treasure", in: custodian)
      #expect(box.value == "treasure")
      #expect(try await poll(box) == nil)
      try await custodian.shutDown()
      #expect(box.value == nil)
      #expect(try await sync(box) === box)
      await #expect(throws: ThreadError.self) { try await CustodianBox(1, in: custodian) }
    }
  }

  @Test("CU-14: a thread that shuts down its last custodian ends in that call, after all others")
  func ownCustodian() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let other = try await idler(under: custodian)
      let thread = try await Custodian.current.withValue(custodian) {
        try await LocalThread {
          defer { stage.log.note("other is dead: \(other.isDead)") }
          try await custodian.shutDown()
          stage.log.note("went on")
        }
      }
      try await thread.wait()
      try await stage.settle()
      #expect(stage.log.all == ["other is dead: true"])
    }
  }

  @Test("CU-16: members are shown to a custodian strictly above, the living and direct ones alone")
  func members() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let below = try await Custodian(below: custodian)
      let (dead, living) = (try await idler(under: custodian), try await idler(under: custodian))
      _ = try await idler(under: below)
      try await dead.kill()
      let managed = try await custodian.managed()
      #expect(managed.threads == [living])
      #expect(managed.custodians == [below])
      let error = await Custodian.current.withValue(custodian) {
        await #expect(throws: ThreadError.self) { try await custodian.managed() }
      }
      #expect(error?.code == .notAbove)
      try await custodian.shutDown()
    }
  }

  @Test("CU-01: a custodian is below the one given, or below the current one, and not below one that is shut down")
  func below() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let given = try await Custodian(below: above)
      let current = try await Custodian.current.withValue(above) { try await Custodian() }
      #expect(try await above.managed().custodians == [given, current])
      try await above.shutDown()
      #expect(given.isShutDown && current.isShutDown)
      let error = await #expect(throws: ThreadError.self) { try await Custodian(below: given) }
      #expect(error?.code == .custodianShutDown)
    }
  }

  @Test("CU-09: one that is shut down may be made current; what is made then says so, and gives its number")
  func currentShutDown() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      try await custodian.shutDown()
      try await Custodian.current.withValue(custodian) {
        #expect(Custodian.current.value == custodian)
        let attempts: [@Sendable () async throws -> Void] = [
          { _ = try await LocalThread {} }, { try await LocalThread.withNestedThread {} },
          { _ = try await Custodian() }, { _ = try await CustodianBox(1) },
          { _ = try await custodian.onShutdown {} },
        ]
        for attempt in attempts {
          let error = await #expect(throws: ThreadError.self) { try await attempt() }
          #expect(error?.code == .custodianShutDown)
          #expect(error?.description.contains("custodian \(custodian.id)") == true)
        }
        try await Semaphore(1).wait()
      }
    }
  }

  @Test("CU-11: authority over a custodian's threads is also that of the ones above it, at any depth")
  func depth() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let lowest = try await Custodian(below: Custodian(below: above))
      let thread = try await idler(under: lowest)
      try await Custodian.current.withValue(above) { try await thread.kill() }
      #expect(thread.isDead)
    }
  }

  @Test("CU-14: a thread with another custodian goes on behind the shutdown of one; a suspend-to-kill one once adopted")
  func goesOn() async throws {
    try await inWorld { stage in
      let (custodian, other) = (try await Custodian(), try await Custodian())
      let go = Semaphore()
      let body: @Sendable () async throws -> Void = {
        try await go.wait()
        try await custodian.shutDown()
        stage.log.note("went on")
      }
      let rich = try await Custodian.current.withValue(custodian) { try await LocalThread(body) }
      try await rich.resume(benefactor: .custodian(other))
      try await go.post()
      try await rich.wait()
      #expect(stage.log.all == ["went on"])
    }
  }

  @Test("CU-14: a suspend-to-kill thread stops in that call, and goes on behind it when it is adopted")
  func stops() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let thread = try await Custodian.current.withValue(custodian) {
        try await LocalThread(suspendsOnKill: true) {
          try await custodian.shutDown()
          stage.log.note("went on")
        }
      }
      try await sync(thread.suspension)
      try await stage.settle()
      #expect(stage.log.all.isEmpty && !thread.isDead)
      try await thread.resume(benefactor: .custodian(.root))
      try await thread.wait()
      #expect(stage.log.all == ["went on"])
    }
  }

  @Test("CU-08: one shutdown above may take all custodians of a thread at once")
  func allAtOnce() async throws {
    try await inWorld { stage in
      let above = try await Custodian()
      let (first, second) = (try await Custodian(below: above), try await Custodian(below: above))
      let thread = try await idler(under: first)
      try await thread.resume(benefactor: .custodian(second))
      try await above.shutDown()
      #expect(thread.isDead)
    }
  }
}
