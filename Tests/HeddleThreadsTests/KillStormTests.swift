import Synchronization
import Testing

@testable import HeddleThreads

@Suite("10,000 kills at random instants", .timeLimit(.minutes(5)))
struct KillStormTests {
  @Test("at a channel in use by others: what was put was got once, whoever died of the two")
  func channel() async throws {
    try await storm { storm in
      let channel = Channel(of: Int.self)
      let (puts, gets) = (Books(), Books())
      let put = { @Sendable in try await puts.take { channel.putting($0).wrap { nil } } }
      let get = { @Sendable in try await gets.take { _ in channel.getting.wrap { $0 } } }
      for _ in 0..<2 {
        try await storm.start(put)
        try await storm.start(get)
      }
      try await storm.kill { $0.isMultiple(of: 2) ? try await put() : try await get() }
      try await storm.end()
      let (given, got) = (Set(try await puts.taken()), gets.values)
      #expect(Set(got).count == got.count, "doubled, seed \(storm.seed)")
      #expect(given.isSuperset(of: got), "got and not put, seed \(storm.seed)")
      #expect(given.count == (try await gets.taken().count), "lost, seed \(storm.seed)")
    }
  }

  @Test("at a semaphore in use by others: posts are waits and what is left")
  func semaphore() async throws {
    try await storm { storm in
      let (semaphore, books, posts) = (Semaphore(), Books(), Books())
      let postAndWait = { @Sendable in
        try await semaphore.post()
        posts.note(nil)
        try await books.take { _ in semaphore.wrap { _ in nil } }
      }
      let wait = { @Sendable in try await books.take { _ in semaphore.wrap { _ in nil } } }
      for _ in 0..<2 { try await storm.start(postAndWait) }
      try await storm.kill { $0.isMultiple(of: 2) ? try await postAndWait() : try await wait() }
      try await storm.end()
      let left = Int(try await semaphore.drain())
      #expect(try await posts.taken().count == books.taken().count + left, "seed \(storm.seed)")
    }
  }

  @Test("at a mailbox in use by others: each sender's mail arrives in order, as much as it saw sent")
  func mailbox() async throws {
    try await storm { storm in
      let letters = Letters()
      let receiver = try await storm.start { letters.arrived(try await LocalThread.receive()) }
      let sender = try await storm.start { try await letters.send(in: -1, to: receiver) }
      try await storm.kill { try await letters.send(in: $0, to: receiver) }
      try await sender.kill()
      try await storm.settle()
      #expect(letters.isInOrder, "seed \(storm.seed)")
      #expect(letters.sent == letters.arrived, "seed \(storm.seed)")
      try await storm.end()
    }
  }

  @Test("of those that receive while others send: each gets the beginning of what it was sent, in order")
  func receivers() async throws {
    try await storm { storm in
      let letters = Letters()
      let addressee = Mutex<(number: Int, thread: LocalThread)?>(nil)
      try await storm.start {
        guard let (number, thread) = addressee.withLock(\.self) else { return }
        _ = try await letters.trySend(in: number, to: thread)
      }
      try await storm.kill { number in
        addressee.withLock { $0 = (number, .current) }
        letters.arrived(try await LocalThread.receive())
      }
      try await storm.end()
      #expect(letters.isInOrder, "seed \(storm.seed)")
      #expect(letters.arrived.allSatisfy { letters.sent[$0.key, default: 0] >= $0.value }, "seed \(storm.seed)")
    }
  }

  private func storm(_ story: @Sendable (Storm) async throws -> Void) async throws {
    try await inWorld(on: .pair) { stage in
      let storm = try await Storm(stage, seed: Chance.seed())
      try await story(storm)
      #expect(stage.reports.all.isEmpty, "seed \(storm.seed)")
      #expect(Remains(of: stage.world).residents == 0, "seed \(storm.seed)")
      #expect(Remains(of: stage.world).waits == 0, "seed \(storm.seed)")
    }
  }
}
