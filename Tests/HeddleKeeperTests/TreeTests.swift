import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("heddle-keeper stops and ends whole trees", .serialized) struct TreeTests {
  /// A daemon: forked twice, in a session of its own. It says "daemon" when it is one.
  static let daemonise = "(setsid sh -c 'echo daemon; exec sleep 1000' &);"

  @Test("a kill takes a daemonised grandchild along, and names it", arguments: Rung.allCases)
  func killTakesAll(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.daemonise + "exec sleep 1000")
    _ = try program.output.read(until: { $0 == "daemon\n" })
    // The shell in the middle must be gone, so that the daemon is an orphan and one straggler is all there is.
    #expect(eventually { keeper.programs.count == 2 })
    let daemon = try #require(keeper.programs.first { $0.pid != program.pid }).pid
    let (exit, empty) = try keeper.end(1)
    #expect(exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, let stragglers) = empty else { throw Unexpected(report: empty) }
    #expect(stragglers.total == 1)
    #expect(stragglers.named.map(\.pid) == [daemon])
    #expect(stragglers.named.map(\.inOtherSession) == [true])
    #expect(keeper.programs == [])
  }

  @Test("when the program exits, the rest of its tree is killed", arguments: Rung.allCases)
  func exitTakesAll(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var description = keeper.program(["sh", "-c", Self.daemonise + "sleep 1000 & read line; exit 3"])
    description.standardInput = .pipe
    let program = try keeper.start(1, description)
    #expect(try program.output.read(until: { $0 == "daemon\n" }) == "daemon\n")
    try program.input?.write([10])
    #expect(try program.output.readToEnd() == "")
    #expect(try keeper.report(1) == .exited(1, .exit(code: 3)))
    let empty = try keeper.report(1)
    guard case .empty(1, let stragglers) = empty else { throw Unexpected(report: empty) }
    #expect(stragglers.total >= 1)
    #expect(keeper.programs == [])
  }

  @Test("with linger the tree outlives the program, and is empty when it ends by itself", arguments: Rung.allCases)
  func linger(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var description = keeper.program(["sh", "-c", "exec 3<&0; setsid cat <&3 3<&- & exit 5"])
    description.standardInput = .pipe
    description.lingers = true
    var program = try keeper.start(1, description)
    #expect(try keeper.report(1) == .exited(1, .exit(code: 5)))
    try program.input?.write([65])
    #expect(try program.output.read(until: { $0 == "A" }) == "A")
    program.input = nil
    #expect(try keeper.report(1) == .empty(1, Stragglers(total: 0, named: [])))
  }

  @Test("what lingers can be killed", arguments: Rung.allCases)
  func killLingering(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.daemonise, lingers: true)
    _ = try program.output.read(until: { $0 == "daemon\n" })
    #expect(try keeper.report(1) == .exited(1, .exit(code: 0)))
    try keeper.send(.kill(1))
    guard case .empty(1, let stragglers) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(stragglers.total == 1)
    #expect(keeper.programs == [])
  }

  @Test("a tree that daemonises without end can be killed", arguments: Rung.allCases, 1...5)
  func killForkStorm(rung: Rung, round: Int) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: "while :; do \(Self.daemonise) done")
    _ = try program.output.read(until: { $0.utf8.count > 20 * 7 })
    _ = try keeper.end(1)
    #expect(keeper.programs == [])
  }

  @Test("more stragglers than are named are still counted", arguments: Rung.allCases)
  func manyStragglers(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(
      1,
      script: "for i in \(numbers(to: 100)); do \(Self.daemonise) done; exec sleep 1000"
    )
    _ = try program.output.read(until: { $0.utf8.count == 100 * 7 })
    guard case .empty(1, let stragglers) = try keeper.end(1).empty else {
      throw Unexpected(report: try keeper.report(1))
    }
    #expect(stragglers.total >= 100)
    #expect(stragglers.named.count == 64)
  }

  /// A tree that forks without end, in two sessions, and writes a line at each turn.
  static let busy = "turn='while :; do /bin/true; echo turn; done'; (setsid sh -c \"$turn\" &); eval \"$turn\""

  @Test(
    "a suspended tree that forks without end stands still, and goes on when it is resumed",
    arguments: Rung.allCases
  )
  func suspend(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.busy)
    for generation in 1...10 as ClosedRange<UInt64> {
      _ = try program.output.read(until: { $0.utf8.count > 100 })
      try keeper.send(.suspend(1, generation: generation))
      #expect(try keeper.report(1) == .suspended(1, generation: generation))
      var seen = keeper.programs
      // A frozen one that a signal reaches, of a child's end, wakes in the kernel for a moment and freezes again.
      for _ in 0..<1_000 where rung == .cgroup && seen.contains(where: { $0.state == "R" }) { seen = keeper.programs }
      // What is frozen shows as asleep; else it is stopped, and a parent in vfork(2) waits in D for its stopped child.
      let still: Character = rung == .cgroup ? "S" : "T"
      #expect(seen.allSatisfy { $0.state == still || "ZD".contains($0.state) }, "\(seen)")
      #expect(seen.contains { $0.state == still })
      while let some = try program.output.readSome(), !some.isEmpty {}
      #expect(!program.output.isReadable(within: 20))
      #expect(keeper.programs == seen)
      try keeper.send(.resume(1, generation: generation))
      #expect(try keeper.report(1) == .resumed(1, generation: generation))
    }
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    _ = try keeper.end(1)
  }

  @Test(
    "a program with a thread inside vfork(2) stands still as well, and goes on when it is resumed",
    arguments: Rung.allCases
  )
  func suspendVforking(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, keeper.program([KeeperProcess.built("heddle-test-vforking")]))
    for generation in 1...5 as ClosedRange<UInt64> {
      _ = try program.output.read(until: { $0.utf8.count > 100 })
      try keeper.send(.suspend(1, generation: generation))
      #expect(try keeper.report(1) == .suspended(1, generation: generation))
      while let some = try program.output.readSome(), !some.isEmpty {}
      #expect(!program.output.isReadable(within: 20))
      try keeper.send(.resume(1, generation: generation))
      #expect(try keeper.report(1) == .resumed(1, generation: generation))
    }
    _ = try keeper.end(1)
  }

  @Test("a suspended tree can be killed", arguments: Rung.allCases)
  func killSuspended(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.busy)
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    let (exit, _) = try keeper.end(1)
    #expect(exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    #expect(keeper.programs == [])
  }

  @Test("a kill overtakes a suspension that was not reported yet", arguments: Rung.allCases)
  func killSuspending(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.busy)
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    try keeper.send(.suspend(1, generation: 1))
    try keeper.send(.kill(1))
    var report = try keeper.report(1)
    if report == .suspended(1, generation: 1) { report = try keeper.report(1) }
    #expect(report == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty = try keeper.report(1) else { throw Unexpected(report: report) }
    #expect(keeper.programs == [])
  }

  @Test("of orders sent at once the last decides, and is reported", arguments: Rung.allCases)
  func lastOrderWins(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.busy)
    for generation in 1...500 as ClosedRange<UInt64> {
      try keeper.send(.suspend(1, generation: generation))
      try keeper.send(.resume(1, generation: generation))
    }
    while try keeper.report(1) != .resumed(1, generation: 500) {}
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    _ = try keeper.end(1)
  }

  @Test(
    "a program killed by a stranger while suspended is reported, and the rest of its tree goes with it",
    arguments: Rung.allCases
  )
  func exitWhileSuspended(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: Self.daemonise + "exec sleep 1000")
    _ = try program.output.read(until: { $0 == "daemon\n" })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    kill(program.pid, SIGKILL)
    #expect(try keeper.report(1) == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, _) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(keeper.programs == [])
  }

  private func numbers(to last: Int) -> String { (1...last).map(String.init).joined(separator: " ") }
}
