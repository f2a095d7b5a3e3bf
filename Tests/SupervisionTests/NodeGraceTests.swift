import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("the grace of a custodian's shutdown, and what it would do")
struct NodeGraceTests {
  private let job: CustodianPath
  private static let grace = Duration.seconds(10)

  init() throws { job = try CustodianPath(parsing: "job") }

  private func stages(_ outgoing: [Outgoing]) -> [GraceStage] {
    outgoing.compactMap { if case .notice(.grace(let stage, _, _), _) = $0 { stage } else { nil } }
  }

  private func report(_ outgoing: [Outgoing]) throws -> ShutdownReport {
    guard case .shutDown(let report) = outgoing.reply else { throw Unexpected(outgoing) }
    return report
  }

  private func begin(_ world: inout NodeWorld, on client: ConnectionID) -> [Outgoing] {
    world.ask(.custodianShutdown(job, follow: true, grace: Self.grace), on: client)
  }

  @Test("threads are asked by a break, by SIGTERM at half of the time, and ended when it is up")
  func stages() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start("deaf", in: job, on: client)
    let asked = begin(&world, on: client)
    #expect(stages(asked) == [.asked])
    #expect(world.takeOrders() == [.signal(thread, 15)])
    #expect(world.node.nextDeadline == Instant(nanoseconds: world.now.nanoseconds + 5_000_000_000))
    world.pass(.seconds(5))
    guard case .notice(.grace(.terminated, let waiting, let left), _) = world.take(client).first else {
      throw Unexpected([])
    }
    #expect(waiting.map(\.id) == [thread] && left == .seconds(5))
    #expect(world.takeOrders() == [.signal(thread, 15)])
    world.pass(.seconds(5))
    #expect(stages(world.take(client)) == [.over])
    #expect(world.orders == [.kill(thread)])
    world.obeyOrders()
    #expect(try report(world.take(client)).threads == 1)
    #expect(world.ask(.find(.id(thread)), on: client).info?.death?.cause == .custodianShutDown(job))
  }

  @Test("when all have ended the shutdown does not wait for the time, and each is told of with how it ended")
  func early() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let threads = [try world.start(in: job, on: client), try world.start(in: job, on: client)]
    _ = begin(&world, on: client)
    world.pass(.seconds(1))
    world.exit(threads[0])
    guard case .notice(.threadEnded(let first, let after, let death), _) = world.take(client).first else {
      throw Unexpected([])
    }
    #expect(first.id == threads[0] && after == .seconds(1) && death.cause == .exited(code: 0))
    world.exit(threads[1], code: 3)
    let told = world.take(client)
    #expect(stages(told) == [.over])
    #expect(
      try report(told) == ShutdownReport(threads: 2, processes: 2, leftSuspended: 0, duration: .seconds(1))
    )
    #expect(world.ask(.custodianNew(job), on: client).reply == .done)
  }

  @Test("suspended threads go on to hear it, and those made suspend-to-kill are not asked but left suspended")
  func suspended() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let still = try world.start(in: job, on: client)
    let kept = try world.start(in: job, suspendToKill: true, on: client)
    _ = world.ask(.suspend(.id(still)), on: client)
    world.obeyOrders()
    _ = begin(&world, on: client)
    guard case .resume(let resumed, _) = world.orders.first else { throw Unexpected([]) }
    #expect(resumed == still)
    world.obeyOrders()
    #expect(world.ask(.find(.id(kept)), on: client).info?.state == .running)
    world.exit(still)
    #expect(try report(world.take(client)).leftSuspended == 1)
  }

  @Test("it is open until the end, and what starts meanwhile ends with it")
  func latecomer() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(job), on: client)
    let first = try world.start(in: job, on: client)
    _ = begin(&world, on: client)
    _ = world.takeOrders()
    let late = try world.start(in: job, on: client)
    world.exit(first)
    #expect(world.orders == [.kill(late)])
  }

  @Test("one that asks later waits with the first, and one without a grace ends it")
  func second() throws {
    var world = NodeWorld()
    let clients = [world.client(), world.client(), world.client()]
    _ = world.ask(.custodianNew(job), on: clients[0])
    let thread = try world.start(in: job, on: clients[0])
    _ = begin(&world, on: clients[0])
    _ = world.takeOrders()
    world.pass(.seconds(1))
    #expect(stages(begin(&world, on: clients[1])) == [])
    #expect(world.takeOrders() == [])
    #expect(world.ask(.custodianShutdown(job, follow: false), on: clients[2]) == [])
    #expect(world.orders == [.kill(thread)])
    world.obeyOrders()
    for client in clients { #expect(try report(world.take(client)).threads == 1) }
  }

  @Test("a shutdown of the custodian above is its end, too")
  func above() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start(in: job, on: client)
    _ = begin(&world, on: client)
    _ = world.takeOrders()
    _ = world.take(client)
    _ = world.ask(.custodianShutdown(.main, follow: false), on: other)
    #expect(stages(world.take(client)) == [.over])
    #expect(world.orders == [.kill(thread)])
    world.obeyOrders()
    #expect(try report(world.take(client)).threads == 1)
    #expect(world.node.nextDeadline == nil)
    world.pass(.seconds(60))
    #expect(world.take(client) == [])
  }

  @Test("a grace above and one below that end together end once each")
  func nested() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let below = try CustodianPath(parsing: "job/step")
    _ = world.ask(.custodianNew(job), on: client)
    _ = world.ask(.custodianNew(below), on: client)
    let thread = try world.start(in: below, on: client)
    _ = begin(&world, on: client)
    _ = world.ask(.custodianShutdown(below, follow: false, grace: Self.grace), on: other)
    world.exit(thread)
    #expect(try report(world.take(client)).threads == 1)
    #expect(try report(world.take(other)).threads == 1)
    // Both are forgotten: they can be made again, and shut down at once.
    #expect(world.ask(.custodianNew(job), on: client).reply == .done)
    #expect(try report(world.ask(.custodianShutdown(job, follow: false), on: client)).threads == 0)
  }

  @Test("a client that leaves leaves it under way, and an empty custodian needs no grace")
  func leaving() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    _ = world.ask(.custodianNew(job), on: client)
    #expect(try report(begin(&world, on: client)).threads == 0)
    _ = world.ask(.custodianNew(job), on: client)
    let thread = try world.start(in: job, on: other)
    _ = begin(&world, on: client)
    _ = world.takeOrders()
    world.hangUp(client)
    world.pass(.seconds(5))
    world.pass(.seconds(5))
    #expect(world.orders.last == .kill(thread))
  }

  @Test("the plan says what would end, be left suspended, and survive, and does nothing")
  func plan() throws {
    var world = NodeWorld()
    let client = world.client()
    let (sub, other) = (try CustodianPath(parsing: "job/sub"), try CustodianPath(parsing: "other"))
    for path in [job, sub, other] { _ = world.ask(.custodianNew(path), on: client) }
    let ended = try world.start(in: sub, on: client)
    let left = try world.start(in: job, suspendToKill: true, on: client)
    let shared = try world.start(in: job, on: client)
    _ = world.ask(.resume(.id(shared), benefactor: .custodian(other)), on: client)
    guard case .shutdownPlan(let plan) = world.ask(.shutdownPlan(job), on: client).reply else { throw Unexpected([]) }
    #expect(plan.custodians == [job, sub])
    #expect(plan.ended.map(\.id) == [ended])
    #expect(plan.leftSuspended.map(\.id) == [left])
    #expect(plan.surviving.map(\.id) == [shared])
    #expect(world.takeOrders() == [])
    // What it says is what then happens.
    let told = world.ask(.custodianShutdown(job, follow: true), on: client)
    guard case .notice(.leftSuspended(let suspended), _) = told.first else { throw Unexpected(told) }
    #expect(suspended == plan.leftSuspended.map { ThreadSummary(id: $0.id, name: nil, state: .suspended) })
    #expect(world.orders.contains(.kill(ended)) && !world.orders.contains(.kill(shared)))
    let missing = try CustodianPath(parsing: "nowhere")
    #expect(world.ask(.shutdownPlan(missing), on: client).refusal == .noSuchCustodian)
  }
}
