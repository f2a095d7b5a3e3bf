import Cluster
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("names and custodians of several nodes")
struct SharedCustodianTests {
  private typealias World = ClusterWorld

  /// Node c keeps the registry; a custodian of a is shared.
  private func shared(adopt: Bool = false) throws -> (cluster: ClusterWorld, client: ConnectionID, place: CustodianPath)
  {
    var cluster = World("a", "b", "c", registrar: "c")
    let client = cluster.at("a") { $0.client() }
    let job = try CustodianPath.main.appending(World.name("job"))
    _ = cluster.ask(.custodianNew(job), at: "a", client)
    let answers = cluster.ask(.shareCustodian(job, adopt: adopt), at: "a", client)
    guard case .custodianShared(let place)? = answers.reply else { throw Unexpected(answers) }
    return (cluster, client, place)
  }

  private func claim(_ name: String, of cluster: inout ClusterWorld, at node: String) -> [Outgoing] {
    var spawn = Spawn(argv: [Array("program".utf8)], cwd: [47])
    spawn.globalName = World.name(name)
    let client = cluster.at(node) { $0.client() }
    var answers = cluster.ask(.spawn(spawn), at: node, client)
    _ = try? cluster.answerStart(on: node)
    answers += cluster.take(node, client)
    return answers
  }

  // MARK: - Names

  @Test("of all who claim a name one gets it, with a greater number each time; the others hear who has it")
  func names() throws {
    var cluster = World("a", "b", "c")
    let won = claim("leader", of: &cluster, at: "a")
    guard case .spawned(let info)? = won.reply else { throw Unexpected(won) }
    let first = try #require(cluster.worlds["a"]?.environment(of: info.id)["HEDDLE_FENCE"].flatMap { UInt64($0) })
    for node in ["b", "c"] {
      let lost = claim("leader", of: &cluster, at: node)
      #expect(lost.refusal == .nameTaken)
      #expect("\(lost)".contains("of node a has it"), "\(lost)")
    }
    cluster.at("a") { $0.exit(info.id) }
    cluster.pass(.milliseconds(200))
    let next = claim("leader", of: &cluster, at: "b")
    guard case .spawned(let other)? = next.reply else { throw Unexpected(next) }
    let second = try #require(cluster.worlds["b"]?.environment(of: other.id)["HEDDLE_FENCE"].flatMap { UInt64($0) })
    #expect(second > first)
    let client = cluster.at("c") { $0.client() }
    guard case .names(let names)? = cluster.ask(.names, at: "c", client).reply else { throw Unexpected([]) }
    #expect(names.map(\.node) == [World.name("b")] && names.first?.fence == second)
  }

  @Test("a thread that is kept on a partition can have no global name")
  func kept() {
    var cluster = World("a", "b")
    var spawn = Spawn(argv: [Array("program".utf8)], cwd: [47])
    spawn.globalName = World.name("leader")
    spawn.onPartition = .keep
    let client = cluster.at("a") { $0.client() }
    #expect(cluster.ask(.spawn(spawn), at: "a", client).refusal == .badRequest)
    #expect(cluster.worlds["a"]?.orders.isEmpty == true)
  }

  // MARK: - Custodians

  @Test("a shutdown on one node leaves nothing running on any, and is answered only then")
  func shutdown() throws {
    var (cluster, client, place) = try shared()
    let threads = try ["b", "c"].map { try cluster.start(on: $0, in: place, from: "a", client) }
    let own = try cluster.start(on: "a", in: place, from: "a", client)
    let beside = try cluster.start(on: "b", from: "a", client)
    _ = cluster.take("a", client)
    #expect(cluster.ask(.custodianShutdown(place, follow: false), at: "a", client).isEmpty)
    for node in ["a", "b"] { cluster.at(node) { $0.obeyOrders() } }
    cluster.pass(.milliseconds(200))
    // Node c has not ended its part.
    #expect(cluster.take("a", client).isEmpty)
    cluster.at("c") { $0.obeyOrders() }
    cluster.pass(.milliseconds(200))
    guard case .shutDown? = cluster.take("a", client).reply else { throw Unexpected([]) }
    for (node, thread) in zip(["b", "c", "a"], threads + [own]) {
      #expect(cluster.state(of: thread, on: node) == .dead)
    }
    #expect(cluster.state(of: beside, on: "b") == .running)
    let late = cluster.ask(.spawn(Spawn(in: place, argv: [[112]], cwd: [47])), on: World.name("b"), at: "a", client)
    #expect(late.refusal == .custodianShutDown)
  }

  @Test("a program whose custodian is shut down while it starts is ended, and nobody hears that it was there")
  func startInFlight() throws {
    var (cluster, client, place) = try shared()
    let far = cluster.at("b") { $0.client() }
    #expect(cluster.ask(.spawn(Spawn(in: place, argv: [[112]], cwd: [47])), at: "b", far).isEmpty)
    #expect(cluster.ask(.custodianShutdown(place, follow: false), at: "a", client).isEmpty)
    try cluster.at("b") { world in
      guard case .start(let thread, _)? = world.orders.first, world.orders.last == .kill(thread) else {
        throw Unexpected([])
      }
      // The keeper had begun.
      world.report(.started(thread, pid: 1_001, descriptors: 3))
    }
    #expect(cluster.take("b", far).refusal == .custodianShutDown)
    cluster.at("b") { $0.obeyOrders() }
    cluster.pass(.milliseconds(200))
    guard case .shutDown? = cluster.take("a", client).reply else { throw Unexpected([]) }
  }

  @Test("the end of the home node ends what is in its custodian on others")
  func homeLost() throws {
    var (cluster, client, place) = try shared()
    let far = try cluster.start(on: "b", in: place, from: "a", client)
    cluster.kill("a")
    cluster.pass(World.terms.tenure)
    #expect(cluster.state(of: far, on: "b") == .running)
    cluster.pass(World.terms.ttl)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
  }

  @Test("of a node that is cut off the part is over when its lease is, and so is the shutdown")
  func partLost() throws {
    var (cluster, client, place) = try shared()
    _ = try cluster.start(on: "b", in: place, from: "a", client)
    cluster.unreachable = ["a", "b", "c"]
    for other in ["a", "c"] { cluster.cut("b", other) }
    #expect(cluster.ask(.custodianShutdown(place, follow: false), at: "a", client).isEmpty)
    cluster.pass(World.terms.tenure)
    #expect(cluster.take("a", client).reply == nil)
    cluster.pass(World.terms.ttl)
    guard case .shutDown? = cluster.take("a", client).reply else { throw Unexpected([]) }
  }

  @Test("what can't be agreed on before it starts, or might outlive it, is refused in a shared custodian")
  func refused() throws {
    var (cluster, client, place) = try shared()
    var spawn = Spawn(in: place, argv: [[112]], cwd: [47])
    spawn.suspendToKill = true
    #expect(cluster.ask(.spawn(spawn), at: "a", client).refusal == .badRequest)
    #expect(
      cluster.ask(.custodianShutdown(place, follow: true, grace: .seconds(1)), at: "a", client).refusal == .badRequest
    )
    let own = try cluster.at("a") { try $0.start("own", on: $0.client()) }
    let benefactor = Request.Benefactor.custodian(place)
    #expect(cluster.ask(.resume(.id(own), benefactor: benefactor), at: "a", client).refusal == .badRequest)
  }

  @Test("a suspension of a thread whose start waits for the cluster reaches its program, and so does a break")
  func delayed() throws {
    var cluster = World("a", "b", registrar: "b")
    cluster.unreachable = ["a", "b"]
    cluster.cut("a", "b")
    var spawn = Spawn(name: World.name("x"), argv: [[112]], cwd: [47])
    spawn.globalName = World.name("leader")
    let client = cluster.at("a") { $0.client() }
    #expect(cluster.ask(.spawn(spawn), at: "a", client).isEmpty)
    #expect(cluster.ask(.suspend(.name(World.name("x"))), at: "a", client).isEmpty)
    _ = cluster.ask(.sendBreak(.name(World.name("x")), .terminate), at: "a", client)
    #expect(cluster.worlds["a"]?.orders.isEmpty == true)
    // When there is a link again, the claim is asked.
    cluster.unreachable = []
    cluster.pass(.milliseconds(1_500))
    let orders = cluster.worlds["a"]?.orders ?? []
    guard case .start(let thread, _)? = orders.first else { throw Unexpected([]) }
    #expect(orders.dropFirst().first == .suspend(thread, generation: 1))
  }

  @Test("a request that waits for the cluster can be withdrawn, and its number is not used meanwhile")
  func withdrawn() throws {
    var (cluster, client, _) = try shared()
    cluster.silence("a", "c")
    _ = cluster.ask(.fenceNode(World.name("b")), at: "a", client)
    let request = try #require(cluster.worlds["a"]?.lastRequest)
    let answers = cluster.ask(.cancel(request), at: "a", client)
    #expect(answers.refusal == .cancelled && answers.reply == .done, "\(answers)")
  }

  @Test("a custodian with threads in it is not shared any more")
  func notEmpty() throws {
    var cluster = World("a", "b")
    let client = cluster.at("a") { $0.client() }
    _ = try cluster.start(on: "a", from: "a", client)
    #expect(cluster.ask(.shareCustodian(.main, adopt: false), at: "a", client).refusal == .badRequest)
  }

  @Test("a fenced node ends what others know of, and stays outside until it is started anew")
  func fence() throws {
    var (cluster, client, place) = try shared()
    let far = try cluster.start(on: "b", in: place, from: "a", client)
    #expect(cluster.ask(.fenceNode(World.name("nobody")), at: "a", client).refusal == .unknownNode)
    _ = cluster.ask(.fenceNode(World.name("b")), at: "a", client)
    cluster.at("b") { $0.obeyOrders() }
    cluster.pass(World.terms.ttl)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
    cluster.pass(World.terms.ttl * 2)
    #expect(cluster.node("b", seenFrom: "a")?.standing == .outside)
  }
}
