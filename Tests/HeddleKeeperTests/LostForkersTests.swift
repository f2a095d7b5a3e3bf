import Glibc
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("forkers whose warden is lost", .serialized) struct LostForkersTests {
  @Test(
    "forkers that a limit bounds are ended when their warden is killed, and not reported before",
    arguments: Rung.withWardens,
    1...3
  )
  func wardenKilled(rung: Rung, round: Int) throws {
    guard geteuid() == 0 else { try Test.cancel("only root can start programs as another user") }
    let keeper = try KeeperProcess(on: rung)
    let other = try keeper.startTree(2)
    // A user of the test's own: the limit is on all processes of a user.
    let user = String(UInt32.random(in: 100_000...1_000_000_000))
    var program = keeper.program([KeeperProcess.built("heddle-test-forking"), user])
    program.limits.processes = 60
    let forkers = try keeper.start(1, program)
    _ = try forkers.output.read(until: { $0.utf8.count > 5 * 5 })
    kill(try #require(forkers.warden), SIGKILL)
    guard case .exited(1, _) = try keeper.report(1) else { throw Unexpected(report: keeper.hello) }
    #expect(try keeper.report(1) == .empty(1, Stragglers(total: 0, named: [])))
    // The other thread's shell, sleep and daemon, once the shell in the middle is gone.
    #expect(eventually { keeper.programs.count == 3 })
    #expect(keeper.programs.contains { $0.pid == other.pid })
    _ = try keeper.end(2)
  }
}
