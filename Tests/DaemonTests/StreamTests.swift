import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import Testing

@Suite("sessions, events and streams of a daemon", .serialized, .timeLimit(.minutes(1)))
struct StreamTests {
  /// `sh -c script` in the session of whoever spawns it.
  private func program(_ script: String, of daemon: HostedDaemon, stdinPipe: Bool = false) -> Spawn {
    Spawn(
      in: nil,
      argv: ["/bin/sh", "-c", script].map { Array($0.utf8) },
      environment: [daemon.mark, "PATH=/usr/bin:/bin"].map { Array($0.utf8) },
      cwd: Array("/".utf8),
      stdinPipe: stdinPipe
    )
  }

  /// All that comes on a stream.
  private func all(_ stream: RemoteStream) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let chunk = try await stream.read() { bytes += chunk.bytes }
    return bytes
  }

  @Test("what a client made in its session ends when the client does, with all its processes")
  func session() async throws {
    let daemon = try await HostedDaemon()
    let loop = try EventLoop.start()
    let other = try await Supervisor.connect(to: daemon.socketPath, clientName: "other", on: loop)
    let session = try #require(other.welcome?.session)
    let thread = try await other.spawn(program("setsid sleep 1000 & exec sleep 1000", of: daemon))
    #expect(thread.custodians == [session])
    let death = try await daemon.client.event(.death, of: .id(thread.id))
    await other.close()
    loop.stop()
    try await daemon.client.watch(death)
    #expect(daemon.survivors == [])
    #expect(try await daemon.client.wait(for: .id(thread.id)).death.cause == .custodianShutDown(session))
    _ = try await daemon.end()
  }

  @Test("the events of a real suspension and resumption fire, and the barrier waits for them")
  func events() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("exec sleep 1000")
    let suspension = try await daemon.client.event(.suspension, of: thread)
    let watch = Task { try await daemon.client.watch(suspension) }
    try await daemon.client.suspend(thread)
    try await watch.value
    let resumption = try await daemon.client.event(.resumption, of: thread)
    try await daemon.client.resume(thread)
    try await daemon.client.barrier()
    try await daemon.client.watch(resumption)
    _ = try await daemon.client.kill(thread, wait: false)
    try await daemon.client.barrier()
    #expect(try await daemon.client.find(thread).state == .dead)
    _ = try await daemon.end()
  }

  @Test("a program in the foreground: its input, output and errors go through the client, whole and apart")
  func foreground() async throws {
    let daemon = try await HostedDaemon()
    let spawn = program("echo begun >&2; exec tr a-z A-Z", of: daemon, stdinPipe: true)
    let (thread, streams) = try await daemon.client.spawn(
      spawn,
      attachedTo: [.standardInput, .standardOutput, .standardError],
      holdsProgram: true
    )
    // More than the credits and the pipes together hold.
    let lines = (1...200_000).map { "line \($0)\n" }.joined()
    async let written: Void = {
      try await streams[0].write(Array(lines.utf8))
      try await streams[0].end()
    }()
    async let errors = all(streams[2])
    #expect(try await all(streams[1]) == Array(lines.uppercased().utf8))
    try await written
    #expect(try await errors == Array("begun\n".utf8))
    #expect(try await daemon.client.wait(for: .id(thread.id)).death.cause == .exited(code: 0))
    _ = try await daemon.end()
  }

  @Test("a reader that holds the program and reads nothing does, and hears its last words")
  func holding() async throws {
    let daemon = try await HostedDaemon()
    let (thread, streams) = try await daemon.client.spawn(
      program("seq 1 1000000", of: daemon),
      attachedTo: [.standardOutput],
      holdsProgram: true
    )
    let first = try #require(try await streams[0].read())
    // A stream that reads nothing holds up nothing else.
    for _ in 0..<100 { try await daemon.client.barrier() }
    #expect(try await daemon.client.find(.id(thread.id)).state == .running)
    let text = String(decoding: first.bytes + (try await all(streams[0])), as: UTF8.self)
    #expect(text.hasPrefix("1\n2\n") && text.hasSuffix("999999\n1000000\n"))
    #expect(text.utf8.count == 6_888_896)
    _ = try await daemon.end()
  }

  @Test("a log is followed from its beginning to the thread's end")
  func log() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.start("echo one; echo two >&2; read line; echo three", channel: .lines)
    guard case .id(let id) = thread else { return }
    let stream = try await daemon.client.attach(to: .log, of: thread, from: 0)
    var bytes: [UInt8] = []
    while bytes.count < 8 { bytes += try #require(try await stream.read()).bytes }
    try await daemon.client.send([], to: id, waitingForRoom: false)
    bytes += try await all(stream)
    #expect(String(decoding: bytes, as: UTF8.self).split(separator: "\n").sorted() == ["one", "three", "two"])
    _ = try await daemon.end()
  }

  @Test(
    "with a state directory a log is in a file of its name, which makes room; what the disk refuses is in memory, and told"
  )
  func logFiles() async throws {
    let state = URL(filePath: "/tmp/heddle-state-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: state) }
    let logs = state.appending(path: "logs")
    // What stands where a file should be is as good as a full disk.
    try FileManager.default.createDirectory(at: logs.appending(path: "bad.log"), withIntermediateDirectories: true)
    let old = Data(repeating: UInt8(ascii: "x"), count: 10 << 20)
    try old.write(to: logs.appending(path: "good.log"))
    let daemon = try await HostedDaemon(stateDirectory: state.path)
    let good = try await daemon.start("seq 1 1000", name: "good")
    let bad = try await daemon.start("seq 1 100; seq 1 100; echo end", name: "bad")
    for thread in [good, bad] { _ = try await daemon.client.wait(for: thread) }
    #expect(try await daemon.output(of: bad).hasSuffix("100\nend\n"))
    _ = try await daemon.end()
    #expect(try Data(contentsOf: logs.appending(path: "good.log.1")) == old)
    let new = try String(contentsOf: logs.appending(path: "good.log"), encoding: .utf8)
    #expect(new == (1...1_000).map { "\($0)\n" }.joined())
    let told = daemon.logLines.filter { $0.contains("bad.log") }
    #expect(told.count == 1 && told[0].contains("kept in memory alone"))
  }
}
