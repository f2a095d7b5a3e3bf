import Daemon
import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import Testing

@Suite("a real daemon with real programs", .serialized, .timeLimit(.minutes(1)))
struct DaemonTests {
  @Test("a program's output is kept, and a wait tells how it ended")
  func output() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("echo out; echo err >&2; exit 7")
    #expect(try await daemon.client.wait(for: thread).death.cause == .exited(code: 7))
    let output = try await daemon.output(of: thread)
    #expect(output.split(separator: "\n").sorted() == ["err", "out"])
    #expect(try await daemon.end() == 0)
  }

  @Test("output of more than a pipe holds, written last, is read to its end before the thread is dead")
  func lastWords() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("seq 1 30000")
    #expect(try await daemon.output(of: thread).hasSuffix("29999\n30000\n"))
    // Of a dead thread the end of the log is kept; the rest was read, too.
    let log = try await daemon.client.logs(of: thread)
    #expect(log.droppedBytes + log.text.count == (1...30_000).reduce(0) { $0 + "\($1)\n".utf8.count })
    _ = try await daemon.end()
  }

  @Test("a program that cannot be started is refused with the system's reason")
  func cannotStart() async throws {
    let daemon = try await HostedDaemon()
    let spawn = Spawn(argv: [Array("no-such-program".utf8)], cwd: Array("/".utf8))
    await #expect {
      try await daemon.client.spawn(spawn)
    } throws: { error in
      guard let refusal = (error as? ClientError)?.refusal else { return false }
      return refusal.code == .cannotStart && refusal.errorNumber == ENOENT
    }
    _ = try await daemon.end()
  }

  @Test("far more mail than a mailbox holds reaches a slow program, in order and whole")
  func backpressure() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start(
      "sleep 0.1; exec awk '$0 != NR { wrong++ } END { print NR, wrong + 0 }'",
      channel: .lines
    )
    guard case .id(let id) = thread else { return }
    for first in stride(from: 1, through: 20_000, by: 1_000) {
      try await daemon.client.post(contentsOf: (first..<first + 1_000).map { Array("\($0)".utf8) }, to: id)
    }
    try await daemon.client.flush()
    try await daemon.client.endMail(of: thread)
    #expect(try await daemon.output(of: thread) == "20000 0\n")
    _ = try await daemon.end()
  }

  @Test("a suspended program does nothing, its mail waits, and a resume brings both back")
  func suspend() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("exec cat", channel: .lines)
    guard case .id(let id) = thread else { return }
    try await daemon.client.suspend(thread)
    let pid = try #require(try await daemon.client.find(thread).pid)
    #expect(try HostedDaemon.standsStill(pid))
    try await daemon.client.send(Array("waited".utf8), to: id, waitingForRoom: false)
    #expect(try await daemon.client.find(thread).mail.messages == 1)
    try await daemon.client.resume(thread)
    try await daemon.client.endMail(of: thread)
    #expect(try await daemon.output(of: thread) == "waited\n")
    _ = try await daemon.end()
  }

  @Test("a custodian's shutdown leaves nothing: no child, no grandchild in a session of its own")
  func shutdown() async throws {
    let daemon = try await HostedDaemon()
    let job = try CustodianPath(parsing: "job")
    try await daemon.client.custodianNew(job)
    let thread = try await daemon.start(
      "setsid sleep 1000 & (sleep 1000 &) ; echo ready; exec sleep 1000",
      in: job
    )
    let started = try await daemon.client.find(thread)
    #expect(started.custodians == [job])
    while try await daemon.client.logs(of: thread).text.isEmpty { await Task.yield() }
    while daemon.survivors.count < 3 { await Task.yield() }
    let report = try await daemon.client.custodianShutdown(job)
    #expect(report.threads == 1)
    #expect(report.processes == 3)
    #expect(daemon.survivors == [])
    _ = try await daemon.end()
  }

  @Test("a break is a signal that a program may act on")
  func breaks() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("trap 'echo hup; exit 3' HUP; echo ready; while :; do :; done")
    while try await daemon.client.logs(of: thread).text.isEmpty { await Task.yield() }
    try await daemon.client.sendBreak(.hangUp, to: thread)
    #expect(try await daemon.client.wait(for: thread).death.cause == .exited(code: 3))
    #expect(try await daemon.output(of: thread) == "ready\nhup\n")
    _ = try await daemon.end()
  }

  @Test("the socket is its owner's alone; a second daemon there is refused; what a dead one left is replaced")
  func socket() async throws {
    let daemon = try await HostedDaemon()
    let attributes = try FileManager.default.attributesOfItem(atPath: daemon.socketPath)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(throws: DaemonError.self) {
      try Daemon.serve(HostedDaemon.configuration(at: daemon.socketPath) { _ in })
    }
    _ = try await daemon.end()
    #expect(!FileManager.default.fileExists(atPath: daemon.socketPath))
  }

  @Test("whoever waits for the last thread is answered before the daemon leaves")
  func lastDeath() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("exec sleep 1000")
    let loop = try EventLoop.start()
    let other = try await Supervisor.connect(to: daemon.socketPath, clientName: "other", on: loop)
    let death = Task { try await other.wait(for: thread).death.cause }
    // On the same connection and behind it: answered when the wait is open.
    await Task.yield()
    try await other.barrier()
    #expect(try await daemon.end() == 0)
    #expect(try await death.value == .custodianShutDown(.main))
    await other.close()
    loop.stop()
  }

  @Test("a client that asks for much and reads nothing is not answered without a bound")
  func flood() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("seq 1 60000; exec sleep 1000")
    while try await daemon.client.logs(of: thread).droppedBytes == 0 { await Task.yield() }
    func residentKiB() throws -> Int {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
      return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
    let before = try residentKiB()
    let flood = try RawClient(at: daemon.socketPath)
    try flood.send(requests: 2_000, of: .logs(thread))
    // The others are served meanwhile.
    for _ in 0..<100 { try await daemon.client.barrier() }
    #expect(try residentKiB() - before < 100_000)
    #expect(try flood.countReplies(upTo: 2_000) == 2_000)
    _ = try await daemon.end()
  }

  @Test("a client that says no more still gets the answers to what it has said")
  func halfClosed() async throws {
    let daemon = try await HostedDaemon()
    let client = try RawClient(at: daemon.socketPath)
    try client.send(requests: 100, of: .daemonStatus)
    try client.endWriting()
    #expect(try client.countReplies(upTo: .max) == 100)
    _ = try await daemon.end()
  }

  @Test("a file that is no socket is not removed for one")
  func notASocket() throws {
    let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(at: directory) }
    let diary = directory.appending(path: "diary.txt")
    try Data("dear diary".utf8).write(to: diary)
    #expect(throws: DaemonError.self) {
      try Daemon.serve(HostedDaemon.configuration(at: diary.path) { _ in })
    }
    #expect(try String(contentsOf: diary, encoding: .utf8) == "dear diary")
  }

  @Test("a directory that others may enter is no place for the socket")
  func openDirectory() throws {
    let directory = URL(filePath: "/tmp/heddle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o755]
    )
    defer { try? FileManager.default.removeItem(at: directory) }
    #expect(throws: DaemonError.self) {
      try Daemon.serve(HostedDaemon.configuration(at: directory.appending(path: "s").path) { _ in })
    }
  }
}
