import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

/// A world with a server, and the client that asked for it.
struct ServingWorld {
  var world = NodeWorld()
  let client: ConnectionID
  let server: ThreadInfo
  let listener: ListenerID

  init(timeout: Duration? = nil, connectionsMax: Int = 2, descriptor: Int? = nil, held: Bool = false) throws {
    client = world.client()
    var serve = try Self.serve(held: held)
    serve.connectionTimeout = timeout
    serve.connectionsMax = connectionsMax
    serve.descriptor = descriptor
    let answers = world.ask(.serve(serve), on: client)
    guard let info = answers.info, let listener = world.listener else { throw Unexpected(answers) }
    server = info
    self.listener = listener
  }

  static func serve(_ name: String? = nil, port: UInt16 = 7_000, held: Bool = false) throws -> Serve {
    var spawn = Spawn(
      name: try name.map { try EntityName($0) },
      in: held ? nil : .main,
      argv: [Array("program".utf8)],
      environment: ["A=b", "PROTO=other", "TCPREMOTEHOST=here", "HEDDLE_NAME=x"].map { Array($0.utf8) },
      cwd: Array("/".utf8)
    )
    spawn.held = held
    return Serve(spawn, at: .internet(host: "127.0.0.1", port: port))
  }

  /// The server as it is now.
  mutating func look() -> ServerInfo? { info(server.id)?.server }

  mutating func info(_ thread: ThreadID) -> ThreadInfo? { world.ask(.find(.id(thread)), on: client).info }

  var isWanted: Bool? { world.listeners[listener] }
}

@Suite("servers")
struct NodeServingTests {
  @Test("a server is a thread in a custodian of its own, named by its port, and accepts")
  func made() throws {
    var stage = try ServingWorld()
    #expect(stage.server.name?.text == "serve-7000")
    #expect(stage.server.custodians.map(\.description) == ["/main/serve-7000"])
    #expect(stage.server.state == .running)
    #expect(stage.server.server?.address.description == "127.0.0.1:7000")
    #expect(stage.isWanted == true)
    #expect(stage.look()?.stage == .listening)
  }

  @Test("the port that the system chose is the one in the name; a path gives its last part, made a name")
  func names() throws {
    var world = NodeWorld()
    let client = world.client()
    #expect(try world.ask(.serve(ServingWorld.serve(port: 0)), on: client).info?.name?.text == "serve-4711")
    var serve = try ServingWorld.serve()
    serve.address = .unix(path: Array("/run/an echo.sock".utf8))
    #expect(world.ask(.serve(serve), on: client).info?.name?.text == "serve-an-echo.sock")
  }

  @Test("a connection is a thread in a custodian of its own below the server's, and its program has the socket")
  func connection() throws {
    var stage = try ServingWorld()
    guard let thread = stage.world.visit(stage.listener), case .start(_, let program)? = stage.world.orders.last else {
      throw Unexpected([])
    }
    #expect(program.connection?.descriptor == nil)
    let environment = program.environment.map { String(decoding: $0, as: UTF8.self) }
    let expected = [
      "A=b", "PROTO=TCP", "TCPLOCALIP=127.0.0.1", "TCPLOCALPORT=7000", "TCPREMOTEIP=192.0.2.1", "TCPREMOTEPORT=9000",
      "HEDDLE_NAME=serve-7000.1",
    ]
    #expect(Array(environment.prefix(expected.count)) == expected)
    #expect(!environment.contains { $0.hasPrefix("TCPREMOTEHOST") })
    stage.world.report(.started(thread, pid: 1_000, descriptors: 1))
    let info = stage.info(thread)
    #expect(info?.name?.text == "serve-7000.1")
    #expect(info?.custodians.map(\.description) == ["/main/serve-7000/1"])
    #expect(info?.peer == "192.0.2.1:9000")
    #expect(stage.look()?.connections == 1)
  }

  @Test("a connection may be another descriptor")
  func descriptor() throws {
    var stage = try ServingWorld(descriptor: 7)
    _ = stage.world.visit(stage.listener)
    guard case .start(_, let program)? = stage.world.orders.last else { throw Unexpected([]) }
    #expect(program.connection?.descriptor == 7)
  }

  @Test("when a connection's program ends its custodian goes, it is forgotten, and there is room for another one")
  func connectionEnds() throws {
    var stage = try ServingWorld(connectionsMax: 1)
    let thread = try stage.world.serveVisitor(stage.listener)
    #expect(stage.isWanted == false)
    #expect(stage.world.visit(stage.listener) == nil)
    #expect(stage.world.closedSockets.count == 1)
    stage.world.exit(thread)
    #expect(stage.world.ask(.find(.id(thread)), on: stage.client).refusal == .gone)
    #expect(try stage.world.node.custodian(at: CustodianPath(parsing: "serve-7000/1")) == nil)
    #expect(stage.isWanted == true)
    #expect(stage.look()?.counts.accepted == 1)
    #expect(stage.look()?.counts.killed == 0)
  }

  @Test("what the connection's program has put into its custodian ends with it, and holds its place till then")
  func custodianEnds() throws {
    var stage = try ServingWorld(connectionsMax: 1)
    let thread = try stage.world.serveVisitor(stage.listener)
    let other = try stage.world.start(in: CustodianPath(parsing: "serve-7000/1"), on: stage.client)
    stage.world.exit(thread)
    #expect(stage.world.takeOrders() == [.kill(other)])
    #expect(stage.isWanted == false)
    stage.world.report(.exited(other, .signal(9, coreDumped: false)))
    stage.world.report(.empty(other, Stragglers(total: 0, named: [])))
    #expect(stage.isWanted == true)
  }

  @Test("suspended a server accepts nobody and leaves its connections alone; resumed it accepts")
  func suspended() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    #expect(stage.world.ask(.suspend(.id(stage.server.id)), on: stage.client).reply == .done)
    #expect(stage.isWanted == false)
    #expect(stage.world.takeOrders() == [])
    #expect(stage.info(thread)?.state == .running)
    #expect(stage.look()?.stage == .suspended)
    _ = stage.world.ask(.resume(.id(stage.server.id)), on: stage.client)
    #expect(stage.isWanted == true)
  }

  @Test("a break closes the listener; the connections go on, and the server ends with the last of them")
  func broken() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    _ = stage.world.ask(.sendBreak(.id(stage.server.id), .interrupt), on: stage.client)
    #expect(stage.isWanted == nil)
    #expect(stage.world.takeOrders() == [])
    #expect(stage.look()?.stage == .closed)
    #expect(stage.info(stage.server.id)?.state == .running)
    stage.world.exit(thread)
    let dead = stage.info(stage.server.id)
    #expect(dead?.death?.cause == .signalled(number: 2, coreDumped: false))
    #expect(dead?.server?.counts.accepted == 1)
    #expect(try stage.world.node.custodian(at: CustodianPath(parsing: "serve-7000")) == nil)
  }

  @Test("a break that comes while it is suspended closes the listener at the resumption")
  func brokenSuspended() throws {
    var stage = try ServingWorld()
    _ = stage.world.ask(.suspend(.id(stage.server.id)), on: stage.client)
    _ = stage.world.ask(.sendBreak(.id(stage.server.id), .terminate), on: stage.client)
    #expect(stage.isWanted == false)
    _ = stage.world.ask(.resume(.id(stage.server.id)), on: stage.client)
    #expect(stage.isWanted == nil)
    #expect(stage.info(stage.server.id)?.state == .dead)
  }

  @Test("a kill closes the listener, ends the connections, and is answered when the last is gone")
  func killed() throws {
    var stage = try ServingWorld()
    let threads = try (0..<2).map { _ in try stage.world.serveVisitor(stage.listener) }
    #expect(stage.world.ask(.kill(.id(stage.server.id), wait: true, really: false), on: stage.client) == [])
    #expect(stage.isWanted == nil)
    #expect(stage.world.orders == threads.map { .kill($0) })
    #expect(stage.info(stage.server.id)?.state == .ending)
    stage.world.obeyOrders()
    #expect(stage.world.take(stage.client).reply == .killed(.died))
    let dead = stage.info(stage.server.id)
    #expect(dead?.death?.cause == .killed(by: "pid 100"))
    #expect(dead?.server?.counts.killed == 2)
    // Its name and its place are free.
    #expect(try stage.world.ask(.serve(ServingWorld.serve()), on: stage.client).info != nil)
  }

  @Test("a custodian's shutdown above it ends all, the listener first")
  func shutDown() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    var effects: [NodeEffect] = []
    let path = try CustodianPath(parsing: "/main")
    let body = Request(.custodianShutdown(path, follow: false)).encoded()
    let frame = Frame(header: FrameHeader(.request, id: 99, bodyCount: body.count), body: body)
    stage.world.node.received(frame, on: stage.client, effects: &effects)
    #expect(effects == [.closeListener(stage.listener), .order(.kill(thread))])
    stage.world.report(.exited(thread, .signal(9, coreDumped: false)))
    stage.world.report(.empty(thread, Stragglers(total: 0, named: [])))
    guard case .shutDown(let report)? = stage.world.take(stage.client).reply else { throw Unexpected([]) }
    #expect(report.threads == 2)
    #expect(stage.info(stage.server.id)?.death?.cause == .custodianShutDown(try CustodianPath(parsing: "serve-7000")))
  }

  @Test("one that is held gets a hang-up when its client leaves, and is ended a moment later")
  func held() throws {
    var stage = try ServingWorld(held: true)
    let thread = try stage.world.serveVisitor(stage.listener)
    let other = stage.world.client()
    stage.world.hangUp(stage.client)
    #expect(stage.isWanted == nil)
    #expect(stage.world.takeOrders() == [])
    stage.world.pass(Limits.sessionGrace)
    #expect(stage.world.takeOrders() == [.kill(thread)])
    stage.world.report(.exited(thread, .signal(9, coreDumped: false)))
    stage.world.report(.empty(thread, Stragglers(total: 0, named: [])))
    #expect(stage.world.ask(.find(.id(stage.server.id)), on: other).info?.state == .dead)
  }

  @Test("where it can't listen is told with the errno, and nothing is made")
  func cannotListen() throws {
    var world = NodeWorld()
    let client = world.client()
    world.listeningError = 98
    let answers = try world.ask(.serve(ServingWorld.serve()), on: client)
    guard case .refusal(let refusal, _)? = answers.first else { throw Unexpected(answers) }
    #expect(refusal.code == .cannotListen)
    #expect(refusal.errorNumber == 98)
    #expect(refusal.description.hasPrefix("cannot listen on 127.0.0.1:7000: no; end what listens there"))
    #expect(world.node.kernel.threads.count == 0)
  }

  @Test("a name or a path that is taken is refused, and the listener closed")
  func taken() throws {
    var stage = try ServingWorld()
    #expect(try stage.world.ask(.serve(ServingWorld.serve()), on: stage.client).refusal == .nameTaken)
    _ = try stage.world.ask(.custodianNew(CustodianPath(parsing: "other")), on: stage.client)
    #expect(try stage.world.ask(.serve(ServingWorld.serve("other")), on: stage.client).refusal == .pathTaken)
    #expect(stage.world.listeners.count == 1)
  }

  @Test("show tells how many wait to be accepted")
  func waiting() throws {
    var stage = try ServingWorld()
    stage.world.waiting = 17
    guard case .threadDetail(let detail)? = stage.world.ask(.show(.id(stage.server.id)), on: stage.client).reply else {
      throw Unexpected([])
    }
    #expect(detail.thread.server?.waiting == 17)
  }

  @Test("a snapshot goes on without the listener: its server, and what is in its custodian, end")
  func snapshot() throws {
    var stage = try ServingWorld()
    let thread = try stage.world.serveVisitor(stage.listener)
    stage.world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(stage.world.node))
    stage.world.step { $0.restored(effects: &$1) }
    #expect(stage.world.takeOrders() == [.kill(thread)])
    let other = stage.world.client()
    #expect(stage.world.ask(.find(.id(stage.server.id)), on: other).info?.state == .dead)
  }
}
