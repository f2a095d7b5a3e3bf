import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("real programs on the channel frames", .serialized, .timeLimit(.minutes(1)))
struct WorkerTests {
  @Test("a worker has exactly the descriptors 0 to 3, and its own end of the last one blocks")
  func descriptors() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("descriptors")
    #expect(try await daemon.output(of: thread) == "0 1 2 3\nblocking\n")
    _ = try await daemon.end()
  }

  @Test("a worker is welcomed as its thread, and takes mail up to its end")
  func mail() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("report")
    guard case .id(let id) = thread else { return }
    try await daemon.client.post(contentsOf: ["one", "two"].map { Array($0.utf8) }, to: id)
    try await daemon.client.flush()
    try await daemon.client.endMail(of: thread)
    #expect(try await daemon.output(of: thread) == "welcome \(id) /main\nmail one\nmail two\nend\n")
    #expect(try await daemon.client.find(thread).death?.unreadMail == 0)
    _ = try await daemon.end()
  }

  @Test("mail passes through a worker and on, in order and whole, to the last that it sent before its exit")
  func echo() async throws {
    let daemon = try await HostedDaemon()
    let counter = try await daemon.startWorker("count")
    guard case .id(let receiver) = counter else { return }
    let echo = try await daemon.startWorker("echo \(receiver)", bounds: .init(messagesMax: nil, bytesMax: nil))
    guard case .id(let id) = echo else { return }
    // The echo does not mind what is refused, so the counter's credit has to be enough: 16,384.
    for first in stride(from: 0, to: 16_000, by: 1_000) {
      try await daemon.client.post(contentsOf: (first..<first + 1_000).map { Array("\($0)".utf8) }, to: id)
    }
    try await daemon.client.flush()
    try await daemon.client.endMail(of: echo)
    #expect(try await daemon.output(of: counter) == "16000 in order\n")
    _ = try await daemon.end()
  }

  @Test("mail that mailbox and credit do not hold waits with its sender, and none is lost")
  func backpressure() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("count")
    guard case .id(let id) = thread else { return }
    for first in stride(from: 0, to: 60_000, by: 1_000) {
      try await daemon.client.post(contentsOf: (first..<first + 1_000).map { Array("\($0)".utf8) }, to: id)
    }
    try await daemon.client.flush()
    try await daemon.client.endMail(of: thread)
    #expect(try await daemon.output(of: thread) == "60000 in order\n")
    _ = try await daemon.end()
  }

  @Test("to a suspended worker nothing is written; resumed, it hears the strongest break and then its mail")
  func suspended() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("report")
    guard case .id(let id) = thread else { return }
    try await daemon.awaitOutput(of: thread)
    try await daemon.client.suspend(thread)
    try await daemon.client.send(Array("waited".utf8), to: id, waitingForRoom: false)
    for kind in [BreakKind.interrupt, .terminate, .hangUp] { try await daemon.client.sendBreak(kind, to: thread) }
    #expect(try await daemon.client.find(thread).mail.messages == 1)
    try await daemon.client.resume(thread)
    try await daemon.client.endMail(of: thread)
    let output = try await daemon.output(of: thread)
    #expect(output == "welcome \(id) /main\nbreak terminate\nmail waited\nend\n")
    _ = try await daemon.end()
  }

  @Test("a worker that takes nothing keeps nobody from its work, and what it left is counted in its death")
  func hold() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("hold")
    guard case .id(let id) = thread else { return }
    try await daemon.awaitOutput(of: thread)
    // The socket's buffer is full long before: the daemon keeps the rest, as far as the credit goes.
    for _ in 0..<1_000 {
      try await daemon.client.send([UInt8](repeating: 7, count: 1_024), to: id, waitingForRoom: false)
    }
    let other = try await daemon.start("echo others go on")
    #expect(try await daemon.output(of: other) == "others go on\n")
    _ = try await daemon.client.kill(thread)
    #expect(try await daemon.client.find(thread).death?.unreadMail == 1_000)
    _ = try await daemon.end()
  }

  @Test("neither silence nor a closed descriptor 3 is death: mail stays, and a break is a signal when none can hear it")
  func quiet() async throws {
    let daemon = try await HostedDaemon()
    for word in ["silent", "close"] {
      let thread = try await daemon.startWorker(word)
      guard case .id(let id) = thread else { return }
      try await daemon.awaitOutput(of: thread)
      try await daemon.client.send(Array("stays".utf8), to: id, waitingForRoom: false)
      #expect(try await daemon.client.find(thread).mail.messages == 1)
      #expect(try await daemon.client.find(thread).state == .running)
      if word == "close" {
        try await daemon.client.sendBreak(.terminate, to: thread)
        #expect(try await daemon.client.wait(for: thread).death.cause == .signalled(number: 15, coreDumped: false))
      }
    }
    _ = try await daemon.end()
  }

  @Test("nonsense gets one refusal and the end of the connection, and the thread lives on")
  func garbage() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("garbage")
    var output = ""
    while !output.contains("end of connection") {
      output = String(decoding: try await daemon.client.logs(of: thread).text, as: UTF8.self)
      await Task.yield()
    }
    #expect(output == "refused unknownRequest\nend of connection\n")
    #expect(try await daemon.client.find(thread).state == .running)
    _ = try await daemon.end()
  }

  @Test("what a worker makes in its session ends with it")
  func session() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("spawn")
    try await daemon.awaitOutput(of: thread)
    let line = String(decoding: try await daemon.client.logs(of: thread).text, as: UTF8.self)
    let number = try #require(UInt64(line.dropLast(), radix: 16))
    let child = ThreadReference.id(ThreadID(rawValue: number))
    #expect(try await daemon.client.find(child).custodians.first?.parent == .main)
    _ = try await daemon.client.kill(thread)
    let cause = try await daemon.client.wait(for: child).death.cause
    guard case .custodianShutDown = cause else { return #expect(Bool(false), "\(cause)") }
    _ = try await daemon.end()
  }
}

extension HostedDaemon {
  /// Starts `heddle-test-worker` with these words.
  func startWorker(_ words: String, bounds: MailboxBounds? = nil) async throws -> ThreadReference {
    let spawn = Spawn(
      argv: [Self.keeperPath.replacing("heddle-keeper", with: "heddle-test-worker")].map { Array($0.utf8) }
        + words.split(separator: " ").map { Array($0.utf8) },
      environment: [Array("PATH=/usr/bin:/bin".utf8)],
      cwd: Array("/".utf8),
      channel: .frames,
      mailboxBounds: bounds
    )
    return .id(try await client.spawn(spawn).id)
  }

  /// Waits until the program has written something.
  func awaitOutput(of thread: ThreadReference) async throws {
    while try await client.logs(of: thread).text.isEmpty { await Task.yield() }
  }
}
