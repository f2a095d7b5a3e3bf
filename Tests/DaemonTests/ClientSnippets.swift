import HeddleClient
import HeddleThreads
import Testing

// The code of the client library's catalogue, where it is compiled and run: each of its blocks stands here, line by line.

@Suite("the client library's code", .serialized, .timeLimit(.minutes(1)))
struct ClientSnippets {
  @Test("a program's death and a time are one choice")
  func choice() async throws {
    try await HostedDaemon.run { (hosted: HostedDaemon) in
      let socket = hosted.socketPath
      let supervisor = try await Supervisor.connect(to: socket)
      var build = Program("make", "--version")
      build.name = "build"
      let thread = try await supervisor.spawn(build)
      let outcome = try await sync(
        thread.death.wrap { _ in "it is done" },
        after(.seconds(60)).wrap { "it takes too long" }
      )
      #expect(outcome == "it is done")
      await supervisor.close()
    }
  }

  @Test("the README's twenty lines")
  func readme() async throws {
    try await HostedDaemon.run { (hosted: HostedDaemon) in
      let socket = hosted.socketPath
      let supervisor = try await Supervisor.connect(to: socket)
      let job = try await supervisor.custodian("/main").makeCustodian(named: "job")
      var program = Program("sh", "-c", "setsid sleep 1000 & echo ready; exec sleep 1000")
      program.custodian = job
      let worker = try await supervisor.spawn(program)

      // Nothing of it executes any more, and then it goes on where it was.
      try await worker.suspend()
      try await worker.resume()

      // The first of these. What is remote and what is local compose.
      let orders = Channel<String>()
      let news = try await sync(
        worker.death.wrap { "it is dead: \($0)" },
        orders.getting,
        after(.milliseconds(10)).wrap { "it takes too long" }
      )

      // Returns when both processes are gone.
      try await job.shutDown()
      #expect(news == "it takes too long")
      #expect(try await worker.isDead())
      await supervisor.close()
    }
  }

  @Test("a job ends by its custodian")
  func job() async throws {
    try await HostedDaemon.run { supervisor in
      let job = try await supervisor.custodian("/main").makeCustodian(named: "job")
      try await RemoteCustodian.current.withValue(job) {
        _ = try await supervisor.spawn(Program("sleep", "1000"))
        _ = try await supervisor.spawn(Program("sleep", "2000"))
      }
      // Returns when both are dead, and every process that they had.
      let shutdown = try await job.shutDown()
      #expect(shutdown.threads == 2)
    }
  }

  @Test("lines are mail")
  func lines() async throws {
    try await HostedDaemon.run { supervisor in
      let sorter = try await supervisor.spawn(Program("sort", channel: .lines))
      for word in ["pear", "apple", "fig"] { try await sorter.post(word.utf8) }
      try await sorter.endMail()
      try await sorter.wait()
      let sorted = String(decoding: try await sorter.log(), as: UTF8.self)
      #expect(sorted == "apple\nfig\npear\n")
    }
  }

  @Test("a program that never waits gets slices of time")
  func slices() async throws {
    try await HostedDaemon.run { supervisor in
      let busy = try await supervisor.spawn(Program("sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"))
      let work = try await Coroutine(over: busy)
      while try await !work.run(for: .milliseconds(50)) {
        // It stands still here, wherever it was.
      }
      let report = try await busy.wait()
      #expect(report.exitStatus == 0)
    }
  }
}
