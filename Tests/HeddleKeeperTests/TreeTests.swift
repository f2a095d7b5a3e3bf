import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("heddle-keeper stops and ends whole trees", .serialized) struct TreeTests {
  let keeper: KeeperProcess
  init() throws { keeper = try KeeperProcess() }

  /// A daemon: forked twice, in a session of its own. It says "daemon" when it is one.
  static let daemonise = "(setsid sh -c 'echo daemon; exec sleep 1000' &);"

  /// The processes of the programs, which the keeper and the wardens are not.
  private var programs: [ProcessState] {
    keeper.mark.bearers.filter { contents(of: "/proc/\($0.pid)/comm").map { !$0.hasPrefix("heddle-") } ?? false }
  }

  @Test("a kill takes a daemonised grandchild along, and names it")
  func killTakesAll() throws {
    let program = try keeper.start(1, script: Self.daemonise + "exec sleep 1000")
    _ = try program.output.read(until: { $0 == "daemon\n" })
    // The shell in the middle must be gone, so that the daemon is an orphan and one straggler is all there is.
    #expect(eventually { programs.count == 2 })
    let daemon = try #require(programs.first { $0.pid != program.pid }).pid
    let (exit, empty) = try keeper.end(1)
    #expect(exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, let stragglers) = empty else { throw Unexpected(report: empty) }
    #expect(stragglers.total == 1)
    #expect(stragglers.named.map(\.pid) == [daemon])
    #expect(stragglers.named.map(\.inOtherSession) == [true])
    #expect(programs == [])
  }

  @Test("when the program exits, the rest of its tree is killed")
  func exitTakesAll() throws {
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
    #expect(programs == [])
  }

  @Test("with linger the tree outlives the program, and is empty when it ends by itself")
  func linger() throws {
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

  @Test("what lingers can be killed")
  func killLingering() throws {
    let program = try keeper.start(1, script: Self.daemonise, lingers: true)
    _ = try program.output.read(until: { $0 == "daemon\n" })
    #expect(try keeper.report(1) == .exited(1, .exit(code: 0)))
    try keeper.send(.kill(1))
    guard case .empty(1, let stragglers) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(stragglers.total == 1)
    #expect(programs == [])
  }

  @Test("a tree that daemonises without end can be killed", arguments: 1...5)
  func killForkStorm(round: Int) throws {
    let program = try keeper.start(1, script: "while :; do \(Self.daemonise) done")
    _ = try program.output.read(until: { $0.utf8.count > 20 * 7 })
    _ = try keeper.end(1)
    #expect(programs == [])
  }

  @Test("more stragglers than are named are still counted")
  func manyStragglers() throws {
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

  @Test("a suspended tree that forks without end stands still, and goes on when it is resumed")
  func suspend() throws {
    let program = try keeper.start(1, script: Self.busy)
    for generation in 1...10 as ClosedRange<UInt64> {
      _ = try program.output.read(until: { $0.utf8.count > 100 })
      try keeper.send(.suspend(1, generation: generation))
      #expect(try keeper.report(1) == .suspended(1, generation: generation))
      let seen = programs
      // A parent in vfork(2) waits in D for its stopped child.
      #expect(seen.allSatisfy { "TZD".contains($0.state) }, "\(seen)")
      #expect(seen.contains { $0.state == "T" })
      while let some = try program.output.readSome(), !some.isEmpty {}
      #expect(!program.output.isReadable(within: 20))
      #expect(programs == seen)
      try keeper.send(.resume(1, generation: generation))
      #expect(try keeper.report(1) == .resumed(1, generation: generation))
    }
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    _ = try keeper.end(1)
  }

  @Test("a program with a thread inside vfork(2) stands still as well, and goes on when it is resumed")
  func suspendVforking() throws {
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

  @Test("a suspended tree can be killed")
  func killSuspended() throws {
    let program = try keeper.start(1, script: Self.busy)
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    let (exit, _) = try keeper.end(1)
    #expect(exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    #expect(programs == [])
  }

  @Test("a kill overtakes a suspension that was not reported yet")
  func killSuspending() throws {
    let program = try keeper.start(1, script: Self.busy)
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    try keeper.send(.suspend(1, generation: 1))
    try keeper.send(.kill(1))
    var report = try keeper.report(1)
    if report == .suspended(1, generation: 1) { report = try keeper.report(1) }
    #expect(report == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty = try keeper.report(1) else { throw Unexpected(report: report) }
    #expect(programs == [])
  }

  @Test("of orders sent at once the last decides, and is reported")
  func lastOrderWins() throws {
    let program = try keeper.start(1, script: Self.busy)
    for generation in 1...500 as ClosedRange<UInt64> {
      try keeper.send(.suspend(1, generation: generation))
      try keeper.send(.resume(1, generation: generation))
    }
    while try keeper.report(1) != .resumed(1, generation: 500) {}
    _ = try program.output.read(until: { $0.utf8.count > 100 })
    _ = try keeper.end(1)
  }

  @Test("a program killed by a stranger while suspended is reported, and the rest of its tree goes with it")
  func exitWhileSuspended() throws {
    let program = try keeper.start(1, script: Self.daemonise + "exec sleep 1000")
    _ = try program.output.read(until: { $0 == "daemon\n" })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    kill(program.pid, SIGKILL)
    #expect(try keeper.report(1) == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, _) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(programs == [])
  }

  private func numbers(to last: Int) -> String { (1...last).map(String.init).joined(separator: " ") }
}
