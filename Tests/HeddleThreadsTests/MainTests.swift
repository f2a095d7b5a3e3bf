import HeddleThreads
import Testing

// A program's main thread ends its process, so each story is a process of its own.

/// `LocalThread.runMain`, without saying that it never returns: an exit test ends with code of its own.
private func runMain(_ body: @escaping @Sendable () async throws -> Void) async { await LocalThread.runMain(body) }

@Suite("the main thread", .timeLimit(.minutes(1)))
struct MainTests {
  @Test("SR-49: when it returns the process ends with status 0, and no other thread holds it")
  func returns() async {
    await #expect(processExitsWith: .exitCode(0)) {
      await runMain {
        _ = try await LocalThread { while true { try await LocalThread.checkpoint() } }
        _ = try await LocalThread { try await sync(never(Void.self)) }
      }
    }
  }

  @Test("SR-33: when it is killed the process ends with status 0, and nothing of it or the others runs on")
  func killed() async {
    let result = await #expect(processExitsWith: .exitCode(0), observing: [\.standardOutputContent]) {
      await runMain {
        defer { print("unwound", terminator: "\n") }
        let main = LocalThread.current
        let ready = Semaphore()
        _ = try await LocalThread {
          try await ready.post()
          try await main.wait()
          while true { try await LocalThread.checkpoint() }
        }
        try await ready.wait()
        print("killed")
        try await main.kill()
        print("went on")
      }
    }
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("killed\n") && !output.contains("went on"))
  }

  @Test("SR-33: another thread may kill it, which ends the process in that call")
  func killedByAnother() async {
    await #expect(processExitsWith: .exitCode(0)) {
      await runMain {
        let main = LocalThread.current
        _ = try await LocalThread { try await main.kill() }
        try await sync(never(Void.self))
      }
    }
  }

  @Test("an error that ends it is reported, and the status is 1")
  func throwing() async {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      struct Trouble: Error {}
      await runMain { throw Trouble() }
    }
    let report = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(report.contains("Trouble()"))
  }

  @Test("BR-15: a break that nothing handles ends it as an error does")
  func broken() async {
    await #expect(processExitsWith: .exitCode(1)) {
      await runMain {
        let main = LocalThread.current
        _ = try await LocalThread { try await main.sendBreak() }
        try await sync(never(Void.self))
      }
    }
  }

  @Test("SR-45: another thread may suspend and resume it")
  func suspended() async {
    await #expect(processExitsWith: .exitCode(0)) {
      struct NotSuspended: Error {}
      await runMain {
        let main = LocalThread.current
        let suspension = main.suspension
        _ = try await LocalThread {
          try await main.suspend()
          try await main.resume()
        }
        try await sync(suspension)
        guard main.isRunning else { throw NotSuspended() }
      }
    }
  }

  @Test("BR-08: it is a thread, under the root custodian, with breaks enabled, whatever its caller has")
  func setting() async {
    await #expect(processExitsWith: .exitCode(0)) {
      struct Wrong: Error {}
      let custodian = try await Custodian()
      await Custodian.current.withValue(custodian) {
        await runMain {
          guard Custodian.current.value == .root, LocalThread.areBreaksEnabled else { throw Wrong() }
          try await LocalThread.current.send("mail")
          _ = try await LocalThread.receive()
        }
      }
    }
  }
}
