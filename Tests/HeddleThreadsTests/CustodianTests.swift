import Testing

@testable import HeddleThreads

@Suite("custodians", .timeLimit(.minutes(1)))
struct CustodianTests {
  /// A thread that waits for ever under `custodian`.
  private func idler(under custodian: Custodian, suspendsOnKill: Bool = false) async throws -> LocalThread {
    try await Custodian.current.withValue(custodian) {
      try await LocalThread(suspendsOnKill: suspendsOnKill) { try await sync(never(Void.self)) }
    }
  }

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

}
