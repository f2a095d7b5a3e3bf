import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("heddle-keeper stops guarded trees at the deadline of a lease", .serialized) struct FenceTests {
  @Test(
    "guarded trees stop at the deadline, with nobody asking, and go on when they are unfenced",
    arguments: Rung.allCases
  )
  func stopsAtDeadline(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    let deadline = Instant.fromNow(milliseconds: 200)
    try keeper.send(.armFence(deadline))
    #expect(keeper.standsStill(1, tree))
    #expect(Instant.boot >= deadline)
    tree.expectSilence()
    #expect(try keeper.report(.fence) == .fenced)
    try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
    tree.expectSilence()
    try keeper.send(.unfence(1))
    _ = try tree.output.read(until: { $0.utf8.count > 100 })
    _ = try keeper.end(1)
    #expect(!keeper.hasKept(.fence))
  }

  @Test("a tree does not stop when a later deadline came in time", arguments: Rung.allCases)
  func renewed(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    let first = Instant.fromNow(milliseconds: 500)
    try keeper.send(.armFence(first))
    for milliseconds in [600, 700, 60_000] { try keeper.send(.armFence(.fromNow(milliseconds: UInt64(milliseconds)))) }
    #expect(eventually { Instant.boot > first })
    try keeper.expectRunning(1, tree)
    #expect(!keeper.hasKept(.fence))
  }

  @Test("a deadline that is taken back never comes", arguments: Rung.allCases)
  func never(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    let first = Instant.fromNow(milliseconds: 500)
    try keeper.send(.armFence(first))
    try keeper.send(.armFence(nil))
    #expect(eventually { Instant.boot > first })
    try keeper.send(.guardThread(1))
    try keeper.expectRunning(1, tree)
    #expect(!keeper.hasKept(.fence))
  }

  @Test("an earlier deadline holds as well, also for wardens that know of a later one", arguments: Rung.allCases)
  func earlier(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
    try keeper.send(.armFence(.fromNow(milliseconds: 200)))
    #expect(keeper.standsStill(1, tree))
    #expect(try keeper.report(.fence) == .fenced)
  }

  @Test("a thread is guarded from when that is asked; past the deadline it stops at once", arguments: Rung.allCases)
  func guardedLater(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let trees = try (1...3).map { try keeper.startBusy(ThreadID(rawValue: $0), guarded: false) }
    try keeper.send(.guardThread(1))
    try keeper.send(.armFence(.fromNow(milliseconds: 200)))
    #expect(try keeper.report(.fence) == .fenced)
    #expect(keeper.standsStill(1, trees[0]))
    try keeper.expectRunning(2, trees[1])
    try keeper.send(.guardThread(2))
    #expect(keeper.standsStill(2, trees[1]))
    for tree in trees[...1] { tree.expectSilence() }
    // What nobody guards is of no concern, nor is what is not there.
    try keeper.send(.guardThread(99))
    try keeper.expectRunning(3, trees[2])
    #expect(!keeper.hasKept(.fence))
  }

  @Test("started past the deadline, a guarded program stops before its first instruction", arguments: Rung.allCases)
  func beginsStopped(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    try keeper.send(.armFence(.boot))
    #expect(try keeper.report(.fence) == .fenced)
    for entity in (1...10).map({ ThreadID(rawValue: $0) }) {
      var description = keeper.program(["sh", "-c", "echo begun; exec sleep 1000"])
      description.isGuarded = true
      let program = try keeper.start(entity, description)
      #expect(keeper.standsStill(entity, program))
      // Loading that is the first thing that a program does.
      #expect(try #require(contents(of: "/proc/\(program.pid)/maps")).contains("/libc") == false)
      try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
      try keeper.send(.unfence(entity))
      #expect(try program.output.read(until: { $0 == "begun\n" }) == "begun\n")
      _ = try keeper.end(entity)
      try keeper.send(.armFence(.boot))
      #expect(try keeper.report(.fence) == .fenced)
    }
  }

  @Test("what begins stopped goes on even if it is unfenced before it was seen so", arguments: Rung.allCases, 1...5)
  func beginsStoppedAndGoesOn(rung: Rung, round: Int) throws {
    let keeper = try KeeperProcess(on: rung)
    var description = keeper.program(["sh", "-c", "echo begun; exec sleep 1000"])
    description.isGuarded = true
    try keeper.send(.armFence(.boot))
    try keeper.send(.start(1, description))
    try keeper.send(.armFence(nil))
    try keeper.send(.unfence(1))
    let program = try keeper.started(1, description)
    #expect(try program.output.read(until: { $0 == "begun\n" }) == "begun\n")
  }

  @Test("a start that fails past the deadline says so as ever", arguments: Rung.allCases)
  func failsStopped(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    try keeper.send(.armFence(.boot))
    var description = keeper.program(["/no/such/program"])
    description.isGuarded = true
    try keeper.send(.start(1, description))
    #expect(try keeper.report(1) == .startFailed(1, errno: ENOENT, .execute))
  }

  @Test("while the deadline is past, a guarded tree can't be unfenced", arguments: Rung.allCases)
  func unfencedTooLate(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    try keeper.send(.armFence(.boot))
    #expect(keeper.standsStill(1, tree))
    try keeper.send(.unfence(1))
    _ = try keeper.startTree(2)
    tree.expectSilence()
  }

  @Test("each deadline that passes is reported once", arguments: Rung.allCases)
  func onceEach(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    for _ in 1...3 {
      try keeper.send(.armFence(.fromNow(milliseconds: 20)))
      #expect(try keeper.report(.fence) == .fenced)
      #expect(keeper.standsStill(1, tree))
      try keeper.send(.guardThread(1))
      try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
      try keeper.send(.unfence(1))
      try keeper.expectRunning(1, tree)
      #expect(!keeper.hasKept(.fence))
    }
  }

  @Test("many trees stop at one deadline", arguments: Rung.allCases)
  func many(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var description = keeper.program(["sleep", "1000"])
    description.isGuarded = true
    let entities = (1...100).map { ThreadID(rawValue: $0) }
    let trees = try entities.map { try keeper.start($0, description) }
    try keeper.send(.armFence(.fromNow(milliseconds: 50)))
    #expect(try keeper.report(.fence) == .fenced)
    for (entity, tree) in zip(entities, trees) { #expect(keeper.standsStill(entity, tree, isAlone: true)) }
  }

  // MARK: - A keeper that is stopped

  @Test("with the keeper under SIGSTOP the wardens stop their trees", arguments: Rung.withWardens)
  func keeperStopped(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let trees = try [keeper.startBusy(1), keeper.startBusy(2, guarded: false)]
    let deadline = Instant.fromNow(milliseconds: 200)
    try keeper.send(.armFence(deadline))
    // All are told of it once this is said, and no order of the guarded tree's own has its warden look.
    try keeper.send(.resume(2, generation: 1))
    #expect(try keeper.report(2) == .resumed(2, generation: 1))
    kill(keeper.pid, SIGSTOP)
    #expect(keeper.standsStill(1, trees[0]))
    #expect(Instant.boot >= deadline)
    trees[0].expectSilence()
    _ = try trees[1].output.read(until: { $0.utf8.count > 100 })
    kill(keeper.pid, SIGCONT)
    #expect(try keeper.report(.fence) == .fenced)
    trees[0].expectSilence()
  }

  @Test("a keeper that was stopped past the deadline fences before it takes a later one", arguments: Rung.allCases)
  func keeperStoppedTooLong(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    let deadline = Instant.fromNow(milliseconds: 200)
    try keeper.send(.armFence(deadline))
    try keeper.send(.resume(1, generation: 1))
    #expect(try keeper.report(1) == .resumed(1, generation: 1))
    kill(keeper.pid, SIGSTOP)
    try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
    #expect(eventually { Instant.boot > deadline })
    kill(keeper.pid, SIGCONT)
    #expect(try keeper.report(.fence) == .fenced)
    #expect(keeper.standsStill(1, tree))
    tree.expectSilence()
    try keeper.send(.unfence(1))
    try keeper.expectRunning(1, tree)
    #expect(!keeper.hasKept(.fence))
  }

  @Test(
    "whenever a later deadline comes, a tree either goes on or is reported, and never stands unsaid",
    arguments: Rung.allCases
  )
  func renewedAtTheLastMoment(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1)
    for _ in 1...50 {
      let deadline = Instant.fromNow(milliseconds: 3)
      try keeper.send(.armFence(deadline))
      while Instant.boot.nanoseconds + 100_000 < deadline.nanoseconds {}
      try keeper.send(.armFence(.fromNow(milliseconds: 60_000)))
      try keeper.send(.suspend(1, generation: 1))
      #expect(try keeper.report(1) == .suspended(1, generation: 1))
      if keeper.hasKept(.fence) {
        _ = try keeper.report(.fence)
        try keeper.send(.unfence(1))
      }
      try keeper.send(.resume(1, generation: 2))
      try keeper.expectRunning(1, tree)
    }
  }
}
