import Glibc
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("each rung of containment, as it is", .serialized) struct RungTests {
  @Test(
    "forkers that a limit bounds are ended, whatever their sessions, and not reported before",
    arguments: Rung.allCases
  )
  func forkers(rung: Rung) throws {
    guard geteuid() == 0 else { try Test.cancel("only root can start programs as another user") }
    let keeper = try KeeperProcess(on: rung)
    for entity in [1, 2] as [ThreadID] {
      // A user of the test's own: the limit is on all processes of a user.
      let user = String(UInt32.random(in: 100_000...1_000_000_000))
      var program = keeper.program([KeeperProcess.built("heddle-test-forking"), user])
      program.limits.processes = 60
      let forkers = try keeper.start(entity, program)
      _ = try forkers.output.read(until: { $0.utf8.count > 5 * 5 })
      #expect(keeper.programs.count >= 50)
      if entity == 2 {
        try keeper.send(.suspend(entity, generation: 1))
        #expect(try keeper.report(entity) == .suspended(entity, generation: 1))
      }
      #expect(try keeper.end(entity).exit == .exited(entity, .signal(SIGKILL, coreDumped: false)))
      #expect(keeper.programs == [])
    }
  }

  // MARK: - The choice

  @Test("without privileges auto takes the subreaper, and says why not the others")
  func automatic() throws {
    let copy = try CopyForNobody()
    let keeper = try KeeperProcess(asked: "auto", "test", nil, copy.launcher)
    #expect(keeper.rung == .subreaper)
    #expect(keeper.containment.reasons.contains("cgroup: can't make "))
    #expect(keeper.containment.reasons.contains("; pidns: "))
    _ = try keeper.start(1, script: "exit 3")
    #expect(try keeper.report(1) == .exited(1, .exit(code: 3)))
  }

  @Test("a rung that is asked for and does not work is refused with a reason, and never replaced")
  func refused() throws {
    let copy = try CopyForNobody()
    #expect { _ = try KeeperProcess(asked: "cgroup", "test", nil, copy.launcher) } throws: { error in
      (error as? Unusable)?.reason.hasSuffix("Permission denied") ?? false
    }
    #expect(throws: Unusable.self) { _ = try KeeperProcess(asked: "lasso", "test") }
  }

  @Test("asked for by name, namespaces work without privileges")
  func userNamespace() throws {
    let copy = try CopyForNobody()
    let keeper = try KeeperProcess(on: .pidns, launcher: copy.launcher)
    let program = try keeper.start(1, script: TreeTests.daemonise + "id -u; exec sleep 1000")
    _ = try program.output.read(until: { $0.contains("daemon\n") && $0.contains("65534\n") })
    // The shell in the middle is gone.
    #expect(eventually { keeper.programs.count == 2 })
    #expect(keeper.programs.contains { $0.pid == program.pid })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    guard case .empty(1, let stragglers) = try keeper.end(1).empty else { throw Unexpected(report: keeper.hello) }
    #expect(stragglers.total == 1)
    #expect(try program.output.readToEnd() == "")
  }

  /// A copy of the keeper where everybody finds it, and the words that start it as nobody.
  private final class CopyForNobody {
    private let path = "/tmp/heddle-keeper-\(UInt64.random(in: 0...UInt64.max))"
    var launcher: [String] {
      let script = "install -m 755 \"$1\" \"$2\"; shift; exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\""
      return ["sh", "-c", script, "sh", KeeperProcess.built("heddle-keeper"), path]
    }

    init() throws { if geteuid() != 0 { try Test.cancel("only root can become nobody") } }
    deinit { _ = unsafe unlink(path) }
  }

  // MARK: - PID namespaces

  @Test("in a namespace a program finds itself in /proc, under the pid that it knows")
  func ownProc() throws {
    let keeper = try KeeperProcess(on: .pidns)
    let program = try keeper.start(1, script: "readlink /proc/self/cwd /proc/$$/cwd; echo $$; exec sleep 1000")
    #expect(try program.output.read(until: { $0.hasSuffix("2\n") }) == "/\n/\n2\n")
    #expect(program.pid != 2)
    #expect(try #require(contents(of: "/proc/\(program.pid)/status")).contains("NSpid:\t\(program.pid)\t2\n"))
  }

  @Test("the keeper is killed: namespaces end even if their wardens stand still")
  func stoppedWarden() throws {
    let keeper = try KeeperProcess(on: .pidns)
    let tree = try keeper.startTree(1)
    kill(try #require(tree.warden), SIGSTOP)
    kill(keeper.pid, SIGKILL)
    #expect(try keeper.waitForExit() == -SIGKILL)
    #expect(try tree.output.readToEnd() == "")
    #expect(eventually { keeper.mark.bearers.isEmpty })
  }

  // MARK: - Cgroups

  @Test(
    "the keeper is killed: programs get their death signal, and the next of the instance ends the rest before its hello"
  )
  func leftovers() throws {
    let keeper = try KeeperProcess(on: .cgroup, instance: "test-\(getpid())-left")
    let other = try KeeperProcess(on: .cgroup)
    let trees = try (1...3).map { try keeper.startTree(ThreadID(rawValue: $0), suspended: $0 == 2) }
    let others = try other.startTree(1)
    kill(keeper.pid, SIGKILL)
    #expect(try keeper.waitForExit() == -SIGKILL)
    #expect(eventually { trees.allSatisfy { ProcessState(pid: $0.pid).map { $0.state == "Z" } ?? true } })
    #expect(keeper.mark.bearers.count >= 3)  // a daemon of each tree
    _ = try KeeperProcess(on: .cgroup, instance: "test-\(getpid())-left")
    #expect(keeper.mark.bearers == [])
    #expect(names(in: keeper.containment.place) == [])
    #expect(ProcessState(pid: others.pid) != nil)
  }

  @Test("a keeper of the instance that is still ending its trees is waited for")
  func succession() throws {
    let keeper = try KeeperProcess(on: .cgroup, instance: "test-\(getpid())-next")
    let trees = try (1...5).map { try keeper.startTree(ThreadID(rawValue: $0)) }
    keeper.closeDaemonEnd()
    _ = try KeeperProcess(on: .cgroup, instance: "test-\(getpid())-next")
    #expect(keeper.mark.bearers == [])
    #expect(names(in: keeper.containment.place) == [])
    withExtendedLifetime(trees) {}
  }

  @Test("cgroups that a program makes in its own end with it, and are removed")
  func inner() throws {
    let keeper = try KeeperProcess(on: .cgroup)
    let place = "\(keeper.containment.place)/1"
    let script = "mkdir \(place)/in; (echo 0 > \(place)/in/cgroup.procs; setsid sleep 1000 & echo in); exec sleep 1000"
    let program = try keeper.start(1, script: script)
    _ = try program.output.read(until: { $0 == "in\n" })
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    _ = try keeper.end(1)
    #expect(keeper.programs == [])
    #expect(eventually { names(in: place) == [] })
  }

  @Test("a program's cgroup is there before its first instruction, and its keeper's directory goes with the keeper")
  func place() throws {
    let keeper = try KeeperProcess(on: .cgroup)
    let place = keeper.containment.place
    let program = try keeper.start(7, keeper.program(["cat", "/proc/self/cgroup"]))
    let name = try #require(place.split(separator: "/").last)
    #expect(try program.output.readToEnd().contains("/\(name)/7\n"))
    #expect(try keeper.report(7) == .exited(7, .exit(code: 0)))
    #expect(try keeper.report(7) == .empty(7, Stragglers(total: 0, named: [])))
    #expect(eventually { names(in: "\(place)/7") == [] })
    keeper.closeDaemonEnd()
    #expect(try keeper.waitForExit() == 0)
    #expect(names(in: place) == [])
  }
}
