import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("the connections of servers")
struct NodeVisitTests {
  @Test("a connection is broken when its time is up, and ended after twice that, whatever it does meanwhile")
  func timeout() throws {
    var stage = try ServingWorld(timeout: .seconds(5))
    let thread = try stage.world.serveVisitor(stage.listener)
    stage.world.pass(.milliseconds(4_999))
    #expect(stage.world.takeOrders() == [])
    stage.world.pass(.milliseconds(1))
    #expect(stage.world.takeOrders() == [.signal(thread, 2)])
    #expect(stage.look()?.counts.timedOut == 1)
    stage.world.pass(.milliseconds(4_999))
    #expect(stage.world.takeOrders() == [])
    stage.world.pass(.milliseconds(1))
    #expect(stage.world.takeOrders() == [.kill(thread)])
    #expect(stage.world.ask(.wait(.id(thread)), on: stage.client) == [])
    stage.world.report(.exited(thread, .signal(9, coreDumped: false)))
    stage.world.report(.empty(thread, Stragglers(total: 0, named: [])))
    let expected = Reply.died(thread, DeathRecord(cause: .timedOut(after: .seconds(10)), unreadMail: 0))
    #expect(stage.world.take(stage.client).reply == expected)
    #expect(stage.look()?.counts.killed == 1)
  }

  @Test("whoever waits for the last connection of a server that is killed is answered")
  func waited() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    let other = stage.world.client()
    #expect(stage.world.ask(.wait(.id(thread)), on: other) == [])
    _ = stage.world.ask(.kill(.id(stage.server.id), wait: false, really: false), on: stage.client)
    stage.world.report(.exited(thread, .signal(9, coreDumped: false)))
    stage.world.report(.empty(thread, Stragglers(total: 0, named: [])))
    guard case .died(thread, _)? = stage.world.take(other).reply else { throw Unexpected([]) }
  }

  @Test("a server ends with its custodian also when another manages it, too")
  func otherManager() throws {
    var stage = try ServingWorld()
    _ = stage.world.ask(.resume(.id(stage.server.id), benefactor: .custodian(.main)), on: stage.client)
    #expect(stage.info(stage.server.id)?.custodians == [.main])
    let place = try CustodianPath(parsing: "serve-7000")
    _ = stage.world.ask(.custodianShutdown(place, follow: false), on: stage.client)
    #expect(stage.info(stage.server.id)?.state == .dead)
  }

  @Test("one that ends in time is not broken, and leaves no alarm")
  func inTime() throws {
    var stage = try ServingWorld(timeout: .seconds(5))
    let thread = try stage.world.serveVisitor(stage.listener)
    stage.world.exit(thread)
    stage.world.pass(.seconds(60))
    #expect(stage.world.takeOrders() == [])
    #expect(stage.look()?.counts.timedOut == 0)
    #expect(stage.world.node.nextDeadline == nil)
  }

  @Test("a suspended connection is not woken by its break, and ended all the same")
  func suspended() throws {
    var stage = try ServingWorld(timeout: .seconds(5))
    let thread = try stage.world.serveVisitor(stage.listener)
    _ = stage.world.ask(.suspend(.id(thread)), on: stage.client)
    _ = stage.world.takeOrders()
    stage.world.pass(.seconds(5))
    #expect(stage.world.takeOrders() == [])
    stage.world.pass(.seconds(5))
    #expect(stage.world.takeOrders() == [.kill(thread)])
  }

  @Test("a timeout of nothing breaks and ends at once")
  func zero() throws {
    var stage = try ServingWorld(timeout: .zero)
    let thread = try stage.world.serveVisitor(stage.listener)
    stage.world.pass(.zero)
    #expect(stage.world.takeOrders() == [.signal(thread, 2), .kill(thread)])
  }

  @Test("without a timeout a connection has all the time")
  func noTimeout() throws {
    var stage = try ServingWorld()
    _ = try stage.world.serveVisitor(stage.listener)
    #expect(stage.world.node.nextDeadline == nil)
  }

  @Test("a program that can't be started is counted and told in the server's log, and the next is served")
  func failed() throws {
    var stage = try ServingWorld(connectionsMax: 1)
    guard let thread = stage.world.visit(stage.listener) else { throw Unexpected([]) }
    stage.world.report(.startFailed(thread, errno: 2, .execute))
    #expect(stage.look()?.counts.failed == 1)
    #expect(stage.look()?.connections == 0)
    #expect(stage.isWanted == true)
    guard case .log(let log)? = stage.world.ask(.logs(.id(stage.server.id)), on: stage.client).reply else {
      throw Unexpected([])
    }
    #expect(
      String(decoding: log.text, as: UTF8.self) == "heddle: no program for 192.0.2.1:9000: exec failed with errno 2\n"
    )
  }

  @Test("what the machine is short of makes the server pause, and it goes on by itself", arguments: [11, 12, 23, 24])
  func short(errno: Int32) throws {
    var stage = try ServingWorld()
    guard let thread = stage.world.visit(stage.listener) else { throw Unexpected([]) }
    stage.world.report(.startFailed(thread, errno: errno, .pipe))
    #expect(stage.isWanted == false)
    #expect(stage.look()?.stage == .short)
    stage.world.pass(Limits.shortagePause)
    #expect(stage.isWanted == true)
    #expect(stage.world.logLines.count { $0.contains("accepts nobody for a moment") } == 1)
  }

  @Test("when nothing can be accepted for want of descriptors the server pauses, says so once, and tries again")
  func acceptFails() throws {
    var stage = try ServingWorld()
    for _ in 0..<3 {
      stage.world.step { [listener = stage.listener] in $0.acceptFailed(listener, "too many open files", effects: &$1) }
      #expect(stage.isWanted == false)
      #expect(stage.look()?.stage == .short)
      stage.world.pass(Limits.shortagePauseMax)
      #expect(stage.isWanted == true)
    }
    #expect(stage.look()?.counts.pauses == 3)
    #expect(stage.world.logLines.count { $0.contains("too many open files") } == 1)
  }

  @Test("what a connection's program writes to standard error is in its log and in the server's")
  func log() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    stage.world.output("oh\n", .standardError, from: thread)
    for id in [thread, stage.server.id] {
      guard case .log(let log)? = stage.world.ask(.logs(.id(id)), on: stage.client).reply else { throw Unexpected([]) }
      #expect(String(decoding: log.text, as: UTF8.self) == "oh\n")
    }
    #expect(stage.world.node.logName(of: thread) == "serve-7000")
  }

  @Test("a connection whose name is taken, or would be too long, has none")
  func unnamed() throws {
    var stage = try ServingWorld()
    _ = try stage.world.start("serve-7000.1", on: stage.client)
    let thread = try stage.world.serveVisitor(stage.listener)
    #expect(stage.info(thread)?.name == nil)
    #expect(stage.info(thread)?.custodians.map(\.description) == ["/main/serve-7000/1"])
  }

  @Test("over a Unix socket the environment tells of the user and the process")
  func unix() throws {
    var world = NodeWorld()
    let client = world.client()
    var serve = try ServingWorld.serve()
    serve.address = .unix(path: Array("/run/e.sock".utf8))
    _ = world.ask(.serve(serve), on: client)
    guard let listener = world.listener else { throw Unexpected([]) }
    let visitor = Visitor.unix(
      path: Array("/run/e.sock".utf8),
      remote: Visitor.User(uid: 1_000, gid: 100),
      pid: 42,
      local: Visitor.User(uid: 0, gid: 1)
    )
    world.step { $0.connected(SocketID(rawValue: 1), from: visitor, at: listener, effects: &$1) }
    guard case .start(let thread, let program)? = world.orders.last else { throw Unexpected([]) }
    let environment = program.environment.map { String(decoding: $0, as: UTF8.self) }
    let expected = [
      "PROTO=UNIX", "UNIXLOCALUID=0", "UNIXLOCALGID=1", "UNIXREMOTEEUID=1000", "UNIXREMOTEEGID=100", "UNIXREMOTEPID=42",
      "UNIXLOCALPATH=/run/e.sock",
    ]
    #expect(Array(environment.dropFirst().prefix(expected.count)) == expected)
    #expect(world.ask(.find(.id(thread)), on: client).info?.peer == "pid 42, uid 1000")
  }
}
