import Dispatch
import Synchronization
import Testing

@testable import HeddleThreads

// What becomes of Swift's own concurrency inside a thread, and of threads in it.

@Suite("Swift's concurrency", .timeLimit(.minutes(1)))
struct SwiftConcurrencyTests {
  // MARK: - Inside: what is the thread

  private final class Count: Sendable {
    private let value = Atomic<Int>(0)

    func increment() { value.add(1, ordering: .relaxed) }
    var now: Int { value.load(ordering: .relaxed) }
  }

  /// An actor without an executor of its own.
  private actor Plain {
    func perform<Result: Sendable>(_ work: @Sendable () -> Result) -> Result { work() }
  }

  @Test("a default actor's methods are executed by the thread that calls them, and stand still with it")
  func defaultActor() async throws {
    try await inWorld { stage in
      let (plain, count) = (Plain(), Count())
      let thread = try await LocalThread {
        while true {
          let isOnCarrier = await plain.perform {
            count.increment()
            return CurrentCarrier.exists
          }
          if !isOnCarrier { stage.log.note("elsewhere") }
          try await LocalThread.checkpoint()
        }
      }
      while count.now < 100 { await Task.yield() }
      try await thread.suspend()
      let frozen = count.now
      try await stage.settle()
      #expect(count.now == frozen)
      try await thread.kill()
      #expect(stage.log.all.isEmpty)
    }
  }

  @Test("a default actor at which a suspended thread is next is held up for others until the resume")
  func heldActor() async throws {
    try await inWorld(on: .pair) { stage in
      let (plain, begun, arrived, release) = (Plain(), Latch(), Latch(), Latch())
      let occupant = try await LocalThread {
        await plain.perform {
          begun.open()
          release.hold()
        }
      }
      await begun.opened()
      let thread = try await LocalThread {
        arrived.open()
        await plain.perform { stage.log.note("thread") }
      }
      await arrived.opened()
      // It returns when the thread stands at the actor.
      try await thread.suspend()
      release.open()
      try await occupant.wait()
      async let other: Void = plain.perform { stage.log.note("other") }
      try await thread.resume()
      try await thread.wait()
      await other
      #expect(stage.log.all.first == "thread")
    }
  }

  private final class Presence: Sendable {
    let count = Atomic<Int>(0)
  }

  @Test("child tasks are the same thread, one of them at a time")
  func childTasks() async throws {
    try await inWorld { stage in
      let presence = Presence()
      let thread = try await LocalThread {
        let thread = LocalThread.current
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 {
            group.addTask {
              for _ in 0..<50 {
                let others = presence.count.add(1, ordering: .relaxed).oldValue
                if others > 0 || LocalThread.current != thread { stage.log.note("two at once, or another thread") }
                presence.count.subtract(1, ordering: .relaxed)
                await Task.yield()
              }
            }
          }
          try await group.waitForAll()
        }
        async let mail = LocalThread.receive()
        try await thread.send("to a child")
        stage.log.note("\(try await mail)")
      }
      try await thread.wait()
      #expect(stage.log.all == ["to a child"])
    }
  }

  @Test("parameters and task-local values are seen in child tasks and in unstructured ones")
  func values() async throws {
    try await inWorld { stage in
      let colour = Parameter("none")
      let thread = try await LocalThread {
        await colour.withValue("red") {
          async let child = colour.value
          stage.log.note("\(await child), \(await Task { colour.value }.value)")
        }
      }
      try await thread.wait()
      #expect(stage.log.all == ["red, red"])
    }
  }

  // MARK: - Outside: what is not

  /// Executes on a queue of its own.
  private actor Foreign {
    private final class Executor: SerialExecutor {
      private let queue = DispatchQueue(label: "foreign")

      func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
      }
    }

    private let executor = Executor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    func perform(_ work: @Sendable () -> Void) { work() }
    func attempt(_ work: @Sendable (isolated Foreign) async throws -> Void) async throws { try await work(self) }
  }

  @Test(
    "an actor with an executor of its own goes on while the thread is suspended, which returns from it after the resume"
  )
  func ownExecutor() async throws {
    let foreign = Foreign()
    try await stretchGoesOn { work in await foreign.perform(work) }
  }

  @Test("the main actor goes on while the thread is suspended, which returns from it after the resume")
  func mainActor() async throws {
    try await stretchGoesOn { work in await Self.onMainActor(work) }
  }

  @MainActor private static func onMainActor(_ work: @Sendable () -> Void) { work() }

  /// Suspends a thread while `perform` executes a stretch of it elsewhere.
  private func stretchGoesOn(
    in perform: @escaping @Sendable (_ work: @Sendable () -> Void) async -> Void
  ) async throws {
    try await inWorld { stage in
      let (begun, release) = (Latch(), Latch())
      let body = Mutex<ThreadBody?>(nil)
      let thread = try await LocalThread {
        body.withLock { $0 = ThreadBody.current }
        await perform {
          begun.open()
          release.hold()
          stage.log.note("elsewhere")
        }
        stage.log.note("back")
      }
      await begun.opened()
      try await thread.suspend()
      release.open()
      while body.withLock({ $0?.gate.hasJobs }) == false { await Task.yield() }
      #expect(stage.log.all == ["elsewhere"])
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["elsewhere", "back"])
    }
  }

  @Test("an operation elsewhere, of a suspended thread, waits for the resume and has no effect before")
  func operationElsewhere() async throws {
    try await inWorld { stage in
      let (begun, release, semaphore, foreign) = (Latch(), Latch(), Semaphore(), Foreign())
      let body = Mutex<ThreadBody?>(nil)
      let thread = try await LocalThread {
        body.withLock { $0 = ThreadBody.current }
        try await foreign.attempt { _ in
          begun.open()
          release.hold()
          try await semaphore.post()
        }
      }
      await begun.opened()
      try await thread.suspend()
      release.open()
      while body.withLock({ $0?.gate.hasJobs }) == false { await Task.yield() }
      #expect(try await !semaphore.tryWait())
      try await thread.resume()
      try await thread.wait()
      #expect(try await semaphore.tryWait())
    }
  }

  @Test("mail that a suspended thread sends elsewhere waits for the resume")
  func mailElsewhere() async throws {
    try await inWorld { stage in
      let (begun, release, foreign) = (Latch(), Latch(), Foreign())
      let body = Mutex<ThreadBody?>(nil)
      let receiver = try await LocalThread { stage.log.note("\(try await LocalThread.receive())") }
      let thread = try await LocalThread {
        body.withLock { $0 = ThreadBody.current }
        try await foreign.attempt { _ in
          begun.open()
          release.hold()
          try await receiver.send("mail")
        }
      }
      await begun.opened()
      try await thread.suspend()
      release.open()
      while body.withLock({ $0?.gate.hasJobs }) == false { await Task.yield() }
      #expect(!receiver.isDead && stage.log.all == [])
      try await thread.resume()
      try await receiver.wait()
      #expect(stage.log.all == ["mail"])
    }
  }

  @Test(
    "an unstructured task goes on while the thread is suspended, but its operations wait; a kill does not cancel it"
  )
  func unstructured() async throws {
    try await inWorld { stage in
      let (go, semaphore) = (Latch(), Semaphore())
      let started = Channel(of: (Task<String, Never>, ThreadBody?).self)
      let thread = try await LocalThread {
        let task = Task {
          await go.opened()
          stage.log.note("goes on")
          do { try await semaphore.post() } catch { return "\(error), cancelled: \(Task.isCancelled)" }
          return "posted"
        }
        try await started.put((task, ThreadBody.current))
        try await sync(never(Void.self))
      }
      let (task, body) = try await started.get()
      try await thread.suspend()
      go.open()
      while body?.gate.hasJobs == false { await Task.yield() }
      #expect(stage.log.all == ["goes on"])
      #expect(try await !semaphore.tryWait())
      try await thread.kill()
      #expect(await task.value == "the thread was killed, cancelled: false")
      #expect(try await !semaphore.tryWait())
    }
  }

  @Test("an unstructured task that outlives its thread can do nothing in its name, and is told so")
  func outlives() async throws {
    try await inWorld { stage in
      let go = Latch()
      let started = Channel(of: Task<[ThreadError.Code?], Never>.self)
      let thread = try await LocalThread {
        let task = Task {
          await go.opened()
          return [
            await #expect(throws: ThreadError.self) { try await Semaphore().post() }?.code,
            await #expect(throws: ThreadError.self) { try await sync(always(1)) }?.code,
            await #expect(throws: ThreadError.self) { try await LocalThread.withNestedThread {} }?.code,
            await #expect(throws: ThreadError.self) { try await LocalThread {} }?.code,
          ]
        }
        try await started.put(task)
      }
      let task = try await started.get()
      try await thread.wait()
      go.open()
      #expect(await task.value == Array(repeating: .threadDead, count: 4))
    }
  }

  // MARK: - Cancellation

  @Test("a kill cancels the thread's task; a suspension and a break do not")
  func cancels() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await withTaskCancellationHandler {
          do { try await sync(never(Void.self)) } catch is BreakError {
            stage.log.note("broken, cancelled: \(Task.isCancelled)")
          }
          try await sync(never(Void.self))
        } onCancel: {
          stage.log.note("cancelled")
        }
      }
      try await stage.settle()
      try await thread.suspend()
      try await thread.resume()
      try await thread.sendBreak()
      try await stage.settle()
      #expect(stage.log.all == ["broken, cancelled: false"])
      try await thread.kill()
      #expect(stage.log.all.last == "cancelled")
    }
  }

  @Test("cancelling a child task that waits withdraws its wait, and its nacks become ready; the thread goes on")
  func cancelledChild() async throws {
    try await inWorld { stage in
      let nacked = Channel(of: AnyEvent<Void>.self)
      let semaphore = Semaphore()
      let thread = try await LocalThread {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            let event: AnyEvent<Void> = nackGuarded { nack in
              try await nacked.put(nack)
              return semaphore.wrap { _ in }
            }
            do { try await sync(event) } catch { stage.log.note("\(error is CancellationError)") }
          }
          _ = try? await LocalThread.receive()
          group.cancelAll()
        }
        stage.log.note("on")
      }
      let nack = try await nacked.get()
      try await stage.settle()
      try await thread.send("cancel")
      try await sync(nack)
      try await thread.wait()
      #expect(stage.log.all == ["true", "on"])
      try await semaphore.post()
      #expect(try await semaphore.tryWait())
    }
  }

  @Test("a task that is cancelled before it waits waits for nothing")
  func cancelledBefore() async throws {
    try await inWorld { stage in
      let semaphore = Semaphore(1)
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        try await semaphore.wait()
      }
      task.cancel()
      _ = try? await task.value
      await #expect(throws: CancellationError.self) {
        let task = Task {
          while !Task.isCancelled { await Task.yield() }
          try await sync(never(Void.self))
        }
        task.cancel()
        try await task.value
      }
    }
  }

  @Test("code outside of any thread creates, sends and waits, in several tasks at once")
  func outside() async throws {
    try await inWorld { stage in
      let channel = Channel(of: Int.self)
      let thread = try await LocalThread { try await channel.put(LocalThread.receive() as? Int ?? 0) }
      async let sum = channel.get() + channel.get()
      try await channel.put(1)
      try await thread.send(2)
      #expect(try await sum == 3)
      #expect(LocalThread.current.isRunning && !LocalThread.current.isDead)
      #expect(try await poll(LocalThread.current.death) == nil)
      #expect(try await sync(LocalThread.current.resumption) == LocalThread.current)
    }
  }
}
