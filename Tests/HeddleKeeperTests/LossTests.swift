import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("Nothing survives the loss of daemon, keeper or warden", .serialized) struct LossTests {
  @Test("the daemon's end closes: the keeper ends all trees and exits with 0", arguments: Rung.allCases, [false, true])
  func daemonGone(rung: Rung, suspended: Bool) throws {
    let keeper = try KeeperProcess(on: rung)
    let trees = try (1...5).map { try keeper.startTree(ThreadID(rawValue: $0), suspended: suspended) }
    keeper.closeDaemonEnd()
    #expect(try keeper.waitForExit() == 0)
    #expect(keeper.mark.bearers == [])
    withExtendedLifetime(trees) {}
  }

  @Test(
    "the daemon goes while it is being told something: the keeper exits all the same",
    arguments: 1...25
  )
  func daemonGoneBetween(round: UInt64) throws {
    let keeper = try KeeperProcess(on: .subreaper)
    // The keeper writes a report every fraction of a millisecond, and each round the end comes at another moment.
    let nothing = KeeperProgram(arguments: [Array("nothing".utf8)], environment: [], directory: Array("/".utf8))
    for entity in 1...round { try keeper.send(.start(ThreadID(rawValue: entity), nothing)) }
    _ = try keeper.report(1)
    keeper.closeDaemonEnd()
    #expect(try keeper.waitForExit() == 0)
  }

  @Test(
    "the keeper is killed: the wardens end their trees, or the kernel their namespaces",
    arguments: Rung.withWardens,
    [false, true]
  )
  func keeperKilled(rung: Rung, suspended: Bool) throws {
    let keeper = try KeeperProcess(on: rung)
    let trees = try (1...5).map { try keeper.startTree(ThreadID(rawValue: $0), suspended: suspended) }
    kill(keeper.pid, SIGKILL)
    #expect(try keeper.waitForExit() == -SIGKILL)
    for tree in trees { #expect(try tree.output.readToEnd() == "") }
    #expect(eventually { keeper.mark.bearers.isEmpty })
  }

  @Test(
    "a warden is killed: its tree goes, is reported, and no other is touched",
    arguments: Rung.withWardens,
    [false, true]
  )
  func wardenKilled(rung: Rung, suspended: Bool) throws {
    let keeper = try KeeperProcess(on: rung)
    let lost = try keeper.startTree(1, suspended: suspended)
    let other = try keeper.startTree(2)
    kill(try #require(lost.warden), SIGKILL)
    // Of what ended with its namespace nobody knows how.
    #expect(try keeper.report(1) == .exited(1, rung == .pidns ? .lost : .signal(SIGKILL, coreDumped: false)))
    #expect(try keeper.report(1) == .empty(1, Stragglers(total: 0, named: [])))
    #expect(try lost.output.readToEnd() == "")
    #expect(ProcessState(pid: other.pid) != nil)
    // The keeper, and the other's warden, program, sleep and daemon, once the shell in the middle is gone.
    #expect(eventually { keeper.mark.bearers.count == 5 })
    #expect(keeper.mark.bearers.contains { $0.pid == other.pid })
    #expect(try keeper.end(2).exit == .exited(2, .signal(SIGKILL, coreDumped: false)))
  }

  @Test("all wardens are killed at once: every tree goes and is reported", arguments: Rung.withWardens)
  func allWardensKilled(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let trees = try (1...10).map { try keeper.startTree(ThreadID(rawValue: $0)) }
    for tree in trees { kill(try #require(tree.warden), SIGKILL) }
    for entity in (1...10).map({ ThreadID(rawValue: $0) }) {
      guard case .exited = try keeper.report(entity) else { throw Unexpected(report: try keeper.report(entity)) }
      #expect(try keeper.report(entity) == .empty(entity, Stragglers(total: 0, named: [])))
    }
    #expect(keeper.mark.bearers.map(\.pid) == [keeper.pid])
  }

  @Test("the keeper ignores the signals that a terminal or an init would send", arguments: Rung.allCases)
  func ignoredSignals(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    for signal in [SIGINT, SIGTERM, SIGHUP] { kill(keeper.pid, signal) }
    _ = try keeper.start(1, script: "exit 0")
    #expect(try keeper.report(1) == .exited(1, .exit(code: 0)))
    #expect(getsid(keeper.pid) == keeper.pid)
  }

  @Test(
    "a malformed request is one fault; then all trees are ended and reported, and the keeper exits with 2",
    arguments: [
      (bytes: [1, 0, 32, 0], reason: "a request beyond 2 MiB"),
      ([9, 0, 0, 0, 10, 1, 0, 0, 0, 0, 0, 0, 0], "an unknown kind of request"),
      ([3, 0, 0, 0, 5, 1, 0], "a field goes beyond its frame"),
      ([5, 0, 0, 0, 7, 1, 0, 0, 0], "a field goes beyond its frame"),
      ([10, 0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0], "a frame is longer than its fields"),
      ([9, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0], "an order for entity 0"),
      ([9, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0], "an order for entity 0"),
      ([13, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0], "a signal that does not exist"),
      (start([2, 0, 0, 0, 0, 0, 0]), "an unknown mode of standard input"),
      (start([0, 16, 0, 0, 0, 0, 0]), "an unknown flag of a start"),
      (start([0, 0, 2, 0, 0, 0, 0]), "an unknown place of a connection"),
      (start([1, 0, 1, 0, 0, 0, 0]), "a connection beside a pipe or a channel"),
      (start([0, 4, 3, 0, 0, 0, 0]), "a connection beside a pipe or a channel"),
      (start([0, 0, 0, 0, 2, 0, 0]), "a umask beyond 0777"),
      (start([0, 0, 0, 0, 0, 0, 0] + [255, 255, 255, 255]), "a string goes beyond its frame"),
      (start([0, 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0, 0]), "a string holds a zero byte"),
      (start([0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0] + [255, 255, 255, 255]), "a list goes beyond its frame"),
      (start([0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0]), "a start without arguments"),
      (startWithLimits([255, 255, 255, 255]), "a field goes beyond its frame"),
      (startWithLimits([1, 0, 0, 0] + [6] + [0, 0, 0, 0, 0, 0, 0, 0]), "an unknown limit"),
    ] as [(bytes: [UInt8], reason: String)]
  )
  func malformed(bytes: [UInt8], reason: String) throws {
    let keeper = try KeeperProcess(on: .subreaper)
    let tree = try keeper.startTree(1)
    try keeper.send(bytes)
    #expect(try keeper.report(1) == .fault(reason: reason))
    #expect(try keeper.report(1) == .exited(1, .signal(SIGKILL, coreDumped: false)))
    guard case .empty(1, _) = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    #expect(try keeper.waitForExit() == 2)
    #expect(try tree.output.readToEnd() == "")
    #expect(keeper.mark.bearers == [])
  }

  @Test("an entity that is started twice is a fault", arguments: Rung.allCases)
  func startedTwice(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: "sleep 1000")
    try keeper.send(.start(1, keeper.program(["true"])))
    #expect(try keeper.report(1) == .fault(reason: "an entity is started twice"))
    withExtendedLifetime(program) {}
  }

  @Test("an order for an entity that is over is ignored", arguments: Rung.allCases)
  func lateOrder(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    _ = try keeper.start(1, script: "exit 0")
    _ = (try keeper.report(1), try keeper.report(1))
    for request in [.kill(1), .suspend(1, generation: 1), .signal(1, SIGTERM)] as [KeeperRequest] {
      try keeper.send(request)
    }
    _ = try keeper.start(2, script: "exit 0")
    #expect(try keeper.report(2) == .exited(2, .exit(code: 0)))
  }

  @Test("200 entities started and killed leave no process, and no descriptor in the keeper", arguments: Rung.allCases)
  func manyEntities(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let before = names(in: "/proc/\(keeper.pid)/fd")
    let program = keeper.program(["sleep", "1000"])
    let entities = (1...200).map { ThreadID(rawValue: $0) }
    for entity in entities { try keeper.send(.start(entity, program)) }
    let started = try entities.map { try keeper.started($0, program) }
    for entity in entities { try keeper.send(.kill(entity)) }
    for entity in entities {
      #expect(try keeper.report(entity) == .exited(entity, .signal(SIGKILL, coreDumped: false)))
      #expect(try keeper.report(entity) == .empty(entity, Stragglers(total: 0, named: [])))
    }
    #expect(eventually { names(in: "/proc/\(keeper.pid)/fd") == before })
    #expect(eventually { keeper.mark.bearers.map(\.pid) == [keeper.pid] })
    withExtendedLifetime(started) {}
  }

  @Test("without a descriptor left a start fails, and the keeper goes on serving")
  func outOfDescriptors() throws {
    let keeper = try KeeperProcess(on: .subreaper, descriptorLimit: 19)  // enough for one entity, and not for two
    let first = try keeper.start(1, keeper.program(["sleep", "1000"]))
    try keeper.send(.start(2, keeper.program(["true"])))
    #expect(try keeper.report(2) == .startFailed(2, errno: EMFILE, .pipe))
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    #expect(try keeper.end(1).exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    #expect(eventually { names(in: "/proc/\(keeper.pid)/fd").count == 12 })
    #expect(try keeper.start(3, keeper.program(["echo", "on"])).output.readToEnd() == "on\n")
    withExtendedLifetime(first) {}
  }

  @Test("without a descriptor left a start into a cgroup fails, and trees can still be frozen and ended")
  func outOfDescriptorsForCgroups() throws {
    let keeper = try KeeperProcess(on: .cgroup, descriptorLimit: 24)  // enough for one entity, and not for two
    _ = try keeper.start(1, keeper.program(["sleep", "1000"]))
    try keeper.send(.start(2, keeper.program(["true"])))
    #expect(try keeper.report(2) == .startFailed(2, errno: EMFILE, .fork))
    try keeper.send(.suspend(1, generation: 1))
    #expect(try keeper.report(1) == .suspended(1, generation: 1))
    #expect(try keeper.end(1).exit == .exited(1, .signal(SIGKILL, coreDumped: false)))
    #expect(eventually { names(in: "/proc/\(keeper.pid)/fd").count == 15 })
    #expect(!names(in: keeper.containment.place).contains("2"))
  }

  /// More reports than the socket and the outbox hold: the last requests are taken only when reports are read.
  @Test("9,000 reports wait for a daemon that does not read, and none is lost")
  func fullOutbox() throws {
    // So that each start is one report, and nothing is forked.
    let keeper = try KeeperProcess(on: .subreaper, descriptorLimit: 14)
    let entities = (1...9000).map { ThreadID(rawValue: $0) }
    let program = KeeperProgram(arguments: [[65]], environment: [], directory: [])
    try keeper.send(entities.flatMap { try KeeperRequest.start($0, program).encoded() })
    #expect(eventually { ProcessState(pid: keeper.pid)?.state == "S" })
    for entity in entities { #expect(try keeper.report(entity) == .startFailed(entity, errno: EMFILE, .pipe)) }
  }

  @Test("reports wait for a daemon that does not read, and lose nothing")
  func slowDaemon() throws {
    let keeper = try KeeperProcess(on: .subreaper)
    let program = keeper.program(["no-such-program"])
    let entities = (1...2000).map { ThreadID(rawValue: $0) }
    for entity in entities { try keeper.send(.start(entity, program)) }
    for entity in entities { #expect(try keeper.report(entity) == .startFailed(entity, errno: ENOENT, .execute)) }
  }
}

/// A START of entity 1 that is well formed up to these limits.
private func startWithLimits(_ limits: [UInt8]) -> [UInt8] {
  start([0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0] + [1, 0, 0, 0, 1, 0, 0, 0, 65] + [0, 0, 0, 0] + limits)
}

/// A START of entity 1 with these fields.
private func start(_ fields: [UInt8]) -> [UInt8] {
  [UInt8(9 + fields.count), 0, 0, 0] + [1, 1, 0, 0, 0, 0, 0, 0, 0] + fields
}
