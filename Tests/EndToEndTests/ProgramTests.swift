import Foundation
import TestPrograms
import Testing

@Suite("what the tests start programs with", .serialized, .timeLimit(.minutes(2)))
struct ProgramTests {
  @Test("a program that outlives its time is killed, and named with what it wrote")
  func outlived() throws {
    let program = try StartedProgram("/bin/sh", ["-c", "echo here; exec sleep 1000"])
    #expect(program.output.wait { $0 == "here\n" })
    let error = #expect(throws: ProgramError.self) { try program.wait(atMost: .milliseconds(10)) }
    #expect(error?.description.contains("exec sleep 1000: it did not end within") == true, "\(error as Any)")
    #expect(error?.description.hasSuffix("it had written: here\n") == true, "\(error as Any)")
    #expect(try program.wait() == .signalled(SIGKILL))
  }

  @Test("who keeps what a program writes open after its end keeps no test")
  func leftBehind() async throws {
    let program = try StartedProgram("/bin/sh", ["-c", "sleep 1000 & echo $!"])
    #expect(try program.wait() == .exited(0))
    #expect(throws: ProgramError.self) { try program.waitForAll(atMost: .milliseconds(10)) }
    let sleeper = try #require(Int32(program.output.text.dropLast()))
    kill(sleeper, SIGKILL)
  }

  @Test("a test that is cancelled ends with its program")
  func cancelled() async throws {
    let program = try StartedProgram("/bin/sleep", ["1000"])
    let run = Task { try await program.runToEnd() }
    run.cancel()
    await #expect(throws: ProgramError.self) { try await run.value }
    #expect(try program.wait() == .signalled(SIGKILL))
  }

  @Test("of 200 pairs that are started at once none has a descriptor of another")
  func pairs() async throws {
    try await withThrowingTaskGroup { group in
      for _ in 0..<200 {
        group.addTask {
          // On threads of their own: the tasks have but as many as there are processors.
          async let staying = start("exec sleep 1000")
          async let short = start("exec ls -m /proc/self/fd")
          let (stays, ends) = try await (staying, short)
          // One that stays would hold it open.
          #expect(try await ends.runToEnd() == .exited(0))
          // The last is the directory that is listed.
          #expect(ends.output.text == "0, 1, 2, 3\n")
          stays.signal(SIGKILL)
          #expect(try await stays.runToEnd() == .signalled(SIGKILL))
        }
      }
      try await group.waitForAll()
    }
  }

  private func start(_ script: String) async throws -> StartedProgram {
    try await withCheckedThrowingContinuation { waiter in
      Thread.detachNewThread { waiter.resume(with: Result { try StartedProgram("/bin/sh", ["-c", script]) }) }
    }
  }
}
