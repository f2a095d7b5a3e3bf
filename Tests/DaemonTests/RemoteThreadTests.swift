import Foundation
import HeddleClient
import HeddleThreads
import Testing

/// Threads that are processes, as a program sees them that uses the client library.
@Suite("remote threads", .serialized, .timeLimit(.minutes(1)))
struct RemoteThreadTests {
  @Test("a thread is made, found by its name and by its reference, and waited for")
  func life() async throws {
    try await HostedDaemon.run { supervisor in
      var program = Program("/bin/sh", "-c", "read line; exit 7", channel: .lines)
      program.name = "seven"
      program.custodian = try supervisor.custodian("/main")
      let thread = try await supervisor.spawn(program)
      #expect(try await supervisor.thread(named: "seven") == thread)
      #expect(try supervisor.thread(referredToBy: thread.reference) == thread)
      #expect(try await thread.status().custodians == ["/main"])
      #expect(try await thread.isRunning())
      try await thread.send("go".utf8)
      #expect(try await thread.wait().exitStatus == 7)
      #expect(try await thread.isDead())
    }
  }

  @Test("a death, a suspension and a local channel are one choice")
  func choice() async throws {
    try await HostedDaemon.run { supervisor in
      let (one, other) = (try await supervisor.sleeper(), try await supervisor.sleeper())
      let suspension = try await other.suspension()
      #expect(try await poll(one.death.wrap { _ in "dead" }, suspension.wrap { _ in "suspended" }) == nil)
      try await other.suspend()
      #expect(try await sync(one.death.wrap { _ in "dead" }, suspension.wrap { _ in "suspended" }) == "suspended")
      try await one.kill()
      #expect(try await poll(one.death) == one.death)
      // What has happened stays ready.
      try await other.resume()
      #expect(try await sync(suspension) == other)
    }
  }

  @Test("a waiting thread is broken, and its request is withdrawn")
  func brokenWait() async throws {
    try await HostedDaemon.run { supervisor in
      let sleeper = try await supervisor.sleeper()
      let thread = try await LocalThread {
        await #expect(throws: BreakError.self) { try await sleeper.wait() }
      }
      // Behind its request.
      _ = try await sleeper.status()
      try await thread.sendBreak()
      try await thread.wait()
      #expect(try await sleeper.isRunning())
    }
  }

  @Test("a send that waits for room is taken back when its time is up, and later ones are queued in their order")
  func takenBack() async throws {
    try await HostedDaemon.run { supervisor in
      var program = Program("/bin/cat", channel: .none)
      program.mailbox = (messages: 1, bytes: 100)
      program.hasStandardInput = true
      let thread = try await supervisor.spawn(program)
      try await thread.send("first".utf8)
      await #expect { try await thread.send("second".utf8) } throws: { ($0 as? ClientError)?.code == .mailboxFull }
      await #expect { try await thread.send("third".utf8, waitingUpTo: .zero) } throws: {
        ($0 as? ClientError)?.code == .mailboxFull
      }
      #expect(try await thread.status().mail == 1)
      try await thread.kill()
      #expect(try await thread.trySend("fourth".utf8) == false)
    }
  }

  @Test("mail to a suspended thread waits, unless it is not to")
  func suspendedReceiver() async throws {
    try await HostedDaemon.run { supervisor in
      let thread = try await supervisor.sleeper()
      try await thread.suspend()
      try await thread.send("waits".utf8)
      await #expect { try await thread.send("fails".utf8, whenSuspended: .fail) } throws: {
        ($0 as? ClientError)?.code == .suspended
      }
      #expect(try await thread.send("fails".utf8, whenSuspended: .fail) { "failed" } == "failed")
      #expect(try await thread.status().mail == 1)
    }
  }

  @Test("a custodian's shutdown ends what is in it, below it, and nothing beside it")
  func custodians() async throws {
    try await HostedDaemon.run { supervisor in
      let job = try await supervisor.custodian("/main").makeCustodian(named: "job")
      let part = try await job.makeCustodian(named: "part")
      let (inner, outer) = (try await supervisor.sleeper(in: part), try await supervisor.sleeper())
      #expect(try await job.members().custodians == [part])
      #expect(try await job.members().threads == [])
      #expect(try await part.members().threads == [inner])
      #expect(try await job.shutDown().threads == 1)
      #expect(try await part.isShutDown())
      #expect(try await inner.isDead())
      #expect(try await outer.isRunning())
    }
  }
}

/// A program run as a nested thread of a local one.
@Suite("nested processes", .serialized, .timeLimit(.minutes(1)))
struct NestedProcessTests {
  @Test("its value is the exit status")
  func value() async throws {
    try await HostedDaemon.run { supervisor in
      let status = try await supervisor.withNestedProcess(Program("/bin/sh", "-c", "exit 7"))
      #expect(status == 7)
    }
  }

  @Test("killed by others it has no value")
  func killed() async throws {
    try await HostedDaemon.run { supervisor in
      let started = Promise<RemoteThread>()
      let killer = Task { try await sync(started).kill() }
      await #expect {
        try await supervisor.withNestedProcess(Program("/bin/sleep", "1000")) { started.fulfill($0) }
      } throws: {
        ($0 as? ClientError)?.code == .nestedThreadKilled
      }
      try await killer.value
    }
  }

  @Test("a break of the caller goes to it, also while the caller keeps breaks out, and comes back as that break")
  func breaks() async throws {
    try await HostedDaemon.run { supervisor in
      let started = Promise<RemoteThread>()
      let caller = try await LocalThread {
        try await LocalThread.withBreaks(.disabled) {
          _ = await #expect(throws: BreakError(.hangUp)) {
            try await supervisor.withNestedProcess(Program("/bin/sleep", "1000")) { started.fulfill($0) }
          }
        }
      }
      _ = try await sync(started)
      try await caller.sendBreak(.hangUp)
      try await caller.wait()
    }
  }

  @Test("when the caller is killed it gets a break, and lives on")
  func orphan() async throws {
    try await HostedDaemon.run { supervisor in
      let started = Promise<RemoteThread>()
      let caller = try await LocalThread {
        let program = Program("/bin/sh", "-c", "trap 'echo broken; exit 3' INT; while :; do sleep 0.01; done")
        _ = try await supervisor.withNestedProcess(program) { started.fulfill($0) }
      }
      let nested = try await sync(started)
      try await caller.kill()
      // The shell may not have set its trap yet.
      let cause = try await nested.wait().cause
      #expect([.exited(status: 3), .signalled(number: SIGINT, coreDumped: false)].contains(cause))
    }
  }
}

/// The workers among the examples, as anybody would use them.
@Suite("workers", .serialized, .timeLimit(.minutes(1)))
struct WorkerLibraryTests {
  @Test("a worker counts the words of its mail, answers another, and ends with its mail")
  func words() async throws {
    try await HostedDaemon.run { supervisor in
      let words = try await supervisor.spawn(example("word-count"))
      var listening = Program("/bin/sh", "-c", "read line; echo $line", channel: .lines)
      listening.custodian = try supervisor.custodian("/main")
      let listener = try await supervisor.spawn(listening)
      try await words.post("the quick brown fox".utf8)
      try await words.post("jumps".utf8)
      try await words.post("? \(listener.reference)".utf8)
      try await words.post("over the lazy dog".utf8)
      try await words.endMail()
      try await listener.wait()
      #expect(String(decoding: try await listener.log(), as: UTF8.self) == "5\n")
      #expect(try await words.wait().exitStatus == 0)
      #expect(String(decoding: try await words.log(), as: UTF8.self) == "9 words\n")
    }
  }

  @Test("a worker that never waits hears breaks at its checkpoints")
  func breaks() async throws {
    try await HostedDaemon.run { supervisor in
      let primes = try await supervisor.spawn(example("primes"))
      try await primes.sendBreak()
      try await supervisor.barrier()
      try await primes.sendBreak(.terminate)
      #expect(try await primes.wait().exitStatus == 0)
      let lines = String(decoding: try await primes.log(), as: UTF8.self).split(separator: "\n")
      // One that was pending takes the stronger kind.
      #expect((1...2).contains(lines.count) && lines.allSatisfy { $0.contains(" primes below ") })
    }
  }

  @Test("a busy C program is given 50 milliseconds at a time")
  func slices() async throws {
    try await HostedDaemon.run { supervisor in
      let busy = try await supervisor.spawn(Program(built("example-busy"), "300"))
      let work = try await Coroutine(over: busy)
      var slices = 1
      while try await !work.run(for: .milliseconds(50)) {
        #expect(try await !busy.isRunning())
        slices += 1
      }
      #expect(slices > 1)
      #expect(try await busy.wait().exitStatus == 0)
    }
  }

  /// A worker among the examples, in no session.
  private func example(_ name: String) -> Program { Program(built("example-\(name)"), channel: .frames) }

  /// A program of this package.
  private func built(_ name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }
}

extension HostedDaemon {
  /// Has `story` played with a daemon of its own, and a connection to that.
  static func run(_ story: (Supervisor) async throws -> Void) async throws {
    try await run { (hosted: HostedDaemon) in try await story(hosted.client) }
  }

  /// As `run`, for a story that connects by itself.
  static func run(_ story: (HostedDaemon) async throws -> Void) async throws {
    let daemon = try await HostedDaemon()
    do { try await story(daemon) } catch {
      _ = try await daemon.end()
      throw error
    }
    _ = try await daemon.end()
  }
}
