import Testing

@testable import HeddleThreads

@Suite("a thread with which its custodian ends", .timeLimit(.minutes(1)))
struct TenantTests {
  @Test(
    "however it ends, its custodian is shut down, and what else is under that",
    arguments: ["return", "raise", "kill"]
  )
  func ends(how: String) async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let fellow = try await idler(under: custodian)
      let thread = try await LocalThread.tenant(of: custodian, limit: nil) {
        switch try await LocalThread.receive() as? String {
        case "raise": throw Mishap()
        case "kill": try await sync(never(Void.self))
        default: break
        }
      }
      try await stage.settle()
      #expect(!custodian.isShutDown)
      try await thread.send(how)
      if how == "kill" { try await thread.kill() }
      try await sync(custodian.shutdown)
      try await fellow.wait()
      #expect(thread.isDead && stage.reports.all.isEmpty)
    }
  }

  @Test("after its time it is broken, and after twice that its custodian is shut down; what ends before is left alone")
  func limits() async throws {
    try await inWorld { stage in
      let (first, second) = (try await Custodian(), try await Custodian())
      try await LocalThread.tenant(of: first, limit: .seconds(10)) {}
      let thread = try await LocalThread.tenant(of: second, limit: .seconds(10)) {
        do { try await sync(never(Void.self)) } catch is BreakError { stage.log.note("broken") }
        try await sync(never(Void.self))
      }
      try await stage.settle()
      #expect(first.isShutDown && !second.isShutDown)
      stage.advance(by: .seconds(9.999))
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      stage.advance(by: .seconds(0.001))
      try await stage.settle()
      #expect(stage.log.all == ["broken"])
      stage.advance(by: .seconds(9.999))
      try await stage.settle()
      #expect(!thread.isDead)
      stage.advance(by: .seconds(0.001))
      try await thread.wait()
      #expect(second.isShutDown)
    }
  }

  @Test("nothing is made under a custodian that is shut down")
  func refused() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      try await custodian.shutDown()
      let error = await #expect(throws: ThreadError.self) {
        try await LocalThread.tenant(of: custodian, limit: nil) { stage.log.note("ran") }
      }
      #expect(error?.code == .custodianShutDown && stage.log.all.isEmpty)
    }
  }
}
