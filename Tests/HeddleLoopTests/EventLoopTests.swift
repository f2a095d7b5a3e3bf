import Glibc
import HeddleLoop
import Testing

@Suite("An event loop", .timeLimit(.minutes(1)))
struct EventLoopTests {
  @Test("work from other threads runs on the loop, each sender's in order")
  func workFromOtherThreads() async throws {
    try await Scene.play { scene in
      let done = Happenings(of: (sender: Int, number: Int, onLoop: Bool).self)
      await withTaskGroup(of: Void.self) { group in
        for sender in 0..<4 {
          group.addTask {
            for number in 0..<500 {
              scene.loop.perform { done.tell((sender, number, scene.loop.isOnLoop)) }
            }
          }
        }
      }
      let events = try await done.next(2000)
      #expect(events.allSatisfy { $0.onLoop })
      for sender in 0..<4 { #expect(events.filter { $0.sender == sender }.map(\.number) == Array(0..<500)) }
    }
  }

  @Test("work that the loop gives itself runs before the loop sleeps")
  func workFromTheLoop() async throws {
    try await Scene.play { scene in
      let done = Happenings(of: Int.self)
      @Sendable func step(_ number: Int) {
        done.tell(number)
        if number < 1000 { scene.loop.perform { step(number + 1) } }
      }
      scene.loop.perform { step(0) }
      let numbers = try await done.next(1001)
      #expect(numbers == Array(0...1000))
    }
  }

  @Test("endless work does not keep the loop from its timers")
  func busyLoopStillPolls() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: Bool.self)
      let isOver = Flag()
      @Sendable func spin() { if !isOver.isSet { scene.loop.perform { spin() } } }
      spin()
      try await scene.act { scene in
        let timer = try Timer(on: scene.loop) { fired.tell(true) }
        timer.start(after: .milliseconds(5))
      }
      #expect(try await fired.next())
      isOver.set()
    }
  }

  @Test("work that never ends does not hold up the stop")
  func stopOfABusyLoop() throws {
    let loop = try EventLoop.start()
    let isOver = Flag()
    @Sendable func spin() { if !isOver.isSet { loop.perform { spin() } } }
    spin()
    loop.stop()
    isOver.set()
  }

  @Test("a callback is in its actor's isolation")
  func callbackIsIsolated() async throws {
    try await Scene.play { scene in
      let fired = Happenings(of: Int.self)
      try await scene.act { scene in
        let timer = try Timer(on: scene.loop) {
          scene.preconditionIsolated()
          // Of the compiler, which knows where the closure was made, and of the runtime, which does not.
          scene.count += 1
          scene.assumeIsolated { $0.count += 1 }
          fired.tell(scene.count)
        }
        timer.start(after: .zero)
      }
      #expect(try await fired.next() == 2)
    }
  }

  @Test("a task that prefers the loop as its executor runs there")
  func taskExecutor() async throws {
    try await Scene.play { scene in
      let onLoop = await Task(executorPreference: scene.loop) { scene.loop.isOnLoop }.value
      #expect(onLoop)
      #expect(!scene.loop.isOnLoop)
    }
  }

  @Test("a stop closes what is open, and no callback comes after it")
  func stopCloses() async throws {
    let fired = Happenings(of: Int.self)
    let (ours, theirs) = try socketPair()
    defer { close(theirs) }
    let loop = try EventLoop.start()
    try await Scene(on: loop).act { scene in
      try Timer(on: scene.loop) { fired.tell(1) }.start(after: .milliseconds(1_000_000))
      try ByteStream(adopting: ours, on: scene.loop).startReading { _ in
        fired.tell(2)
      } onEnd: { _ in
        fired.tell(3)
      }
    }
    loop.stop()
    loop.stop()
    #expect(hasHungUp(theirs))
    fired.tell(0)
    #expect(try await fired.next() == 0)
  }

  @Test("after the stop tasks still end, and new handles are refused with an error")
  func workAfterStop() async throws {
    let loop = try EventLoop.start()
    let scene = Scene(on: loop)
    loop.stop()
    for _ in 0..<100 {
      let error = await #expect(throws: LoopError.self) {
        try await scene.act { scene in _ = try Timer(on: scene.loop) {} }
      }
      #expect(error?.code == ECANCELED)
      #expect(error?.description == "cannot make a timer: the event loop has stopped (ECANCELED)")
    }
  }

  @Test("work that comes after the stop from many threads is still one piece at a time")
  func exclusionAfterStop() async throws {
    let loop = try EventLoop.start()
    let scene = Scene(on: loop)
    loop.stop()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<200 { await scene.act { $0.count += 1 } } }
      }
    }
    #expect(await scene.act { $0.count } == 1600)
  }

  @Test("a loop can run on the calling thread, until work on it asks for the stop")
  func borrowedThread() throws {
    let loop = try EventLoop()
    loop.perform { loop.requestStop() }
    loop.run()
    #expect(!loop.isOnLoop)
    loop.stop()
  }

  @Test("a loop that never ran can be stopped")
  func stopWithoutRun() throws {
    let loop = try EventLoop()
    loop.perform {}
    loop.stop()
  }

  @Test("a loop lets go of its memory and its descriptors once it has stopped")
  func noLeaks() async {
    await #expect(processExitsWith: .success) {
      // The first loop of a process makes libuv's pipe for signals, which stays.
      try EventLoop.start().stop()
      let before = openFiles()
      weak var freed: EventLoop?
      for _ in 0..<20 {
        let loop = try EventLoop.start()
        freed = loop
        loop.stop()
      }
      precondition(freed == nil, "the loop is still there")
      precondition(openFiles().isSubset(of: before), "descriptors are left")
    }
  }

  @Test("using a handle off its loop is our own mistake, and traps")
  func offLoopTraps() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop.start()
      _ = try Timer(on: loop) {}
    }
  }
}
