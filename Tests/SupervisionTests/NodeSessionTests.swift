import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("what a connection may do, and what ends with it")
struct NodeSessionTests {
  private let a: CustodianPath
  private let b: CustodianPath
  private let below: CustodianPath
  private let beside: CustodianPath

  init() throws {
    a = try CustodianPath(parsing: "/top/a")
    b = try CustodianPath(parsing: "/top/b")
    below = try CustodianPath(parsing: "/top/a/below")
    beside = try CustodianPath(parsing: "/beside")
  }

  /// A world with the custodians of the suite, and a client with the root's grant.
  private func world() throws -> (NodeWorld, ConnectionID) {
    var world = NodeWorld()
    let client = world.client()
    for path in [try CustodianPath(parsing: "/top"), a, b, below, beside] {
      #expect(world.ask(.custodianNew(path), on: client).reply == .done)
    }
    return (world, client)
  }

  private func children(of path: CustodianPath, in world: inout NodeWorld, _ client: ConnectionID) -> [CustodianPath] {
    guard case .custodianTree(let listing) = world.ask(.custodianTree(path), on: client).reply else { return [] }
    return listing.children.map(\.path)
  }

  // MARK: - Sessions

  @Test("the welcome names the grant and the session; a client that makes nothing leaves no trace in the tree")
  func welcome() throws {
    var world = NodeWorld()
    let (client, welcome) = world.greeted()
    #expect(welcome?.grant == .root)
    #expect(welcome?.session == (try CustodianPath(parsing: "/session-1")))
    #expect(children(of: .root, in: &world, client) == [])
    #expect(world.greeted().welcome?.session == (try CustodianPath(parsing: "/session-2")))
  }

  @Test("what names no place is in the session, can be found there by others, and ends with the connection")
  func session() throws {
    var (world, watcher) = try world()
    let (client, welcome) = world.greeted()
    let session = try #require(welcome?.session)
    let thread = try world.start("job", in: nil, on: client)
    #expect(world.ask(.sessionCustodianNew(try EntityName("build")), on: client).reply == .done)
    let build = try session.appending(try EntityName("build"))
    let inner = try world.start(in: build, on: watcher)
    #expect(world.ask(.find(.id(thread)), on: watcher).info?.custodians == [session])
    let kept = try world.start(on: client)
    world.hangUp(client)
    #expect(world.takeOrders() == [.kill(thread), .kill(inner)])
    #expect(world.ask(.find(.id(kept)), on: watcher).info?.state == .running)
    #expect(children(of: .root, in: &world, watcher).contains(session))
    for thread in [thread, inner] { world.exit(thread) }
    #expect(world.ask(.find(.id(thread)), on: watcher).info?.death?.cause == .custodianShutDown(session))
    #expect(!children(of: .root, in: &world, watcher).contains(session))
  }

  @Test("a session that another client names before anything is in it is there")
  func namedEarly() throws {
    var (world, other) = try world()
    let (client, welcome) = world.greeted()
    let session = try #require(welcome?.session)
    let thread = try world.start(in: session, on: other)
    world.hangUp(client)
    #expect(world.takeOrders() == [.kill(thread)])
    #expect(world.ask(.custodianShutdown(session, follow: false), on: other) == [])
    world.exit(thread)
    guard case .shutDown = world.take(other).reply else { throw Unexpected([]) }
    #expect(world.ask(.custodianShutdown(session, follow: false), on: other).refusal == .noSuchCustodian)
  }

  @Test("a session that was shut down takes nothing more, and its connection goes on")
  func shutDownSession() throws {
    var world = NodeWorld()
    let (client, welcome) = world.greeted()
    let session = try #require(welcome?.session)
    guard case .shutDown = world.ask(.custodianShutdown(session, follow: false), on: client).reply else {
      throw Unexpected([])
    }
    let spawn = Spawn(in: nil, argv: [[112]], cwd: [47])
    #expect(world.ask(.spawn(spawn), on: client).refusal == .custodianShutDown)
    #expect(world.ask(.custodianTree(session), on: client).refusal == .noSuchCustodian)
    #expect(world.ask(.barrier, as: session, on: client).refusal == .custodianShutDown)
    #expect(world.ask(.barrier, on: client).reply == .done)
    world.hangUp(client)
    #expect(world.exitStatus == nil)
  }

  @Test("the names of sessions are not for others")
  func reservedNames() throws {
    var (world, client) = try world()
    for text in ["/session-9", "/top/session-12"] {
      #expect(world.ask(.custodianNew(try CustodianPath(parsing: text)), on: client).refusal == .pathTaken)
    }
    for text in ["/session-", "/session-x", "/session"] {
      #expect(world.ask(.custodianNew(try CustodianPath(parsing: text)), on: client).reply == .done)
    }
  }

  @Test("a suspend-to-kill thread of a session is suspended at its end, and can be adopted")
  func leftSuspended() throws {
    var (world, other) = try world()
    let client = world.client()
    let thread = try world.start(in: nil, suspendToKill: true, on: client)
    world.hangUp(client)
    world.obeyOrders()
    #expect(world.ask(.find(.id(thread)), on: other).info?.state == .suspended)
    _ = world.ask(.resume(.id(thread), benefactor: .custodian(.main)), on: other)
    #expect(world.ask(.find(.id(thread)), on: other).info?.state == .running)
  }

  @Test("a program that is being started when its session ends is ended, and nobody is told")
  func startingSession() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.spawn(Spawn(in: nil, argv: [[112]], cwd: [47])), on: client)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.hangUp(client)
    #expect(world.takeOrders() == [.kill(thread)])
    world.report(.startFailed(thread, errno: 2, .execute))
    #expect(world.take(client) == [])
  }

  @Test("a snapshot that goes on ends the sessions of before, and gives none of their names away")
  func snapshot() throws {
    var world = NodeWorld()
    let client = world.client()
    let (thread, kept) = (try world.start(in: nil, on: client), try world.start(on: client))
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    world.step { $0.restored(effects: &$1) }
    #expect(world.takeOrders() == [.kill(thread)])
    world.exit(thread)
    #expect(world.ask(.find(.id(kept)), on: world.client()).info?.state == .running)
    #expect(world.greeted().welcome?.session == (try CustodianPath(parsing: "/session-3")))
  }

  // MARK: - Grants

  @Test("a connection can name nothing but what is at or below its grant, and its session is there")
  func grant() throws {
    var (world, root) = try world()
    let grant = try #require(world.node.custodian(at: a))
    let (client, welcome) = world.greeted(granted: grant)
    #expect(welcome?.grant == a)
    #expect(welcome?.session == (try a.appending(try EntityName("session-2"))))
    for place in [.root, .main, b, beside] as [CustodianPath] {
      let child = try place.appending(try EntityName("x"))
      #expect(world.ask(.barrier, as: place, on: client).refusal == .permission)
      #expect(world.ask(.custodianNew(child), on: client).refusal == .permission)
      #expect(world.ask(.spawn(Spawn(in: place, argv: [[112]], cwd: [47])), on: client).refusal == .permission)
      #expect(world.ask(.custodianShutdown(place, follow: false), on: client).refusal == .permission)
    }
    let own = try world.start(in: below, on: client)
    let alien = try world.start(in: b, on: root)
    let gift = Request.Command.resume(.id(own), benefactor: .custodian(b))
    #expect(world.ask(gift, on: client).refusal == .permission)
    #expect(world.ask(.suspend(.id(alien)), on: client).refusal == .permission)
    #expect(world.ask(.kill(.id(own), wait: false, really: false), on: client).reply == .killed(.ending))
  }

  @Test("suspend and kill need authority over every custodian of the target: from above both, not from one or beside")
  func twoManagers() throws {
    for command in [
      { .suspend($0) }, { .kill($0, wait: false, really: false) },
    ] as [(ThreadReference) -> Request.Command] {
      var (world, root) = try world()
      let thread = try world.start(in: below, on: root)
      _ = world.ask(.resume(.id(thread), benefactor: .custodian(b)), on: root)
      #expect(world.ask(.find(.id(thread)), on: root).info?.custodians == [below, b])
      for place in [a, b, below, beside] {
        // By the grant, and by the custodian that the request names.
        let grant = try #require(world.node.custodian(at: place))
        #expect(world.ask(command(.id(thread)), on: world.client(granted: grant)).refusal == .permission)
        #expect(world.ask(command(.id(thread)), as: place, on: root).refusal == .permission)
      }
      #expect(world.ask(.find(.id(thread)), on: root).info?.state == .running)
      #expect(world.ask(command(.id(thread)), as: a.parent, on: root).refusal == nil)
      #expect(world.ask(.find(.id(thread)), on: root).info?.state != .running)
    }
  }
}
