import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

/// Senders, workers and clients, that are killed at made-up instants, beside what they may not take along.
struct Storm {
  let scene: Scene
  let seed: UInt64
  private let mail = NumberedMail()
  /// Where the receivers write.
  private let records: (frames: String, lines: String)
  private static let sendersCount = 6
  /// How often each sender is killed and made anew.
  private static let livesCount = 4

  init(_ scene: Scene, seed: UInt64) {
    self.scene = scene
    self.seed = seed
    records = (scene.daemon.directory.path + "/frames", scene.daemon.directory.path + "/lines")
  }

  func blow() async throws {
    let receivers = try await startReceivers()
    // One of each first, so that what the daemon makes once and for all is there.
    for index in 0...1 { try await live(index, life: 0, receivers[index], until: 1) }
    let descriptors = scene.daemonDescriptors
    let kept = try await Kept(scene)
    try await withThrowingTaskGroup { group in
      for index in 0..<Self.sendersCount { group.addTask { try await send(index, receivers[index % 2]) } }
      try await group.waitForAll()
    }
    try await kept.check(scene)
    #expect(await eventually { scene.zombies.isEmpty }, "seed \(seed)")
    #expect(await eventually { scene.daemonDescriptors == descriptors }, "seed \(seed)")
    try await compareMail(receivers)
    #expect(scene.processes.all == [], "seed \(seed)")
  }

  // MARK: - Receivers

  /// One on each channel.
  private func startReceivers() async throws -> [ThreadID] {
    let worker = try scene.spawn("heddle-test-worker", "record", records.frames, channel: .frames)
    let plain = try scene.spawn("sh", "-c", "exec cat > '\(records.lines)'", channel: .lines)
    return [try await scene.client.spawn(worker).id, try await scene.client.spawn(plain).id]
  }

  /// They live to the end of their mail; what they have written is what was accepted.
  private func compareMail(_ receivers: [ThreadID]) async throws {
    for receiver in receivers {
      try await scene.client.endMail(of: .id(receiver))
      #expect(try await scene.client.wait(for: .id(receiver)).death.cause == .exited(code: 0))
    }
    let texts = try [records.frames, records.lines].map { try String(contentsOfFile: $0, encoding: .utf8) }
    let lines = texts.flatMap { $0.split(separator: "\n") }
    #expect(lines.count >= Self.sendersCount * Self.livesCount)
    #expect(mail.faults(in: lines) == [], "seed \(seed)")
  }

  // MARK: - Senders

  private func send(_ index: Int, _ receiver: ThreadID) async throws {
    var chance = SeededGenerator(seed: seed &+ UInt64(index))
    for life in 1...Self.livesCount {
      try await live(index, life: life, receiver, until: Int.random(in: 1...200, using: &chance))
    }
  }

  /// The even ones are workers, the odd ones clients; each is killed when it has said so many lines.
  private func live(_ index: Int, life: Int, _ receiver: ThreadID, until count: Int) async throws {
    let name = "sender-\(index)-\(life)"
    if index.isMultiple(of: 2) {
      try await work(name, receiver, until: count)
    } else {
      try await visit(name, receiver, until: count)
    }
  }

  private func work(_ name: String, _ receiver: ThreadID, until count: Int) async throws {
    let spawn = try scene.spawn("heddle-test-worker", "number", "\(receiver)", name, channel: .frames)
    let (thread, streams) = try await scene.client.spawn(spawn, attachedTo: [.standardOutput])
    var lines = SenderLines(of: name, to: mail)
    while let chunk = try await streams[0].read() {
      lines.hear(chunk.bytes)
      if lines.count >= count, let pid = thread.pid { kill(pid, SIGKILL) }
    }
    let cause = try await scene.client.wait(for: .id(thread.id)).death.cause
    #expect(cause == .signalled(number: SIGKILL, coreDumped: false))
  }

  /// A process that is no thread, with a thread of its session, which goes with it.
  private func visit(_ name: String, _ receiver: ThreadID, until count: Int) async throws {
    let processes = MarkedProcesses()
    let worker = Command.binDirectory.appending(path: "heddle-test-worker").path
    let client = try StartedProgram(worker, ["client", "\(receiver)", name, scene.daemon.socketPath, processes.mark])
    var lines = SenderLines(of: name, to: mail)
    for await bytes in client.output.pieces {
      lines.hear(bytes)
      if lines.count >= count { client.signal(SIGKILL) }
    }
    try client.wait()
    let thread = try #require(lines.sessionThread)
    guard case .custodianShutDown = try await scene.client.wait(for: .id(thread)).death.cause else {
      return #expect(Bool(false), "a thread of a session did not end with it")
    }
    #expect(processes.all == [], "seed \(seed)")
  }
}

/// Acknowledged operations, each of which can be seen later on.
private struct Kept {
  private let custodian: CustodianPath
  private let running: ThreadInfo
  private let suspended: ThreadInfo
  private let killed: ThreadInfo

  init(_ scene: Scene) async throws {
    let client = scene.client
    custodian = try CustodianPath(parsing: "kept")
    try await client.custodianNew(custodian)
    running = try await client.spawn(scene.spawn("sleep", "1000", name: "runs", in: custodian))
    suspended = try await client.spawn(scene.spawn("cat", name: "stands", in: custodian, channel: .lines))
    killed = try await client.spawn(scene.spawn("sleep", "1000", name: "fell", in: custodian))
    try await client.suspend(.id(suspended.id))
    for number in 1...10 {
      try await client.send(Array("\(number)".utf8), to: suspended.id, waitingForRoom: false)
    }
    _ = try await client.kill(.id(killed.id))
  }

  /// They are as they were, and end.
  func check(_ scene: Scene) async throws {
    let client = scene.client
    let (runs, stands) = (try await client.find(.id(running.id)), try await client.find(.id(suspended.id)))
    #expect(runs.state == .running && runs.pid == running.pid && runs.custodians == [custodian])
    #expect(stands.state == .suspended && stands.mail.messages == 10)
    #expect(try await client.find(.id(killed.id)).state == .dead)
    #expect(try await client.custodianShutdown(custodian).threads == 2)
    #expect(try await client.logs(of: .id(suspended.id)).text == [])
  }
}
