import Synchronization
import Testing

@testable import HeddleThreads

// Waits go one of several ways: a message that is there, one event, several plain ones, and those that have to be made.
@Suite("ways of waiting") struct WaitingTests {
  @Test("a choice looks first where the lot falls, and then at all others", arguments: 0..<3)
  func first(lot: Int) async throws {
    let world = World(clock: .manual, firstLook: { _ in lot })
    try await World.$outside.withValue(world) { () async throws in
      #expect(try await sync(always(0), always(1), always(2)) == lot)
      #expect(try await sync(never(Int.self), always(1), never(Int.self)) == 1)
      #expect(try await poll(never(Int.self), always(1), never(Int.self)) == 1)
      #expect(try await poll(never(Int.self), never(Int.self), never(Int.self)) == nil)
    }
  }

  @Test("a choice within a choice gives what its own events give, changed as they say")
  func nested() async throws {
    try await inWorld { _ async throws in
      let inner = choice(never(String.self), always(1).wrap { "one \($0)" })
      let flat = choice(never(String.self), inner).wrap { $0 + "!" }
      #expect(try await sync(flat) == "one 1!")
      let made = choice(never(String.self), guarded { inner }).wrap { $0 + "!" }
      #expect(try await sync(made) == "one 1!")
    }
  }

  @Test("threads that meet on several carriers get each other's values, each once")
  func meetings() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 4))
    try await World.$outside.withValue(world) { () async throws in
      let (channel, sums) = (Channel(of: Int.self), Channel(of: Int.self))
      for sender in 0..<4 {
        _ = try await LocalThread { for number in 0..<500 { try await channel.put(sender * 500 + number) } }
        _ = try await LocalThread {
          var sum = 0
          for _ in 0..<500 { sum += try await channel.get() }
          try await sums.put(sum)
        }
      }
      var total = 0
      for _ in 0..<4 { total += try await sums.get() }
      #expect(total == 1_999 * 2_000 / 2)
    }
  }

  @Test("threads on several carriers lose no message, whether it was awaited or not")
  func mail() async throws {
    let world = World(clock: .manual, carriers: Carriers(count: 4))
    try await World.$outside.withValue(world) { () async throws in
      let sum = Channel(of: Int.self)
      let receiver = try await LocalThread {
        var total = 0
        for _ in 0..<4_000 { total += try #require(try await LocalThread.receive() as? Int) }
        try await sum.put(total)
      }
      for sender in 0..<4 {
        _ = try await LocalThread { for number in 0..<1_000 { try await receiver.send(sender * 1_000 + number) } }
      }
      #expect(try await sum.get() == 3_999 * 4_000 / 2)
    }
  }

  @Test("cancelling a child task ends its wait alone; the thread waits on")
  func childCancelled() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        await #expect(throws: CancellationError.self) {
          try await withThrowingTaskGroup { group in
            group.addTask { try await sync(never(Void.self)) }
            group.cancelAll()
            try await group.waitForAll()
          }
        }
        stage.log.note("\(try await LocalThread.receive())")
      }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.send("on")
      try await thread.wait()
      #expect(stage.log.all == ["on"])
    }
  }

  @Test("what a thread offers is freed when it was taken, and when the wait is withdrawn")
  func offersFreed() async throws {
    try await inWorld { stage in
      let channel = Channel(of: Mishap.self)
      let (taken, withdrawn) = (Weak(), Weak())
      let thread = try await LocalThread {
        try await channel.put(taken.hold(Mishap()))
        await #expect(throws: BreakError.self) { try await channel.put(withdrawn.hold(Mishap())) }
        _ = try await LocalThread.receive()
      }
      _ = try await channel.get()
      try await stage.settle()
      try await thread.sendBreak()
      try await stage.settle()
      #expect(taken.isFree && withdrawn.isFree)
      try await thread.kill()
    }
  }
}

/// Sees whether an object is still there.
private final class Weak: Sendable {
  private let object = Mutex(Reference())

  private struct Reference: Sendable {
    weak var object: Mishap?
  }

  func hold(_ mishap: Mishap) -> Mishap {
    object.withLock { $0.object = mishap }
    return mishap
  }

  var isFree: Bool { object.withLock { $0.object == nil } }
}
