import HeddleThreads
import Synchronization
import Testing

// The code of the catalogue, where it is compiled and run: each of its blocks stands here, line by line.

@Suite("the catalogue's code", .serialized, .timeLimit(.minutes(1)))
struct Snippets {
  // MARK: - The thread model in ten minutes

  @Test("a program's main thread is a local thread")
  func mainThread() async {
    await #expect(processExitsWith: .success) {
      await LocalThread.runMain {
        print("hello from \(LocalThread.current)")
      }
    }
  }

  @Test("a thread has a mailbox, and its death can be waited for")
  func mail() async throws {
    let total = Mutex(0)
    let adder = try await LocalThread {
      while let number = try await LocalThread.receive() as? Int {
        total.withLock { $0 += number }
      }
    }
    for number in 1...4 { try await adder.send(number) }
    try await adder.send("that is all")
    try await adder.wait()
    // total holds 10
    #expect(total.withLock(\.self) == 10)
  }

  @Test("mail is a sequence, too")
  func messages() async throws {
    let reader = try await LocalThread {
      for try await message in LocalThread.messages { print(message) }
    }
    try await reader.send("a message that is printed")
    try await sync(systemIdle)
    #expect(reader.isRunning)
    try await reader.kill()
  }

  @Test("a callback makes a promise ready")
  func promise() async throws {
    struct Service {
      func whenAnswered(_ tell: @escaping @Sendable (String) -> Void) { _ = Task.detached { tell("an answer") } }
    }
    let service = Service()
    let answer = Promise<String>()
    service.whenAnswered { answer.fulfill($0) }
    let text = try await sync(answer, after(.seconds(5)).wrap { "no answer" })
    #expect(text == "an answer")
  }

  @Test("a suspended thread makes no progress, and its mail waits")
  func suspension() async throws {
    let clerk = try await LocalThread { _ = try await LocalThread.receive() }
    try await clerk.suspend()
    try await clerk.send("later")
    // clerk.isRunning is false, and the letter lies in the mailbox
    #expect(!clerk.isRunning && !clerk.isDead)
    try await clerk.resume()
    try await clerk.wait()
  }

  @Test("a computing thread can be stopped where it asks for it")
  func checkpoints() async throws {
    let rows = 0..<1_000
    let done = Mutex(0)
    let thread = try await LocalThread {
      for row in rows {
        work(on: row)
        done.withLock { $0 += 1 }
        try await LocalThread.checkpoint()
      }
    }
    try await thread.wait()
    #expect(done.withLock(\.self) == 1_000)
  }

  @Test("a custodian ends whatever was made under it, also what its threads made")
  func custodians() async throws {
    let job = try await Custodian()
    let worker = try await Custodian.current.withValue(job) {
      try await LocalThread {
        let helper = try await LocalThread { try await sync(never(Void.self)) }
        try await helper.wait()
      }
    }
    try await job.shutDown()
    // the worker is dead, and so is its helper
    #expect(worker.isDead)
    #expect(try await job.managed().threads.isEmpty)
  }

  @Test("authority is having the custodian")
  func authority() async throws {
    let (mine, yours) = (try await Custodian(), try await Custodian())
    let thread = try await Custodian.current.withValue(yours) {
      try await LocalThread { try await sync(never(Void.self)) }
    }
    do {
      try await Custodian.current.withValue(mine) { try await thread.kill() }
    } catch let error as ThreadError where error.code == .notAuthorized {
      print(error)
    }
    #expect(thread.isRunning)
    try await yours.shutDown()
  }

  @Test("a suspend-on-kill thread stops with its custodian, and goes on with a benefactor")
  func benefactors() async throws {
    let job = try await Custodian()
    let keeper = try await Custodian.current.withValue(job) {
      try await LocalThread(suspendsOnKill: true) { try await serve() }
    }
    try await job.shutDown()
    // suspended, since nobody vouches for it any more
    #expect(!keeper.isRunning && !keeper.isDead)
    try await keeper.resume(benefactor: .custodian(.root))
    #expect(keeper.isRunning)
    try await keeper.resume(benefactor: .thread(.current))
    let root = try await Custodian()
    try await root.shutDown()
    #expect(keeper.isRunning)
  }

  @Test("one sync waits for several things, and takes one")
  func choices() async throws {
    let semaphore = Semaphore(1)
    let words = Channel<String>()
    let worker = try await LocalThread { try await sync(never(Void.self)) }
    let answer = try await sync(
      words.getting.wrap { "got \($0)" },
      worker.death.wrap { _ in "the worker died" },
      semaphore.wrap { _ in "a place is free" },
      timeout: .seconds(2)
    )
    #expect(answer == "a place is free")
    #expect(try await !semaphore.tryWait())
    try await worker.kill()
  }

  @Test("an event is a value that functions return")
  func abstraction() async throws {
    let server = Server()
    let serving = try await LocalThread { try await server.run() }
    let answer = try await sync(server.asking("how much"), after(.seconds(60)).wrap { "no answer" })
    #expect(answer == "HOW MUCH")
    try await serving.kill()
  }

  @Test("a nack tells who was not chosen")
  func nacks() async throws {
    let losers = Channel<String>()
    func bid(_ name: String, _ event: AnyEvent<String>) -> AnyEvent<String> {
      nackGuarded { nack in
        _ = try await LocalThread {
          try await sync(nack)
          try await losers.put(name)
        }
        return event
      }
    }
    let winner = try await sync(bid("early", always("early")), bid("late", never()))
    #expect(winner == "early")
    #expect(try await losers.get() == "late")
  }

  @Test("a break is thrown where the thread lets it in")
  func breaks() async throws {
    let saved = Semaphore()
    let editor = try await LocalThread {
      do {
        try await sync(never(Void.self))
      } catch let stop as BreakError where stop.kind == .terminate {
        try await LocalThread.withBreaks(.disabled) { try await saved.post() }
      }
    }
    try await editor.sendBreak(.terminate)
    try await editor.wait()
    #expect(try await saved.tryWait())
  }

  @Test("parameters are inherited at creation")
  func parameters() async throws {
    let depth = Parameter(0)
    let seen = Channel<Int>()
    try await depth.withValue(3) {
      _ = try await LocalThread { try await seen.put(depth.value) }
    }
    // the thread's value is 3, whatever happens here later
    #expect(try await seen.get() == 3 && depth.value == 0)
  }

  @Test("a nested thread that is killed ends the call, and not its caller")
  func nested() async throws {
    let sandbox = try await Custodian()
    _ = try await LocalThread { try await sandbox.shutDown() }
    do {
      let answer = try await LocalThread.withNestedThread(custodian: sandbox) { try await compute() }
      print(answer)
    } catch let error as ThreadError where error.code == .nestedThreadKilled || error.code == .custodianShutDown {
      print("the sandbox was closed")
    }
    #expect(sandbox.isShutDown)
  }

  @Test("a coroutine is run in slices until it has its result")
  func coroutines() async throws {
    let number = 91
    @Sendable func factor(of number: Int) async throws -> Int { try #require((2..<number).first { number % $0 == 0 }) }
    func showProgress() {}
    let search = try await Coroutine { _ in try await factor(of: number) }
    while try await !search.run(for: .milliseconds(5)) { showProgress() }
    print(search.result ?? 1)
    #expect(search.result == 7)
  }

  @Test("a coroutine without a result in time can be killed")
  func limitedCoroutines() async throws {
    let game = 1
    @Sendable func bestMove(in game: Int) async throws -> String { "e4 in game \(game)" }
    func play(_ move: String?) { #expect(move == "e4 in game 1") }
    let search = try await Coroutine { _ in try await bestMove(in: game) }
    if try await search.run(for: .seconds(2)) { play(search.result) } else { try await search.kill() }
    #expect(try await search.run(for: .zero))
  }

  @Test("a consumer thread takes its calls in order")
  func consumers() async throws {
    let lines = Mutex<[String]>([])
    let journal = try await ConsumerThread { (line: String) in lines.withLock { $0.append(line) } }
    try await journal("begun")
    try await journal("ended")
    try await sync(systemIdle)
    #expect(lines.withLock(\.self) == ["begun", "ended"])
    try await journal.thread.kill()
  }

  @Test("a consumer thread's function may take several arguments, and wait")
  func writers() async throws {
    let file = Channel<String>()
    let log = try await ConsumerThread { (line: String, level: Int) in try await file.write(line, level) }
    try await log("started", 1)
    #expect(try await file.get() == "started at 1")
    try await log.thread.kill()
  }

  @Test("code that is not a local thread can create, send and wait")
  func outside() async throws {
    #expect(LocalThread.current.isRunning)
    await #expect(throws: ThreadError.self) { try await LocalThread.current.suspend() }
    await #expect(throws: ThreadError.self) { _ = try await LocalThread.receive() }
  }

  // MARK: - When to use what

  @Test("a resource is closed by its custodian's shutdown, unless it is cancelled before")
  func resources() async throws {
    let job = try await Custodian()
    let (connection, other) = (Connection(), Connection())
    let registration = try await job.onShutdown { connection.close() }
    try await job.onShutdown { other.close() }.cancel()
    try await job.shutDown()
    registration.cancel()
    #expect(connection.isClosed && !other.isClosed)
  }

  @Test("a deadline for several waits is an instant, which news do not put off")
  func deadlines() async throws {
    let letters = Channel<String>()
    let sender = try await LocalThread { while true { try await letters.put("news") } }
    func read(_ letter: String) { #expect(letter == "news") }
    let limit = Duration.milliseconds(20)
    let deadline = ContinuousClock.now + limit
    while let letter = try await sync(
      letters.getting.wrap(Optional.some),
      after(ContinuousClock.now.duration(to: deadline)).wrap { nil }
    ) {
      read(letter)
    }
    #expect(ContinuousClock.now >= deadline)
    try await sender.kill()
  }

  // MARK: - What kill and suspend mean in Swift

  @Test("a killed thread unwinds, and posts nothing")
  func lastWords() async throws {
    let connection = Connection()
    let semaphore = Semaphore()
    let victim = try await LocalThread {
      defer { connection.close() }
      do { try await sync(never(Void.self)) } catch {
        // a dead thread posts nothing: this throws Killed
        try await semaphore.post()
      }
    }
    try await sync(systemIdle)
    try await victim.kill()
    await connection.untilClosed()
    #expect(try await !semaphore.tryWait())
  }

  @Test("a loop that catches its own trouble leaves when it is killed")
  func loops() async throws {
    let before = LocalThread.abandoned
    let connection = Connection()
    let begun = Semaphore()
    @Sendable func attempt() async throws {
      try await begun.post()
      throw Trouble()
    }
    let loop = try await LocalThread {
      defer { connection.close() }
      while true {
        do {
          try await attempt()
          break
        } catch let trouble as Trouble {
          print("once more, after \(trouble)")
        }
      }
    }
    try await begun.wait()
    try await loop.kill()
    await connection.untilClosed()
    #expect(LocalThread.abandoned == before)
  }

  @Test("an unstructured task is cancelled by the kill of the thread that it is tied to")
  func tiedTasks() async throws {
    let connection = Connection()
    let begun = Semaphore()
    @Sendable func upload() async throws {
      defer { connection.close() }
      try await begun.post()
      try await Task.sleep(for: .seconds(3_600))
    }
    let thread = try await LocalThread {
      let task = Task { try await upload() }
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    }
    try await begun.wait()
    try await thread.kill()
    await connection.untilClosed()
  }
}

extension Channel<String> {
  fileprivate func write(_ line: String, _ level: Int) async throws { try await put("\(line) at \(level)") }
}

private struct Trouble: Error {}

/// Something that is closed, once or not at all.
private final class Connection: Sendable {
  private let closing = Mutex<(isClosed: Bool, watchers: [CheckedContinuation<Void, Never>])>((false, []))

  var isClosed: Bool { closing.withLock(\.isClosed) }

  func close() {
    let watchers = closing.withLock { closing in
      defer { closing = (true, []) }
      return closing.watchers
    }
    for watcher in watchers { watcher.resume() }
  }

  func untilClosed() async {
    await withCheckedContinuation { watcher in
      let isClosed = closing.withLock { closing in
        if !closing.isClosed { closing.watchers.append(watcher) }
        return closing.isClosed
      }
      if isClosed { watcher.resume() }
    }
  }
}

private func work(on row: Int) {}
private func serve() async throws { try await sync(never(Void.self)) }
private func compute() async throws -> Int { try await sync(never()) }

/// Answers questions, one at a time.
struct Server: Sendable {
  private struct Question: Sendable {
    let text: String
    let reply: Channel<String>
    let nack: AnyEvent<Void>
  }

  private let questions = Channel<Question>()

  /// Ready with the answer to `text`, which is asked when the wait begins.
  func asking(_ text: String) -> AnyEvent<String> {
    nackGuarded { nack in
      let question = Question(text: text, reply: Channel(), nack: nack)
      try await questions.put(question)
      return question.reply.getting
    }
  }

  func run() async throws {
    while true {
      let question = try await questions.get()
      try await sync(question.reply.putting(question.text.uppercased()), question.nack)
    }
  }
}
