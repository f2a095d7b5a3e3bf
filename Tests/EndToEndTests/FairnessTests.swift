import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

extension Promises {
  @Suite(
    "a frozen worker and a client that does not read, among a hundred busy ones",
    .timeLimit(.minutes(3))
  )
  struct FairnessTests {
    @Test("the others lose less than 5 % of their throughput, and the daemon's memory stays within the limits")
    func throughput() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let crowd = try await Crowd(of: 100, scene)
        try await crowd.work()
        let memory = scene.daemonMemory
        var (alone, beside) = ([Duration](), [Duration]())
        // In turns, and as often as it takes: what else the machine does only ever takes time. The best of each tells most, and
        // where one of them was lucky the middle ones do.
        func isFair() -> Bool {
          let (alone, beside) = (alone.sorted(), beside.sorted())
          let middle = alone.count / 2
          return alone[0] >= beside[0] * 0.95 || alone.count >= 15 && alone[middle] >= beside[middle] * 0.95
        }
        for round in 1...60 where round <= 4 || !isFair() {
          alone.append(try await ContinuousClock().measure { try await crowd.work() })
          let idlers = try await Idlers(scene)
          beside.append(try await ContinuousClock().measure { try await crowd.work() })
          try await idlers.end()
        }
        #expect(isFair(), "\(alone.sorted()) without, \(beside.sorted()) beside them")
        // 8 MiB of mail, 1 MiB of answers, and as much again for what an allocator keeps.
        #expect(scene.daemonMemory - memory < 18 << 20)
      }
    }

    @Test("mail for a frozen worker is refused as mailboxFull, or waits for room, which comes with the resume")
    func typed() async throws {
      try await Scene.play(with: DaemonProcess()) { scene in
        let worker = try await scene.client.spawn(scene.spawn("cat", channel: .lines)).id
        try await scene.client.suspend(.id(worker))
        try await scene.fill(worker)
        let memory = scene.daemonMemory
        let refused = await #expect(throws: ClientError.self) {
          try await scene.client.send([65], to: worker, waitingForRoom: false)
        }
        #expect(refused?.refusal?.code == .mailboxFull)
        #expect(refused?.description.contains("its mailbox is full") == true)
        let waiting = Task { try await scene.client.send(Array("waited".utf8), to: worker, waitingForRoom: true) }
        // From other connections, far more than there is room for: each is told, and nothing is kept of it.
        let other = try await scene.connect()
        for _ in 0..<500 {
          await #expect(throws: ClientError.self) { try await other.send(big, to: worker, waitingForRoom: false) }
        }
        #expect(try await scene.client.find(.id(worker)).mail.messages == 1_024)
        #expect(scene.daemonMemory - memory < 4 << 20)
        try await scene.client.resume(.id(worker))
        try await waiting.value
        try await scene.client.endMail(of: .id(worker))
        _ = try await scene.client.wait(for: .id(worker))
        #expect(try await scene.client.logs(of: .id(worker)).text.suffix(7).elementsEqual("waited\n".utf8))
        await other.close()
      }
    }

    /// As long as each of 1,024 may be in a mailbox of 8 MiB.
    private var big: [UInt8] { [UInt8](repeating: 65, count: 8 << 10) }
  }
}

/// Programs that are mailed to, all the time.
private struct Crowd {
  private let client: Supervisor
  private var members: [ThreadID] = []
  private let letters = [[UInt8]](repeating: Array("a message of about the usual length".utf8), count: 500)

  init(of count: Int, _ scene: Scene) async throws {
    client = scene.client
    for _ in 0..<count {
      members.append(try await client.spawn(scene.spawn("sh", "-c", "exec cat > /dev/null", channel: .lines)).id)
    }
  }

  /// Returns when each has been handed so many messages.
  func work() async throws {
    for member in members { try await client.post(contentsOf: letters, to: member) }
    try await client.flush()
    try await client.barrier()
  }
}

/// A frozen worker with a full mailbox, for which a sender waits, and a client that asks for much and reads nothing.
private struct Idlers {
  private let scene: Scene
  private let frozen: ThreadID
  private let sender: Supervisor
  private let waiting: Task<Void, any Error>
  private let deaf: RawConnection

  init(_ scene: Scene) async throws {
    self.scene = scene
    let worker = try await scene.client.spawn(scene.spawn("cat", channel: .lines)).id
    frozen = worker
    try await scene.client.suspend(.id(worker))
    try await scene.fill(worker)
    let other = try await scene.connect()
    sender = other
    waiting = Task { try await other.send([65], to: worker, waitingForRoom: true) }
    let talker = try await scene.client.spawn(scene.spawn("seq", "1", "60000")).id
    _ = try await scene.client.wait(for: .id(talker))
    deaf = try RawConnection(to: scene.daemon.socketPath)
    try deaf.greet()
    // In one piece, which the socket takes though the daemon stops reading.
    try deaf.write((1...2_000 as ClosedRange<UInt64>).flatMap { try RawConnection.request(.logs(.id(talker)), id: $0) })
  }

  func end() async throws {
    _ = try await scene.client.kill(.id(frozen))
    // Its receiver is dead, which it is told.
    await #expect(throws: ClientError.self) { try await waiting.value }
    await sender.close()
  }
}

extension Scene {
  /// Fills a mailbox with messages of 8 KiB, to its bounds.
  fileprivate func fill(_ thread: ThreadID) async throws {
    let letters = [[UInt8]](repeating: [UInt8](repeating: 65, count: 8 << 10), count: 1_024)
    try await client.post(contentsOf: letters, to: thread)
    try await client.flush()
    #expect(try await client.find(.id(thread)).mail.messages == 1_024)
  }

  /// What the daemon has in memory, in bytes.
  fileprivate var daemonMemory: Int {
    let pages = String(
      decoding: FileBytes.beginning(of: "/proc/\(daemon.process.processIdentifier)/statm", count: 256),
      as: UTF8.self
    ).split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return (pages ?? 0) * Int(getpagesize())
  }
}
