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

  @Test("EV-01: a sync blocks until one of its events is ready, and gives that one's result")
  func blocks() async throws {
    try await inWorld { stage in
      let (one, other) = (Channel(of: String.self), Channel(of: String.self))
      let thread = try await LocalThread { stage.log.note(try await sync(one.getting, other.getting)) }
      try await stage.settle()
      #expect(thread.isRunning && stage.log.all.isEmpty)
      try await other.put("other")
      try await thread.wait()
      #expect(stage.log.all == ["other"])
    }
  }

  @Test("EV-04: threads, their death, suspension and resumption, and mail are events among others")
  func among() async throws {
    try await inWorld { stage in
      let target = try await idler()
      let watcher = try await LocalThread {
        for _ in 1...4 {
          let event = choice(
            target.wrap { _ in "thread" },
            target.suspension.wrap { _ in "suspension" },
            LocalThread.received.wrap { "mail \($0)" },
            never()
          )
          stage.log.note(try await sync(event))
          if !target.isRunning, !target.isDead {
            stage.log.note(try await sync(target.resumption.wrap { _ in "resumption" }))
          }
        }
      }
      try await stage.settle()
      try await watcher.send(1)
      try await stage.settle()
      try await target.suspend()
      try await stage.settle()
      try await target.resume()
      try await stage.settle()
      try await watcher.send(2)
      try await stage.settle()
      try await target.kill()
      try await watcher.wait()
      #expect(stage.log.all == ["mail 1", "suspension", "resumption", "mail 2", "thread"])
    }
  }

  @Test("EV-05: a semaphore gives itself and takes one; peeking takes none; always is ready, never is not")
  func kinds() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore(1)
      #expect(try await sync(semaphore.peek) === semaphore)
      #expect(try await sync(semaphore) === semaphore)
      #expect(try await poll(semaphore) == nil)
      #expect(try await poll(always("now")) == "now")
      #expect(try await poll(never(Int.self)) == nil)
      #expect(try await poll(choice([AnyEvent<Int>]())) == nil)
      let thread = try await LocalThread { try await stage.noteAfter(after(.seconds(1)), "later") }
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      stage.advance(by: .seconds(1))
      try await thread.wait()
    }
  }

  @Test("EV-08: a nack is not ready while its event is waited for, also by a thread that is suspended and resumed")
  func nackSuspended() async throws {
    try await inWorld { stage in
      let (nacked, semaphore) = (Channel(of: AnyEvent<Void>.self), Semaphore())
      let thread = try await LocalThread {
        let event: AnyEvent<Void> = nackGuarded { nack in
          try await nacked.put(nack)
          return semaphore.wrap { _ in }
        }
        try await sync(event, timeout: .seconds(1))
      }
      let nack = try await nacked.get()
      try await stage.settle()
      try await thread.suspend()
      #expect(try await poll(nack) == nil)
      try await thread.resume()
      #expect(try await poll(nack) == nil)
      stage.advance(by: .seconds(1))
      try await sync(nack)
      try await thread.wait()
    }
  }

  @Test("EV-12: a state event frees all who wait, a post one")
  func freesAll() async throws {
    try await inWorld { stage in
      let (semaphore, thread) = (Semaphore(), try await idler())
      for number in 1...2 {
        _ = try await LocalThread { stage.log.note(try await sync(thread.wrap { _ in "dead" })) }
        _ = try await LocalThread { try await stage.noteAfter(semaphore, "posted \(number)") }
        try await stage.settle()
      }
      try await semaphore.post()
      try await thread.kill()
      try await stage.settle()
      #expect(stage.log.all.sorted() == ["dead", "dead", "posted 1"])
    }
  }

  @Test(
    "EV-13: a wait goes on across a suspension; what others took meanwhile is not seen, what is there at the resume is"
  )
  func acrossSuspension() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore()
      let thread = try await LocalThread {
        stage.log.note(try await sync(semaphore, timeout: .seconds(3)) == nil ? "time is up" : "taken")
      }
      try await stage.settle()
      try await thread.suspend()
      try await semaphore.post()
      #expect(try await semaphore.tryWait())
      stage.advance(by: .seconds(2))
      try await thread.resume()
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
      try await thread.suspend()
      stage.advance(by: .seconds(1))
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["time is up"])
      let late = try await LocalThread { try await stage.noteAfter(semaphore, "there") }
      try await stage.settle()
      try await late.suspend()
      try await semaphore.post()
      try await late.resume()
      try await late.wait()
      #expect(stage.log.all.last == "there")
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
