import Synchronization
import Testing

@testable import HeddleThreads

@Suite("events", .timeLimit(.minutes(1)))
struct EventTests {
  @Test("EV-02: a timeout gives nil when it passes; zero looks once; a negative one is refused")
  func timeout() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore(1)
      #expect(try await sync(semaphore, timeout: .zero) === semaphore)
      #expect(try await sync(semaphore, timeout: .zero) == nil)
      let thread = try await LocalThread {
        stage.log.note("\(try await sync(semaphore, timeout: .seconds(1)) == nil)")
      }
      try await stage.settle()
      stage.advance(by: .seconds(1))
      try await thread.wait()
      #expect(stage.log.all == ["true"])
      let error = await #expect(throws: ThreadError.self) { try await sync(semaphore, timeout: .seconds(-1)) }
      #expect(error?.code == .negativeDuration)
    }
  }

  @Test("EV-05: a channel brings a put and a get together, each in its own wait")
  func channel() async throws {
    try await inWorld { stage in
      let channel = Channel(of: String.self)
      let thread = try await LocalThread {
        try await channel.put("hello")
        stage.log.note("put")
      }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      #expect(try await channel.get() == "hello")
      try await thread.wait()
      #expect(stage.log.all == ["put"])
    }
  }

  @Test("EV-06: a choice gives the result of the one that is ready, wrapped and handled")
  func choices() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let event: AnyEvent<String> = choice(semaphore.wrap { _ in "semaphore" }, always(7).wrap { "\($0)" }, never())
      let chosen = try await sync(event)
      #expect(chosen == "7")
      let handled: AnyEvent<Int> = always(1).handle { number in
        try await semaphore.post()
        return number + 1
      }
      let result = try await sync(handled)
      #expect(result == 2)
      #expect(try await semaphore.tryWait())
    }
  }

  @Test("EV-07: a guard is called once by each sync")
  func guards() async throws {
    try await inWorld { stage in
      let event = guarded {
        stage.log.note("called")
        return choice(always(1), always(1))
      }
      #expect(try await sync(event, event) == 1)
      #expect(stage.log.all == ["called", "called"])
      _ = try await sync(event)
      #expect(stage.log.all.count == 3)
    }
  }

  @Test("EV-08: a nack becomes ready when another event is chosen, and never when its own is")
  func nacks() async throws {
    try await inWorld { stage in
      let nacks = Mutex<[AnyEvent<Void>]>([])
      func nacking(_ event: AnyEvent<Void>) -> AnyEvent<Void> {
        nackGuarded { nack in
          nacks.withLock { $0.append(nack) }
          return event
        }
      }
      try await sync(nacking(always(())), nacking(never()))
      let ready = try await nacks.withLock(\.self).asyncMap { try await poll($0) != nil }
      #expect(ready.sorted { !$0 && $1 } == [false, true])
    }
  }

  @Test(
    "EV-08: a nack becomes ready by a timeout, a break, a kill, a cancellation and a failed guard, not by a suspension"
  )
  func nackReasons() async throws {
    try await inWorld { stage in
      func waiting(_ end: (LocalThread) async throws -> Void) async throws -> Bool {
        let nacked = Channel(of: AnyEvent<Void>.self)
        let thread = try await LocalThread {
          let event: AnyEvent<Void> = nackGuarded { nack in
            try await nacked.put(nack)
            return never()
          }
          _ = try? await sync(event)
        }
        let nack = try await nacked.get()
        try await stage.settle()
        try await end(thread)
        try await stage.settle()
        return try await poll(nack) != nil
      }
      #expect(try await waiting { try await $0.sendBreak() })
      #expect(try await waiting { try await $0.kill() })
      #expect(try await !waiting { try await $0.suspend() })
      let failing: AnyEvent<Void> = nackGuarded { nack in
        _ = try await LocalThread { try await stage.noteAfter(nack, "failed") }
        throw Mishap()
      }
      await #expect(throws: Mishap.self) { try await sync(failing) }
      try await stage.settle()
      #expect(stage.log.all == ["failed"])
    }
  }

  @Test("EV-08: the system is idle when all others are blocked or suspended")
  func idle() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        let busy = try await LocalThread { for _ in 0..<1_000 { try await LocalThread.checkpoint() } }
        let blocked = try await LocalThread { try await sync(never(Void.self)) }
        try await sync(systemIdle)
        stage.log.note("\(busy.isDead) \(blocked.isDead)")
      }
      try await thread.wait()
      #expect(stage.log.all == ["true false"])
    }
  }

  @Test("EV-11, EV-12: one post frees one waiter, first come first served; one sync takes exactly one event")
  func exactlyOne() async throws {
    try await inWorld { stage in
      let (first, second) = (Semaphore(1), Semaphore(1))
      let chosen = try await sync(first, second)
      #expect(try await first.tryWait() == (chosen !== first))
      #expect(try await second.tryWait() == (chosen !== second))
      for word in ["a", "b"] {
        _ = try await LocalThread { try await stage.noteAfter(first, word) }
        try await stage.settle()
      }
      try await first.post()
      try await stage.settle()
      #expect(stage.log.all == ["a"])
    }
  }

  @Test("a choice is fair: of two that are always ready, each has its turn")
  func fair() async throws {
    try await inWorld { stage in
      var seen: Set<String> = []
      while seen.count < 2 { seen.insert(try await sync(always("left"), always("right"))) }
    }
  }

  @Test("cancelling a task that waits withdraws its wait")
  func cancelled() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let task = Task { try await semaphore.wait() }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      try await semaphore.post()
      #expect(try await semaphore.tryWait())
    }
  }

  @Test("child tasks wait as the thread, at the same time")
  func childTasks() async throws {
    try await inWorld { stage in
      let channel = Channel(of: Int.self)
      let thread = try await LocalThread {
        async let sum = channel.get() + channel.get()
        async let first: Void = channel.put(1)
        async let second: Void = channel.put(2)
        _ = try await (first, second)
        stage.log.note("\(try await sum)")
      }
      try await thread.wait()
      #expect(stage.log.all == ["3"])
    }
  }
}

extension Stage {
  func noteAfter(_ event: AnyEvent<Void>, _ word: String) async throws {
    try await sync(event)
    log.note(word)
  }
}

extension Array {
  fileprivate func asyncMap<New>(_ change: (Element) async throws -> New) async rethrows -> [New] {
    var changed: [New] = []
    for element in self { changed.append(try await change(element)) }
    return changed
  }
}
