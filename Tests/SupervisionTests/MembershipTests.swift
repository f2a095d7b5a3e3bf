import Cluster
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("a node's stay in its cluster")
struct MembershipTests {
  private typealias World = ClusterWorld

  /// A node that keeps the registry, one with a thread that another node waits for, and the one that waits.
  private func watched(
    _ policy: PartitionPolicy = .suspend
  ) throws -> (cluster: ClusterWorld, client: ConnectionID, far: ThreadID) {
    var cluster = World("a", "b", "c", registrar: "c")
    let client = cluster.at("a") { $0.client() }
    let far = try cluster.start("far", on: "b", policy: policy, from: "a", client)
    #expect(cluster.ask(.wait(.id(far)), at: "a", client).isEmpty)
    cluster.at("b") { $0.obeyOrders() }
    return (cluster, client, far)
  }

  private func fenced(_ cluster: ClusterWorld) -> Set<ThreadID> { cluster.worlds["b"]?.fenced ?? [] }

  @Test("a thread that another node waits for is guarded, with the lease's deadline; others are not")
  func guarded() throws {
    var (cluster, _, far) = try watched()
    let own = try cluster.at("b") { try $0.start("own", on: $0.client()) }
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.worlds["b"]?.guarded == [far.moved(to: .home)])
    #expect(own != far.moved(to: .home))
    let deadline = try #require(cluster.worlds["b"]?.fenceDeadline)
    cluster.pass(World.terms.renewal * 2)
    cluster.at("b") { $0.obeyOrders() }
    #expect(try #require(cluster.worlds["b"]?.fenceDeadline) > deadline)
  }

  @Test("without the registrar what others know of stands still at the deadline, and goes on when it is back")
  func registrarAway() throws {
    var (cluster, client, far) = try watched()
    cluster.kill("c")
    cluster.pass(World.terms.ttl)
    cluster.at("b") { $0.obeyOrders() }
    #expect(fenced(cluster) == [far.moved(to: .home)])
    #expect(cluster.node("b", seenFrom: "b")?.standing == .fenced)
    // Nobody is dead for that, and the model does not know of it.
    #expect(cluster.state(of: far, on: "b") == .running)
    #expect(cluster.take("a", client).isEmpty)
    cluster.add("c", peers: ["a", "b"], incarnation: 8)
    cluster.converge()
    cluster.at("b") { $0.obeyOrders() }
    #expect(fenced(cluster).isEmpty)
    #expect(cluster.state(of: far, on: "b") == .running)
    #expect(cluster.take("a", client).isEmpty)
  }

  @Test("of a node that is cut off, others hear that its thread is dead only when it stands still; then it is ended")
  func cutOff() throws {
    var (cluster, client, far) = try watched()
    cluster.unreachable = ["a", "b", "c"]
    for other in ["a", "c"] { cluster.cut("b", other) }
    var answers: [Outgoing] = []
    for _ in 0..<100 where answers.isEmpty {
      cluster.pass(.milliseconds(100))
      cluster.at("b") { $0.obeyOrders() }
      answers = cluster.take("a", client)
      if !answers.isEmpty { #expect(fenced(cluster) == [far.moved(to: .home)]) }
    }
    guard case .died(far, let death)? = answers.reply else { throw Unexpected(answers) }
    #expect(death.cause == .nodeLost(World.name("b")))
    cluster.unreachable = []
    cluster.pass(.seconds(10))
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
    #expect(cluster.node("b", seenFrom: "a")?.standing == .joined)
  }

  @Test("a thread that is to be killed on a partition is killed at the deadline")
  func killed() throws {
    var (cluster, _, far) = try watched(.kill)
    cluster.kill("c")
    cluster.pass(World.terms.ttl)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
  }

  @Test("of a thread that is kept nobody hears that it is dead before its node, or its successor, was heard of again")
  func keptAcrossPartition() throws {
    var (cluster, client, far) = try watched(.keep)
    cluster.unreachable = ["a", "b", "c"]
    for other in ["a", "c"] { cluster.cut("b", other) }
    cluster.pass(World.terms.ttl * 3)
    #expect(fenced(cluster).isEmpty)
    #expect(cluster.node("b", seenFrom: "a")?.standing == .outside)
    #expect(cluster.take("a", client).isEmpty)
    cluster.unreachable = []
    cluster.converge()
    #expect(cluster.take("a", client).isEmpty)
    // It is the same thread, and its end is told.
    cluster.at("b") { $0.exit(far.moved(to: .home), code: 3) }
    guard case .died(far, let death)? = cluster.take("a", client).reply else { throw Unexpected([]) }
    #expect(death.cause == .exited(code: 3))
  }

  @Test("another start of its node at the same place ends a thread that was kept")
  func keptBySuccessor() throws {
    var (cluster, client, far) = try watched(.keep)
    cluster.kill("b")
    cluster.pass(World.terms.ttl * 3)
    #expect(cluster.take("a", client).isEmpty)
    cluster.add("b", peers: ["a", "c"], incarnation: 8)
    cluster.converge()
    guard case .died(far, let death)? = cluster.take("a", client).reply else { throw Unexpected([]) }
    #expect(death.cause == .nodeLost(World.name("b")))
  }

  @Test("what a client of a lost node has here in its session ends with the node, also if its link outlived its lease")
  func sessionOfLost() throws {
    var (cluster, client, _) = try watched()
    let own = try cluster.start(on: "b", in: nil, held: true, from: "a", client)
    cluster.at("a") { world in
      world.step { $0.askedToEnd(effects: &$1) }
      world.step { $0.askedToEnd(effects: &$1) }
    }
    cluster.pass(Limits.sessionGrace + .seconds(1))
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: own, on: "b") == .dead)
  }

  @Test("a node that leaves says so, and nobody waits for its lease to run out")
  func leaves() throws {
    var (cluster, client, far) = try watched()
    cluster.at("b") { world in
      world.step { $0.askedToEnd(effects: &$1) }
      world.step { $0.askedToEnd(effects: &$1) }
      world.obeyOrders()
    }
    cluster.pass(.milliseconds(200))
    let answers = cluster.take("a", client)
    guard case .died(let thread, let death)? = answers.reply else { throw Unexpected(answers) }
    #expect(thread == far)
    #expect(death.cause == .daemonEnded)
    #expect(cluster.node("b", seenFrom: "a")?.standing == .outside)
  }

  @Test("a node that alone can dial does so again when its stay begins, and keeps its lease")
  func dialsAlone() {
    var cluster = World()
    cluster.add("a", peers: ["b"], reached: false)
    cluster.add("b", peers: ["a"])
    cluster.converge()
    cluster.pass(World.terms.ttl * 3)
    #expect(cluster.isLinked("a", "b"))
    #expect(!cluster.log(of: "b").contains { $0.contains("can't renew its lease") })
  }

  @Test("nothing is asked of a node outside the cluster, and the refusal says who is outside")
  func outside() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(1))
    #expect(cluster.isLinked("a", "b"))
    let client = cluster.at("a") { $0.client() }
    let answers = cluster.ask(.find(.named(World.name("x"), on: World.name("b"))), at: "a", client)
    #expect(answers.refusal == .nodeUnreachable)
    #expect("\(answers)".contains("this node, a, is not in the cluster now"), "\(answers)")
  }

  @Test("a registrar that comes back without its journal is not believed")
  func lostJournal() throws {
    var (cluster, _, far) = try watched()
    cluster.kill("c")
    cluster.loseJournal(of: "c")
    cluster.add("c", peers: ["a", "b"], incarnation: 8)
    cluster.pass(.seconds(8))
    cluster.at("b") { $0.obeyOrders() }
    #expect(fenced(cluster) == [far.moved(to: .home)])
    #expect(cluster.log(of: "b").contains { $0.contains("give the registrar its journal back") })
  }

  @Test("a registrar whose disk fails answers nobody from then on, and says what to do")
  func failedJournal() throws {
    var (cluster, _, far) = try watched()
    cluster.at("c") { $0.step { $0.journalFailed("cannot write the journal: No space left", effects: &$1) } }
    cluster.pass(World.terms.ttl)
    cluster.at("b") { $0.obeyOrders() }
    #expect(fenced(cluster) == [far.moved(to: .home)])
    #expect(cluster.log(of: "c").contains { $0.contains("started anew") })
  }

  @Test("what becomes of nodes is in the history of each of them")
  func history() throws {
    var (cluster, client, _) = try watched()
    cluster.kill("b")
    cluster.pass(World.terms.ttl * 2)
    _ = cluster.take("a", client)
    guard case .history(let page)? = cluster.ask(.history(HistoryQuery()), at: "a", client).reply else {
      throw Unexpected([])
    }
    let seen = page.happenings.map(\.what)
    for change in [Happening.NodeChange.joined, .unreachable, .lost] {
      #expect(seen.contains(.node(World.name("b"), change)), "\(change)")
    }
    #expect(seen.contains(.node(World.name("a"), .joined)))
  }
}
