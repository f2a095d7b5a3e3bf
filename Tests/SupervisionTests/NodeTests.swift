import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("a supervisor without its input and output")
struct NodeTests {
  // MARK: - Connections

  @Test("a client says hello first, and in time; anything else is refused and the connection closed")
  func hello() {
    var world = NodeWorld()
    let greeted = world.client()
    #expect(world.closed.isEmpty)
    let rude = world.connect()
    world.receive(.request, Request(.barrier).encoded(), id: 1, on: rude)
    #expect(world.take(rude).refusal == .badRequest)
    // However long nothing happened before.
    world.pass(.seconds(60))
    let slow = world.connect()
    world.pass(Limits.handshake - .milliseconds(1))
    #expect(!world.closed.contains(slow))
    #expect(world.node.nextDeadline != nil)
    world.pass(.milliseconds(1))
    #expect(world.take(slow).refusal == .badRequest)
    #expect(world.closed == [rude, slow])
    #expect(world.ask(.barrier, on: greeted).reply == .done)
  }

  @Test("a request that cannot be read is refused by name, and the connection goes on")
  func unknownRequest() {
    var world = NodeWorld()
    let client = world.client()
    world.receive(.request, [0xFA, 0x3F, 0x00], id: 1, on: client)
    #expect(world.take(client).refusal == .unknownRequest)
    world.receive(.request, [0xFF, 0xFF], id: 2, on: client)
    #expect(world.take(client).refusal == .badRequest)
    #expect(world.ask(.barrier, on: client).reply == .done)
  }

  // MARK: - Threads

  @Test("a thread is told of when its program runs, with the supervisor's word on who it is in its environment")
  func spawn() throws {
    var world = NodeWorld()
    let client = world.client()
    let spawn = Spawn(
      name: try EntityName("web"),
      argv: [Array("prog".utf8)],
      environment: [Array("A=1".utf8), Array("HEDDLE_ID=x".utf8)],
      cwd: Array("/".utf8)
    )
    #expect(world.ask(.spawn(spawn), on: client) == [])
    let order = try #require(world.takeOrders().first)
    guard case .start(let thread, let program) = order else { throw Unexpected([]) }
    let environment = program.environment.map { String(decoding: $0, as: UTF8.self) }
    #expect(
      environment == [
        "A=1", "HEDDLE_NAME=web", "HEDDLE_ID=\(thread)", "HEDDLE_CUSTODIAN=/main", "HEDDLE_NODE=loom",
        "HEDDLE_SOCKET=/s",
      ]
    )
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .starting)
    world.report(.started(thread, pid: 77, descriptors: 2))
    let info = world.take(client).info
    #expect(info?.state == .running)
    #expect(info?.pid == 77)
    #expect(info?.custodians == [.main])
  }

  @Test("a name is its holder's until the holder is dead, and means the latest dead one until it is taken again")
  func names() throws {
    var world = NodeWorld()
    let client = world.client()
    let name = try EntityName("web")
    let first = try world.start("web", on: client)
    let again = Spawn(name: name, argv: [[112]], cwd: [47])
    #expect(world.ask(.spawn(again), on: client).refusal == .nameTaken)
    _ = world.ask(.kill(.name(name), wait: false, really: false), on: client)
    #expect(world.ask(.spawn(again), on: client).refusal == .nameTaken)
    world.obeyOrders()
    #expect(world.ask(.find(.name(name)), on: client).info?.id == first)
    let second = try world.start("web", on: client)
    #expect(world.ask(.find(.name(name)), on: client).info?.id == second)
    #expect(world.ask(.find(.name(try EntityName("db"))), on: client).refusal == .noSuchThread)
  }

  @Test("a program that cannot be started is refused with its reason, and leaves no thread and no name")
  func startFailed() throws {
    var world = NodeWorld()
    let client = world.client()
    let spawn = Spawn(name: try EntityName("web"), argv: [Array("nothing".utf8)], cwd: [47])
    _ = world.ask(.spawn(spawn), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.report(.startFailed(thread, errno: 2, .execute))
    let refusal = world.take(client)
    #expect(refusal.refusal == .cannotStart)
    #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
    #expect(world.ask(.list(includeDead: true), on: client).reply == .threads([], more: false))
    #expect(try world.start("web", on: client) != thread)
  }

  @Test("limits that can't be set are not the program's fault, and neither is what cut its start short")
  func limits() throws {
    for (stage, errno, code, words) in [
      (KeeperStage.limits, Int32(1), RefusalCode.limits, "setting its limits failed with errno 1; ask for less"),
      (.execute, KeeperProtocol.cutShort, .cannotStart, "something ended it before it was executed"),
    ] {
      var world = NodeWorld()
      let client = world.client()
      _ = world.ask(.spawn(Spawn(argv: [Array("x".utf8)], cwd: [47])), on: client)
      guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
      world.report(.startFailed(thread, errno: errno, stage))
      guard case .refusal(let refusal, _)? = world.take(client).last else { throw Unexpected([]) }
      #expect(refusal.code == code && refusal.description.hasPrefix("cannot start x: \(words)"))
      #expect(refusal.errorNumber == errno)
    }
  }

  @Test(
    "a thread that was ended while its program was being started is refused with who did it, not with how it failed"
  )
  func endedEarly() throws {
    var world = NodeWorld()
    let client = world.client()
    var spawn = Spawn(argv: [Array("x".utf8)], cwd: [47])
    spawn.timeout = .seconds(1)
    for (isKilled, code, words) in [
      (true, RefusalCode.endedEarly, "it was killed by "),
      (false, .timedOut, "its time, 1.0 seconds, was up before it ran"),
    ] {
      _ = world.ask(.spawn(spawn), on: client)
      guard case .start(let thread, _) = world.takeOrders().last else { throw Unexpected([]) }
      if isKilled { _ = world.ask(.kill(.id(thread), wait: false, really: false), on: client) }
      if !isKilled { world.pass(.seconds(1)) }
      _ = world.take(client)
      world.report(.startFailed(thread, errno: KeeperProtocol.cutShort, .execute))
      guard case .refusal(let refusal, _)? = world.take(client).first else { throw Unexpected([]) }
      #expect(refusal.code == code && refusal.description.contains("cannot start x: \(words)"), "\(refusal)")
      #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
    }
  }

  @Test("a kill answers when the thread is dead: its program reaped, its tree empty, its output read")
  func kill() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    #expect(world.ask(.kill(.id(thread), wait: true, really: false), on: client) == [])
    #expect(world.takeOrders() == [.kill(thread)])
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .ending)
    world.report(.exited(thread, .signal(9, coreDumped: false)))
    #expect(world.take(client) == [])
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    #expect(world.take(client).reply == .killed(.died))
    let death = world.ask(.find(.id(thread)), on: client).info?.death
    #expect(death?.cause == .killed(by: "pid 100"))
    #expect(world.ask(.kill(.id(thread), wait: true, really: false), on: client).reply == .killed(.wasDead))
  }

  @Test("a suspend-to-kill thread is suspended by a kill, and ended when it is really meant")
  func suspendToKill() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(suspendToKill: true, on: client)
    #expect(world.ask(.kill(.id(thread), wait: true, really: false), on: client) == [])
    // Answered when it was seen to stand still.
    world.obeyOrders()
    #expect(world.take(client).reply == .killed(.suspended))
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .suspended)
    _ = world.ask(.kill(.id(thread), wait: true, really: true), on: client)
    world.obeyOrders()
    #expect(world.take(client).reply == .killed(.died))
  }

  @Test("a wait tells how the thread died; one that is cancelled, or whose client goes, is withdrawn")
  func wait() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: client)
    _ = world.ask(.wait(.id(thread)), on: other)
    _ = world.ask(.wait(.id(thread)), on: client)
    let cancelled = world.lastRequest
    #expect(world.ask(.cancel(cancelled), on: client).refusal == .cancelled)
    _ = world.ask(.wait(.id(thread)), on: client)
    world.step { $0.connectionClosed(other, effects: &$1) }
    world.report(.exited(thread, .exit(code: 9)))
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    let death = DeathRecord(cause: .exited(code: 9), unreadMail: 0)
    #expect(world.take(client).reply == .died(thread, death))
    #expect(world.take(other) == [])
    #expect(world.ask(.wait(.id(thread)), on: client).reply == .died(thread, death))
  }

  @Test("a break is a signal to the program; a suspended one keeps it, the strongest, until it runs")
  func breaks() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = world.ask(.sendBreak(.id(thread), .interrupt), on: client)
    #expect(world.takeOrders() == [.signal(thread, 2)])
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.ask(.sendBreak(.id(thread), .terminate), on: client)
    _ = world.ask(.sendBreak(.id(thread), .hangUp), on: client)
    #expect(world.takeOrders() == [])
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(world.takeOrders() == [.resume(thread, generation: 2), .signal(thread, 15)])
  }

  @Test("authority is that of the custodian in whose name a request is made")
  func authority() throws {
    var world = NodeWorld()
    let client = world.client()
    let (a, b) = (try CustodianPath(parsing: "a"), try CustodianPath(parsing: "b"))
    _ = world.ask(.custodianNew(a), on: client)
    _ = world.ask(.custodianNew(b), on: client)
    let thread = try world.start(in: a, on: client)
    #expect(world.ask(.suspend(.id(thread)), as: b, on: client).refusal == .permission)
    #expect(world.ask(.kill(.id(thread), wait: false, really: false), as: b, on: client).refusal == .permission)
    #expect(world.ask(.suspend(.id(thread)), as: a, on: client).refusal == nil)
    #expect(world.ask(.resume(.id(thread), benefactor: .custodian(b)), as: b, on: client).reply == .done)
    #expect(world.ask(.find(.id(thread)), on: client).info?.custodians == [a, b])
  }

  @Test("the authority of /main is not the root's when there is no /main")
  func mainAuthority() throws {
    var world = NodeWorld()
    let client = world.client()
    let other = try CustodianPath(parsing: "/other")
    _ = world.ask(.custodianNew(other), on: client)
    let thread = try world.start(in: other, on: client)
    let kill = Request.Command.kill(.id(thread), wait: false, really: false)
    #expect(world.ask(kill, as: .main, on: client).refusal == .permission)
  }

  @Test("a suspend-to-kill thread that lost its custodians is ended by the root alone")
  func orphan() throws {
    var world = NodeWorld()
    let client = world.client()
    let (a, b) = (try CustodianPath(parsing: "a"), try CustodianPath(parsing: "b"))
    _ = world.ask(.custodianNew(a), on: client)
    _ = world.ask(.custodianNew(b), on: client)
    let thread = try world.start(in: a, suspendToKill: true, on: client)
    _ = world.ask(.custodianShutdown(a, follow: false), on: client)
    let end = Request.Command.kill(.id(thread), wait: false, really: true)
    #expect(world.ask(end, as: b, on: client).refusal == .permission)
    #expect(world.ask(end, on: client).reply == .killed(.ending))
  }

  @Test("how a program ended by itself is kept, whoever ends the rest of its tree")
  func ownEnd() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    world.report(.exited(thread, .exit(code: 3)))
    _ = world.ask(.kill(.id(thread), wait: true, really: false), on: client)
    world.report(.empty(thread, Stragglers(total: 1, named: [])))
    #expect(world.take(client).reply == .killed(.died))
    #expect(world.ask(.find(.id(thread)), on: client).info?.death?.cause == .exited(code: 3))
  }

  @Test("a program that cannot be started gives the name back to its dead holder")
  func formerHolder() throws {
    var world = NodeWorld()
    let client = world.client()
    let name = try EntityName("web")
    let first = try world.start("web", on: client)
    world.report(.exited(first, .exit(code: 0)))
    world.report(.empty(first, Stragglers(total: 0, named: [])))
    _ = world.ask(.spawn(Spawn(name: name, argv: [[112]], cwd: [47])), on: client)
    guard case .start(let second, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.report(.startFailed(second, errno: 2, .execute))
    #expect(world.ask(.find(.name(name)), on: client).info?.id == first)
  }

  @Test("what is shown of a thread is bounded, however long its arguments and the words of a refusal")
  func longWords() throws {
    var world = NodeWorld()
    let client = world.client()
    let long = [UInt8](repeating: 0xFF, count: 600_000)
    _ = world.ask(.spawn(Spawn(argv: [long, long], cwd: [47])), on: client)
    guard case .start(let thread, let program) = world.takeOrders().first else { throw Unexpected([]) }
    #expect(program.arguments == [long, long])
    let info = world.ask(.find(.id(thread)), on: client).info
    #expect(info?.argv.map(\.count).reduce(0, +) ?? 0 < 2_000)
    world.report(.startFailed(thread, errno: 7, .execute))
    for case .refusal(let refusal, _) in world.take(client) { #expect(refusal.encoded().count < 4_096) }
  }

  @Test("a connection has a bounded number of requests that wait")
  func openRequests() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    for _ in 0..<Limits.openRequestsMax { #expect(world.ask(.wait(.id(thread)), on: client) == []) }
    #expect(world.ask(.wait(.id(thread)), on: client).refusal == .tooLarge)
    #expect(world.ask(.barrier, on: client).reply == .done)
  }

  @Test("the dead are remembered until there are a thousand newer ones, or for a day")
  func memory() throws {
    var world = NodeWorld()
    let client = world.client()
    var threads: [ThreadID] = []
    for _ in 0...Limits.deadMax {
      let thread = try world.start(on: client)
      threads.append(thread)
      world.report(.exited(thread, .exit(code: 0)))
      world.report(.empty(thread, Stragglers(total: 0, named: [])))
    }
    #expect(world.ask(.find(.id(threads[0])), on: client).refusal == .gone)
    #expect(world.ask(.find(.id(threads[1])), on: client).info?.state == .dead)
    world.pass(Limits.deadFor)
    #expect(world.ask(.find(.id(threads[1])), on: client).refusal == .gone)
  }

  @Test("a long listing comes in pages")
  func pages() throws {
    var world = NodeWorld()
    let client = world.client()
    for _ in 0..<(Limits.listPage + 1) { _ = try world.start(on: client) }
    guard case .threads(let first, more: true) = world.ask(.list(includeDead: false), on: client).reply else {
      throw Unexpected([])
    }
    #expect(first.count == Limits.listPage)
    let rest = world.ask(.list(includeDead: false, after: first.last?.id), on: client).reply
    guard case .threads(let last, more: false) = rest else { throw Unexpected([]) }
    #expect(last.count == 1)
  }

  // MARK: - The supervisor's end

  @Test("told to end, it asks the threads, suspended ones too, gives them ten seconds, and ends them")
  func end() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let still = try world.start(on: client)
    _ = world.ask(.suspend(.id(still)), on: client)
    world.obeyOrders()
    world.step { $0.askedToEnd(effects: &$1) }
    #expect(
      world.takeOrders() == [.signal(thread, 15), .resume(still, generation: 2), .signal(still, 15)]
    )
    #expect(world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client).refusal == .shuttingDown)
    world.report(.exited(thread, .exit(code: 0)))
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    #expect(world.exitStatus == nil)
    world.pass(Limits.grace)
    #expect(world.takeOrders() == [.kill(still)])
    world.report(.exited(still, .signal(9, coreDumped: false)))
    world.report(.empty(still, Stragglers(total: 0, named: [])))
    #expect(world.exitStatus == 0)
  }

  @Test("told to end, it leaves as soon as the last thread is dead, and at once when told twice")
  func endSooner() throws {
    var world = NodeWorld()
    let thread = try world.start(on: world.client())
    world.step { $0.askedToEnd(effects: &$1) }
    world.report(.exited(thread, .exit(code: 0)))
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    #expect(world.exitStatus == 0)

    var hurried = NodeWorld()
    let stubborn = try hurried.start(on: hurried.client())
    hurried.step { $0.askedToEnd(effects: &$1) }
    hurried.step { $0.askedToEnd(effects: &$1) }
    #expect(hurried.takeOrders().last == .kill(stubborn))
  }

  @Test(
    "a keeper of another build, or one that can't do what was asked, is the supervisor's end; till it has spoken nobody is let in"
  )
  func keeper() {
    var world = NodeWorld()
    world.greet(Containment(rung: "subreaper"))
    #expect(world.exitStatus == nil)
    #expect(world.isListening)
    let client = world.client()
    guard case .daemonStatus(let status) = world.ask(.daemonStatus, on: client).reply else {
      Issue.record("no status")
      return
    }
    #expect(status.containment == "subreaper")
    var stranger = NodeWorld()
    stranger.report(.hello(version: KeeperProtocol.version, buildID: "another", Containment(rung: "subreaper")))
    #expect(stranger.exitStatus == 1 && !stranger.isListening)
    var helpless = NodeWorld()
    helpless.report(.unusable(reason: "cgroup: no"))
    #expect(helpless.exitStatus == 1 && !helpless.isListening)
  }

  @Test(
    "a keeper that is lost is the supervisor's end, and what it left in cgroups is ended first",
    arguments: ["", "/c/7"]
  )
  func keeperLost(place: String) {
    var world = NodeWorld()
    world.greet(Containment(rung: "cgroup", place: place))
    world.step { $0.keeperLost("its channel ended", effects: &$1) }
    #expect(world.abandoned == (place.isEmpty ? [] : [place]))
    #expect(world.exitStatus == 1)
  }

  // MARK: - Snapshots

  @Test("a snapshot holds all but the connections, and goes on as its origin")
  func snapshot() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start("web", channel: .lines, on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.mail(["kept"], to: thread, on: client)
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    let later = world.client()
    #expect(world.ask(.find(.name(try EntityName("web"))), on: later).info?.mail.messages == 1)
    _ = world.ask(.resume(.id(thread)), on: later)
    world.obeyOrders()
    #expect(world.written[thread] == "kept\n")
  }
}
