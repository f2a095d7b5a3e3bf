import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("connections that are threads")
struct NodeConnectionThreadTests {
  /// A world with a connection that is the thread `inbox`, and another client.
  private static func stage() throws -> (world: NodeWorld, inbox: ConnectionID, thread: ThreadID, client: ConnectionID)
  {
    var world = NodeWorld()
    let inbox = world.client()
    let answers = try world.ask(.becomeThread(EntityName("inbox")), on: inbox)
    guard let info = answers.info else { throw Unexpected(answers) }
    let client = world.client()
    return (world, inbox, info.id, client)
  }

  @Test("it has a name, a mailbox, the session custodian, and is listed as any thread")
  func made() throws {
    var (world, inbox, thread, client) = try Self.stage()
    let info = try world.ask(.find(.name(EntityName("inbox"))), on: client).info
    #expect(info?.id == thread)
    #expect(info?.state == .running)
    #expect(info?.custodians.map(\.description) == ["/session-1"])
    #expect(info?.pid == 100)
    #expect(world.mail(["1"], to: thread, on: client)?.refused == [])
    #expect(world.ask(.receive(most: 1, wait: true), on: inbox).mail == ["1"])
    #expect(try world.ask(.becomeThread(EntityName("inbox")), on: client).refusal == .nameTaken)
    #expect(try world.ask(.becomeThread(EntityName("second")), on: inbox).refusal == .badRequest)
  }

  @Test("suspended it gets nothing, and is not written to; resumed it does")
  func suspended() throws {
    var (world, inbox, thread, client) = try Self.stage()
    _ = world.ask(.receive(most: 1, wait: true), on: inbox)
    #expect(world.ask(.suspend(.id(thread)), on: client).reply == .done)
    #expect(world.heldWorkers == [inbox])
    _ = world.mail(["1"], to: thread, on: client)
    #expect(world.take(inbox) == [])
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(world.heldWorkers == [])
    #expect(world.take(inbox).mail == ["1"])
    #expect(world.takeOrders() == [])
  }

  @Test("killed it is closed, told by whom, and dead at once; its unread mail is counted")
  func killed() throws {
    var (world, inbox, thread, client) = try Self.stage()
    _ = world.mail(["1", "2"], to: thread, on: client)
    _ = world.ask(.receive(most: 1, wait: true), on: inbox)
    #expect(world.ask(.kill(.id(thread), wait: true, really: false), on: client).reply == .killed(.died))
    let told = world.take(inbox)
    #expect(told.count == 1)
    guard case .refusal(let refusal, nil)? = told.first else { throw Unexpected(told) }
    #expect(refusal.code == .dead)
    #expect(refusal.description == "cannot go on as inbox: it was killed by pid 100")
    #expect(world.closed == [inbox])
    let death = try world.ask(.find(.name(EntityName("inbox"))), on: client).info?.death
    #expect(death == DeathRecord(cause: .killed(by: "pid 100"), unreadMail: 2))
    #expect(world.takeOrders() == [])
    world.hangUp(inbox)
  }

  @Test("when its connection ends it is dead, and its mail with it")
  func hangUp() throws {
    var (world, inbox, thread, client) = try Self.stage()
    _ = world.mail(["1", "2"], to: thread, on: client)
    _ = world.ask(.receive(most: 1, wait: true), on: inbox)
    _ = world.ask(.wait(.id(thread)), on: client)
    world.hangUp(inbox)
    #expect(world.take(client).reply == .died(thread, DeathRecord(cause: .exited(code: 0), unreadMail: 2)))
    let next = world.client()
    #expect(try world.ask(.becomeThread(EntityName("inbox")), on: next).info?.name?.text == "inbox")
  }

  @Test("a break ends it, as one ends a program that does nothing about it; a suspended one at its resumption")
  func broken() throws {
    var (world, inbox, thread, client) = try Self.stage()
    _ = world.ask(.receive(most: 1, wait: true), on: inbox)
    _ = world.ask(.suspend(.id(thread)), on: client)
    _ = world.ask(.sendBreak(.id(thread), .terminate), on: client)
    #expect(world.closed == [])
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(world.closed == [inbox])
    let death = try world.ask(.find(.name(EntityName("inbox"))), on: client).info?.death
    #expect(death?.cause == .signalled(number: 15, coreDumped: false))
  }

  @Test("the shutdown of its session's custodian ends it, and is complete then")
  func shutDown() throws {
    var (world, inbox, _, client) = try Self.stage()
    let path = try CustodianPath(parsing: "/session-1")
    guard case .shutDown(let report) = world.ask(.custodianShutdown(path, follow: false), on: client).reply else {
      throw Unexpected([])
    }
    #expect(report.threads == 1)
    #expect(report.processes == 0)
    #expect(world.take(inbox).refusal == .dead)
    #expect(world.closed == [inbox])
  }
}
