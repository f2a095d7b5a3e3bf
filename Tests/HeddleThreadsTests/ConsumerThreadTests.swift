import Synchronization
import Testing

@testable import HeddleThreads

// Lines of the checklist that have no form of their own in Swift:
// - CT-01, the procedure's arity; CT-07, a call with the wrong number of arguments; CT-08, f is a procedure: the compiler
//   refuses what breaks them. That any number of arguments can be had is shown below; Swift has none that are optional
//   in a function's type.
// - CT-10, escape by a continuation: Swift has none but errors.

@Suite("consumer threads", .timeLimit(.minutes(1)))
struct ConsumerThreadTests {
  @Test("CT-01, CT-11: the calls have the function's arguments, and what it returns is dropped")
  func arity() async throws {
    try await inWorld { stage in
      let none = try await ConsumerThread { stage.log.note("none") }
      let one = try await ConsumerThread { (word: String) in
        stage.log.note(word)
        return (word, 1)
      }
      let two = try await ConsumerThread { (word: String, number: Int) -> Int in
        stage.log.note("\(word) \(number)")
        return number
      }
      try await none()
      try await stage.settle()
      try await one("one")
      try await stage.settle()
      try await two("two", 2)
      try await stage.settle()
      #expect(stage.log.all == ["none", "one", "two 2"])
      for thread in [none.thread, one.thread, two.thread] { try await thread.kill() }
    }
  }

  @Test("CT-02, CT-03: calls return at once and keep their order; one is served at a time, in the new thread")
  func order() async throws {
    try await inWorld { stage in
      let (go, caller) = (Semaphore(), LocalThread.current)
      let consumer = try await ConsumerThread { (number: Int) in
        stage.log.note("in \(number) \(LocalThread.current != caller)")
        try await go.wait()
        stage.log.note("out \(number)")
      }
      for number in 1...3 { try await consumer(number) }
      try await stage.settle()
      #expect(stage.log.all == ["in 1 true"])
      for _ in 1...3 { try await go.post() }
      try await stage.settle()
      #expect(stage.log.all == ["in 1 true", "out 1", "in 2 true", "out 2", "in 3 true", "out 3"])
      try await consumer.thread.kill()
    }
  }

  @Test("CT-04, CT-10: an error that leaves the function ends the thread, and one handled inside does not")
  func escapes() async throws {
    let reports = Log()
    let world = World(clock: .manual, report: { error, _ in reports.note("\(type(of: error))") })
    try await World.$outside.withValue(world) {
      let log = Log()
      let consumer = try await ConsumerThread { (number: Int) in
        log.note("\(number)")
        do { if number == 1 { throw Mishap() } } catch {}
        if number == 2 { throw Mishap() }
      }
      for number in 1...3 { try await consumer(number) }
      try await consumer.thread.wait()
      #expect(log.all == ["1", "2"])
      #expect(reports.all == ["Mishap"])
    }
  }

  @Test("CT-05, CT-06: the start is performed in the new thread before any call, and calls wait for it")
  func start() async throws {
    try await inWorld { stage in
      let go = Semaphore()
      let consumer = try await ConsumerThread(start: {
        try await go.wait()
        stage.log.note("started by \(LocalThread.current)")
      }) { (number: Int) in stage.log.note("\(number)") }
      for number in 1...2 { try await consumer(number) }
      try await stage.settle()
      #expect(stage.log.all == [])
      try await go.post()
      try await stage.settle()
      #expect(stage.log.all == ["started by \(consumer.thread)", "1", "2"])
      try await consumer.thread.kill()
    }
  }

  @Test("CT-14: an error of the start ends the thread")
  func startFails() async throws {
    let reports = Log()
    let world = World(clock: .manual, report: { error, _ in reports.note("\(type(of: error))") })
    try await World.$outside.withValue(world) {
      let consumer = try await ConsumerThread(start: { throw Mishap() }) { (_: Int) in reports.note("consumed") }
      try await consumer(1)
      try await consumer.thread.wait()
      try await consumer(2)
      #expect(reports.all == ["Mishap"])
    }
  }

  @Test("CT-09, CT-13: idle it is running; suspended, it lets calls queue and serves them after the resume")
  func suspended() async throws {
    try await inWorld { stage in
      let consumer = try await ConsumerThread { (number: Int) in stage.log.note("\(number)") }
      try await stage.settle()
      #expect(consumer.thread.isRunning)
      try await consumer.thread.suspend()
      for number in 1...3 { try await consumer(number) }
      try await stage.settle()
      #expect(stage.log.all == [])
      try await consumer.thread.resume()
      try await stage.settle()
      #expect(stage.log.all == ["1", "2", "3"])
      try await consumer.thread.kill()
    }
  }

  @Test("CT-12: an unhandled break ends it, in the function and idle", arguments: [true, false])
  func broken(isBusy: Bool) async throws {
    let reports = Log()
    let world = World(clock: .manual, report: { error, _ in reports.note("\(error)") })
    try await World.$outside.withValue(world) {
      let consumer = try await ConsumerThread { (_: Int) in try await sync(never(Void.self)) }
      if isBusy { try await consumer(1) }
      try await sync(systemIdle)
      try await consumer.thread.sendBreak()
      try await consumer.thread.wait()
      #expect(reports.all == ["the thread was broken (interrupt)"])
      try await consumer(2)
    }
  }

  @Test("CT-12: a break that the function handles does not end it")
  func brokenAndHandled() async throws {
    try await inWorld { stage in
      let consumer = try await ConsumerThread { (number: Int) in
        do { if number == 1 { try await sync(never(Void.self)) } } catch is BreakError { stage.log.note("broken") }
        stage.log.note("\(number)")
      }
      for number in 1...2 { try await consumer(number) }
      try await stage.settle()
      try await consumer.thread.sendBreak()
      try await stage.settle()
      #expect(stage.log.all == ["broken", "1", "2"])
      try await consumer.thread.kill()
    }
  }

  @Test("CT-15: calls after its death are lost silently, and what was queued is freed", arguments: [true, false])
  func dead(byShutdown: Bool) async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let consumer = try await Custodian.current.withValue(custodian) {
        try await ConsumerThread { (_: Token) in try await sync(never(Void.self)) }
      }
      let freed = Counter()
      for _ in 0..<3 { try await consumer(Token(freed)) }
      try await stage.settle()
      if byShutdown { try await custodian.shutDown() } else { try await consumer.thread.kill() }
      try await stage.settle()
      #expect(freed.value == 3)
      try await consumer(Token(freed))
      #expect(freed.value == 4)
    }
  }

  @Test("CT-15: one that was killed before it began keeps no calls")
  func neverBegan() async throws {
    let world = World(clock: .manual, carriers: .single)
    try await World.$outside.withValue(world) {
      let freed = Counter()
      let creator = try await LocalThread {
        // On the only carrier, so the consumer gets no turn before it is killed.
        let consumer = try await ConsumerThread { (_: Token) in }
        try await consumer(Token(freed))
        try await consumer.thread.kill()
        try await consumer(Token(freed))
        #expect(freed.value == 2)
      }
      try await creator.wait()
      #expect(freed.value == 2)
    }
  }

  @Test("CT-15: one that does not unwind keeps no later calls, and when it does, serves none of those it has")
  func unwindsLate() async throws {
    try await inWorld { stage in
      let freed = Counter()
      let parked = Mutex<Resumption<Void>?>(nil)
      let consumer = try await ConsumerThread { (number: Int, _: Token) in
        stage.log.note("\(number)")
        await Resumption<Void>.suspend { resumption in parked.withLock { $0 = resumption } }
      }
      for number in 0..<2 { try await consumer(number, Token(freed)) }
      try await stage.settle()
      try await consumer.thread.kill()
      try await consumer(2, Token(freed))
      #expect(freed.value >= 1)
      #expect(stage.log.all == ["0"])
      parked.withLock(\.self)?()
      try await stage.settle()
      #expect(freed.value == 3)
      #expect(stage.log.all == ["0"])
    }
  }

  @Test("CT-16: calls come from many threads and from inside, in each caller's order")
  func manyCallers() async throws {
    try await inWorld { stage in
      let served = Mutex<[Int: [Int]]>([:])
      let itself = Channel(of: ConsumerThread<Int, Int>.self)
      let own = Mutex<ConsumerThread<Int, Int>?>(nil)
      let consumer = try await ConsumerThread(start: {
        let consumer = try await itself.get()
        own.withLock { $0 = consumer }
      }) { (caller: Int, number: Int) in
        served.withLock { $0[caller, default: []].append(number) }
        // Its own calls are those of caller 0.
        if caller == 1 { try await own.withLock { $0 }?(0, number) }
      }
      try await itself.put(consumer)
      var callers: [LocalThread] = []
      for caller in 1...4 {
        callers.append(try await LocalThread { for number in 0..<500 { try await consumer(caller, number) } })
      }
      for caller in callers { try await caller.wait() }
      try await stage.settle()
      for caller in 0...4 { #expect(served.withLock { $0[caller] } == Array(0..<500)) }
      own.withLock { $0 = nil }
      try await consumer.thread.kill()
    }
  }

  @Test("a killed caller queues nothing more")
  func killedCaller() async throws {
    try await inWorld { stage in
      let consumer = try await ConsumerThread { (word: String) in stage.log.note(word) }
      let caller = try await LocalThread {
        do { try await sync(never(Void.self)) } catch {
          do { try await consumer("too late") } catch is Killed { stage.log.note("refused") }
        }
      }
      try await stage.settle()
      try await caller.kill()
      try await stage.settle()
      #expect(stage.log.all == ["refused"])
      try await consumer.thread.kill()
    }
  }
}

/// Counts its end.
final class Token: Sendable {
  private let freed: Counter
  init(_ freed: Counter) { self.freed = freed }
  deinit { freed.raise() }
}
