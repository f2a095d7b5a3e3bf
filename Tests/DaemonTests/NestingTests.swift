import Foundation
import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("real workers with nested processes", .serialized, .timeLimit(.minutes(1)))
struct NestingTests {
  @Test("what a nested program exits with is what its creator is told")
  func value() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("nest /main exit 7")
    let lines = try await daemon.output(of: thread).split(separator: "\n")
    #expect(lines.count == 2 && lines.last == "value exited(code: 7)")
    _ = try await daemon.end()
  }

  @Test("killed by another, it leaves its creator no value")
  func killed() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("nest /main exec sleep 1000")
    _ = try await daemon.client.kill(try await daemon.nestedThread(of: thread))
    let lines = try await daemon.output(of: thread).split(separator: "\n")
    #expect(try #require(lines.last).hasPrefix("lost killed(by: "))
    _ = try await daemon.end()
  }

  @Test("a break for the creator is the nested program's signal, and what that makes of it is its value")
  func redirected() async throws {
    let daemon = try await HostedDaemon()
    let thread = try await daemon.startWorker("nest /main trap 'exit 5' INT; sleep 1000 & echo ready; wait")
    let nested = try await daemon.nestedThread(of: thread)
    try await daemon.awaitOutput(of: nested)
    try await daemon.client.sendBreak(.interrupt, to: thread)
    let lines = try await daemon.output(of: thread).split(separator: "\n")
    #expect(lines.count == 2 && lines.last == "value exited(code: 5)")
    _ = try await daemon.end()
  }

  @Test("its creator killed, it gets an interrupt and lives on, where it does not end with its creator's session")
  func creatorKilled() async throws {
    let daemon = try await HostedDaemon()
    let script = "trap 'echo broken' INT; sleep 1000 & echo ready; wait; wait"
    let thread = try await daemon.startWorker("nest /main \(script)")
    let nested = try await daemon.nestedThread(of: thread)
    try await daemon.awaitOutput(of: nested)
    _ = try await daemon.client.kill(thread)
    var log = ""
    while !log.contains("broken") {
      log = String(decoding: try await daemon.client.logs(of: nested).text, as: UTF8.self)
      await Task.yield()
    }
    #expect(try await daemon.client.find(nested).state == .running)
    _ = try await daemon.end()
  }
}

extension HostedDaemon {
  /// The nested thread that a worker has told of in its first line.
  fileprivate func nestedThread(of worker: ThreadReference) async throws -> ThreadReference {
    try await awaitOutput(of: worker)
    let line = String(decoding: try await client.logs(of: worker).text, as: UTF8.self).prefix { $0 != "\n" }
    return .id(ThreadID(rawValue: try #require(UInt64(line, radix: 16))))
  }
}
