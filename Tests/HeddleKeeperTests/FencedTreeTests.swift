import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("a fence and a suspension do not know of each other", .serialized) struct FencedTreeTests {
  @Test("a suspended tree that is fenced and resumed stays still until it is unfenced", arguments: Rung.allCases)
  func resumedFenced(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1, guarded: false)
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    try keeper.send(.fence(1))
    try keeper.send(.resume(1, generation: 2))
    #expect(try keeper.report(1) == .resumed(1, generation: 2))
    #expect(keeper.standsStill(1, tree))
    tree.expectSilence()
    try keeper.send(.unfence(1))
    try keeper.expectRunning(1, tree)
  }

  @Test("a fenced tree that is suspended and unfenced stays still until it is resumed", arguments: Rung.allCases)
  func suspendedFenced(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1, guarded: false)
    try keeper.send(.fence(1))
    #expect(keeper.standsStill(1, tree))
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    try keeper.send(.unfence(1))
    try keeper.send(.suspend(1, generation: 2))
    #expect(try keeper.report(1) == .suspended(1, generation: 2))
    tree.expectSilence()
    try keeper.send(.resume(1, generation: 3))
    #expect(try keeper.report(1) == .resumed(1, generation: 3))
    try keeper.expectRunning(1, tree)
  }

  @Test("of many fences and unfences the last decides", arguments: Rung.allCases)
  func lastDecides(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startBusy(1, guarded: false)
    for _ in 1...200 { for order in [.fence(1), .unfence(1)] as [KeeperRequest] { try keeper.send(order) } }
    try keeper.expectRunning(1, tree)
    for _ in 1...200 { for order in [.unfence(1), .fence(1)] as [KeeperRequest] { try keeper.send(order) } }
    // Only what stands still for good is suspended and resumed without a sound.
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    try keeper.send(.resume(1, generation: 2))
    #expect(try keeper.report(1) == .resumed(1, generation: 2))
    tree.expectSilence()
  }

  @Test("a fenced tree can be killed, and names what was in it", arguments: Rung.allCases)
  func killed(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startTree(1)
    // The shell in the middle is gone.
    #expect(eventually { keeper.programs.count == 3 })
    try keeper.send(.fence(1))
    #expect(keeper.standsStill(1, tree))
    let (exit, empty) = try keeper.end(1)
    #expect(exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, let stragglers) = empty else { throw Unexpected(report: empty) }
    #expect(stragglers.total == 2)
    #expect(keeper.programs == [])
    #expect(try tree.output.readToEnd() == "")
    // Too late for all of these, which is no error.
    for order in [.fence(1), .unfence(1), .guardThread(1)] as [KeeperRequest] { try keeper.send(order) }
    _ = try keeper.startTree(2)
  }

  @Test(
    "a fenced program that a stranger kills is reported, and the rest of its tree goes with it",
    arguments: Rung.allCases
  )
  func exitsFenced(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.startTree(1)
    // The shell in the middle is gone.
    #expect(eventually { keeper.programs.count == 3 })
    try keeper.send(.fence(1))
    #expect(keeper.standsStill(1, tree))
    kill(tree.pid, SIGKILL)
    #expect(try keeper.report(1) == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, _) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(keeper.programs == [])
  }

  @Test("signals wait for a fenced tree to go on, SIGCONT too", arguments: Rung.allCases)
  func signalled(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let tree = try keeper.start(1, script: "trap 'echo term' TERM; while :; do echo turn; /bin/true; done")
    _ = try tree.output.read(until: { $0.utf8.count > 100 })
    try keeper.send(.fence(1))
    #expect(keeper.standsStill(1, tree))
    try keeper.send(.signal(1, SIGTERM))
    try keeper.send(.signal(1, SIGCONT))
    _ = try keeper.startTree(2)
    tree.expectSilence()
    try keeper.send(.unfence(1))
    #expect(try tree.output.read(until: { $0.contains("term\n") || $0.utf8.count > 10_000 }).contains("term\n"))
  }
}
