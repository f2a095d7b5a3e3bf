import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("custodians by their paths, and their shutdowns")
struct NodeCustodianTests {
  private let job: CustodianPath
  private let sub: CustodianPath

  init() throws {
    job = try CustodianPath(parsing: "job")
    sub = try CustodianPath(parsing: "job/sub")
  }

  @Test("a custodian is made below one that exists; /main is there when it is needed")
  func make() throws {
    var world = NodeWorld()
    let client = world.client()
    #expect(world.ask(.custodianNew(sub), on: client).refusal == .noSuchCustodian)
    #expect(world.ask(.custodianNew(job), on: client).reply == .done)
    #expect(world.ask(.custodianNew(job), on: client).refusal == .pathTaken)
    #expect(world.ask(.custodianNew(.root), on: client).refusal == .pathTaken)
    let spawn = Spawn(in: sub, argv: [[112]], cwd: [47])
    #expect(world.ask(.spawn(spawn), on: client).refusal == .noSuchCustodian)
    guard case .custodianTree(let listing) = world.ask(.custodianTree(.root), on: client).reply else {
      throw Unexpected([])
    }
    #expect(listing.children.map(\.path) == [.main])
    #expect(listing.children.first?.children.map(\.path) == [job])
  }

  @Test("a shutdown ends all that is below, tells who follows of each death, and answers when all are dead")
  func shutDown() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    _ = world.ask(.custodianNew(sub), on: client)
    let above = try world.start(in: job, on: client)
    let below = try world.start(in: sub, on: client)
    let beside = try world.start(on: client)
    #expect(world.ask(.custodianShutdown(job, follow: true), on: client) == [])
    let spawn = Spawn(in: sub, argv: [[112]], cwd: [47])
    #expect(world.ask(.spawn(spawn), on: client).refusal == .custodianShutDown)
    #expect(world.ask(.custodianNew(job), on: client).refusal == .pathTaken)
    world.pass(.milliseconds(4))
    world.obeyOrders(stragglers: 2)
    let told = world.take(client)
    let dead = told.compactMap { outgoing -> ThreadID? in
      guard case .notice(.threadDead(let thread, let after, let ended), _) = outgoing else { return nil }
      #expect(after == .milliseconds(4))
      #expect(ended.total == 3)
      return thread.id
    }
    #expect(dead == [above, below])
    let report = ShutdownReport(threads: 2, processes: 6, leftSuspended: 0, duration: .milliseconds(4))
    #expect(told.reply == .shutDown(report))
    #expect(world.ask(.find(.id(below)), on: client).info?.death?.cause == .custodianShutDown(sub))
    #expect(world.ask(.find(.id(beside)), on: client).info?.state == .running)
    #expect(world.ask(.custodianNew(job), on: client).reply == .done)
  }

  @Test("a shutdown leaves suspend-to-kill threads suspended, says so, and another custodian can adopt them")
  func leftSuspended() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start(in: job, suspendToKill: true, on: client)
    let told = world.ask(.custodianShutdown(job, follow: true), on: client)
    guard case .notice(.leftSuspended(let left), _) = told.first else { throw Unexpected(told) }
    #expect(left.map(\.id) == [thread])
    // Nothing in it has to end, so it is complete at once; that the thread stands still is seen later.
    guard case .shutDown(let report) = told.reply else { throw Unexpected(told) }
    #expect(report.threads == 0)
    #expect(report.leftSuspended == 1)
    world.obeyOrders()
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .suspended)
    _ = world.ask(.resume(.id(thread), benefactor: .custodian(.main)), on: client)
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .running)
  }

  @Test("a second shutdown of the same custodian waits for the first; a client that goes changes nothing")
  func twice() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    _ = world.ask(.custodianNew(job), on: client)
    _ = try world.start(in: job, on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: other)
    world.step { $0.connectionClosed(client, effects: &$1) }
    world.obeyOrders()
    let report = ShutdownReport(threads: 1, processes: 1, leftSuspended: 0, duration: .zero)
    #expect(world.take(other).reply == .shutDown(report))
    #expect(world.take(client) == [])
  }

  @Test("a shutdown that nobody waits for any more goes on; the one who withdrew is told so")
  func cancelled() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    _ = try world.start(in: job, on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    let shutdown = world.lastRequest
    #expect(world.ask(.cancel(shutdown), on: client).refusal == .cancelled)
    world.obeyOrders()
    #expect(world.take(client) == [])
    #expect(world.ask(.custodianNew(job), on: client).reply == .done)
  }

  @Test("a thread under two custodians of the shutdown is left suspended once; one that was ending is counted")
  func counts() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    _ = world.ask(.custodianNew(sub), on: client)
    let other = try CustodianPath(parsing: "job/other")
    _ = world.ask(.custodianNew(other), on: client)
    let kept = try world.start(in: sub, suspendToKill: true, on: client)
    _ = world.ask(.resume(.id(kept), benefactor: .custodian(other)), on: client)
    let ending = try world.start(in: other, on: client)
    _ = world.ask(.kill(.id(ending), wait: false, really: false), on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    world.obeyOrders()
    guard case .shutDown(let report) = world.take(client).reply else { throw Unexpected([]) }
    #expect(report.leftSuspended == 1)
    #expect(report.threads == 1)
  }

  @Test("a custodian is shut down while a program of it starts: the program is ended before anybody is told it runs")
  func spawnInFlight() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    _ = world.ask(.spawn(Spawn(in: job, argv: [[112]], cwd: [47])), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    #expect(world.takeOrders() == [.kill(thread)])
    world.report(.started(thread, pid: 9, descriptors: 2))
    #expect(world.take(client).info?.state == .ending)
    world.report(.exited(thread, .signal(9, coreDumped: false)))
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    guard case .shutDown = world.take(client).reply else { throw Unexpected([]) }
  }

  @Test("who waits for a shutdown is told when it has begun, with its own or with one above, and at once afterwards")
  func waits() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    _ = world.ask(.custodianNew(sub), on: client)
    _ = try world.start(in: sub, on: client)
    let other = world.client()
    #expect(world.ask(.custodianWait(sub), on: other) == [])
    #expect(world.ask(.custodianWait(job), on: other) == [])
    let cancelled = world.lastRequest
    #expect(world.ask(.cancel(cancelled), on: other).refusal == .cancelled)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    #expect(world.take(other) == [.reply(.done, RequestID(rawValue: cancelled.rawValue - 1))])
    #expect(world.ask(.custodianWait(sub), on: other).reply == .done)
    world.obeyOrders()
    #expect(world.ask(.custodianWait(sub), on: other).reply == .done)
  }

  @Test(
    "a thread is in the group that its spawn names, else in that of the worker that makes it, else in that above all"
  )
  func groups() throws {
    var world = NodeWorld()
    let client = world.client()
    let group = try ThreadGroupPath(parsing: "render")
    func spawn(in group: ThreadGroupPath?, channel: ChannelMode = .none) -> Request.Command {
      .spawn(Spawn(argv: [[112]], cwd: [47], channel: channel, group: group))
    }
    _ = world.ask(spawn(in: nil), on: client)
    _ = world.ask(spawn(in: group, channel: .frames), on: client)
    let threads = world.takeOrders().map {
      if case .start(let thread, _) = $0 { thread } else { ThreadID(rawValue: 0) }
    }
    world.report(.started(threads[1], pid: 9, descriptors: 3))
    let worker = world.connectWorker(threads[1])
    world.greet(worker)
    _ = world.ask(spawn(in: nil), on: worker)
    _ = world.ask(spawn(in: .root), on: worker)
    _ = world.take(client)
    guard case .threads(let infos, _) = world.ask(.list(includeDead: false), on: client).reply else {
      throw Unexpected([])
    }
    #expect(infos.map(\.group) == [.root, group, group, .root])
  }

  @Test("the root's shutdown is the supervisor's end")
  func root() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = try world.start(on: client)
    _ = world.ask(.custodianShutdown(.root, follow: false), on: client)
    world.obeyOrders()
    #expect(world.exitStatus == 0)
    guard case .shutDown = world.take(client).reply else { throw Unexpected([]) }
  }
}
