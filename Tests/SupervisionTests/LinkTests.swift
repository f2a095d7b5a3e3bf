import HeddleModel
import HeddleWire
import Testing

@testable import Supervision

@Suite("links between nodes")
struct LinkTests {
  // MARK: - Coming about

  @Test("two nodes that can dial each other have one link, dialed by the one whose name is the lesser")
  func onePerPair() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(20))
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.dialCounts == ["a": 1])
    #expect(cluster.node("a", seenFrom: "a")?.state == .this)
    #expect(cluster.node("b", seenFrom: "a")?.slot?.rawValue == 1)
    #expect(cluster.node("b", seenFrom: "a")?.incarnation == 7)
  }

  @Test("where only one end knows the other's address, that one dials, and the greater name does so after a while")
  func oneWay() {
    var cluster = ClusterWorld(unjoined: "b")
    cluster.add("a", peers: ["b"], reached: false)
    cluster.add("b", peers: ["a"])
    cluster.pass(Limits.dialPoliteness - .milliseconds(100))
    #expect(!cluster.isLinked("a", "b"))
    cluster.pass(.milliseconds(200))
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.dialCounts == ["b": 1])
  }

  @Test("who has dialed a link that is lost dials again at once, whatever its name")
  func dialedAgain() {
    var cluster = ClusterWorld(unjoined: "b")
    cluster.add("a", peers: ["b"], reached: false)
    cluster.add("b", peers: ["a"])
    cluster.pass(Limits.dialPoliteness + .milliseconds(100))
    cluster.cut("a", "b")
    #expect(!cluster.isLinked("a", "b"))
    cluster.pass(Limits.dialMin * 2)
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.dialCounts == ["b": 2])
  }

  @Test("a node that is not there is dialed again and again, ever more seldom, and linked when it is")
  func backoff() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.unreachable = ["b"]
    cluster.pass(.seconds(2))
    let early = cluster.dialCounts["a"] ?? 0
    #expect(early >= 3)
    cluster.pass(.seconds(60))
    #expect(cluster.dialCounts["a"] ?? 0 < early + 40)
    #expect(cluster.log(of: "a").filter { $0.contains("nobody is there") }.count == 1)
    cluster.unreachable = []
    cluster.pass(Limits.dialMax)
    #expect(cluster.isLinked("a", "b"))
  }

  // MARK: - Refusals

  @Test("who does not know the secret is refused by name, by both ends, and tries again only after a long time")
  func wrongSecret() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"], secret: 1)
    cluster.add("b", peers: ["a"], secret: 2)
    cluster.pass(.seconds(20))
    let seen = cluster.node("b", seenFrom: "a")
    #expect(seen?.state == .refused)
    #expect(seen?.reason.contains("secret") == true)
    #expect(cluster.dialCounts["a"] == 1)
    // Each has refused by itself, and was refused.
    for name in ["a", "b"] {
      let told = cluster.log(of: name).filter { $0.contains("does not know the cluster's secret") }
      #expect(told.count == 2)
      #expect(told.contains { $0.hasPrefix("refused by what says that it is node") })
    }
  }

  @Test("an acceptor that does not know the secret is not believed, whatever it says")
  func falseAcceptor() throws {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    var world = try #require(cluster.worlds["a"])
    world.step { _, _ in }
    let id = try #require(world.takeDials().first?.id)
    world.layLine(id)
    world.step { $0.dialed(id, effects: &$1) }
    let hello = LinkHello(
      cluster: ClusterWorld.name("test"),
      node: ClusterWorld.name("b"),
      incarnation: 1,
      daemonVersion: "",
      nonce: [UInt8](repeating: 0, count: 32)
    )
    let body = [UInt8](repeating: 7, count: 32) + hello.encoded()
    world.receive(.linkChallenge, body, on: id)
    #expect(world.closed.contains(id))
    world.receive(.linkOpen, [], on: id)
    let client = world.client()
    let find = Request.Command.find(.named(ClusterWorld.name("x"), on: ClusterWorld.name("b")))
    #expect(world.ask(find, on: client).refusal == .nodeUnreachable)
  }

  @Test("a node of another cluster is refused by name")
  func wrongCluster() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    cluster.add("b", peers: ["a"], cluster: "other")
    cluster.pass(.seconds(2))
    #expect(cluster.node("b", seenFrom: "a")?.reason.contains("cluster other") == true)
    #expect(cluster.log(of: "b").contains { $0.contains("cluster test") })
  }

  @Test("a node that the other has not heard of is refused with the names that it has")
  func strange() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    cluster.add("b", peers: ["c"])
    cluster.pass(.seconds(2))
    let reason = cluster.node("b", seenFrom: "a")?.reason
    #expect(reason?.contains("no such node, only b, c") == true)
  }

  @Test("a node that finds another one than it dialed has nothing to do with it")
  func anotherNode() throws {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.milliseconds(100))
    let id = cluster.stranger(to: "b")
    // Its own name, and a code that is right: only who has the secret can take a name that is taken.
    #expect(cluster.isLinked("a", "b"))
    cluster.at("b") { $0.receive(.linkProof, [UInt8](repeating: 0, count: 32), on: id) }
    #expect(cluster.worlds["b"]?.closed.contains(id) == true)
  }

  @Test("two living nodes of one name: the one that is linked stays, the other is refused with what to do")
  func sameName() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("b", peers: ["a"])
    cluster.add("a", peers: ["b"], reached: false)
    cluster.pass(Limits.dialPoliteness + .milliseconds(100))
    #expect(cluster.isLinked("a", "b"))
    var twin = ClusterWorld(unjoined: "b")
    twin.add("b", peers: ["a"], incarnation: 9)
    // The twin's stream leads to the same `a`.
    let refused = cluster.greet("a", as: "b", incarnation: 9)
    #expect(refused == .nodeNameTaken)
    #expect(cluster.isLinked("a", "b"))
  }

  @Test("a node with one's own name is refused")
  func ownName() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    #expect(cluster.greet("a", as: "a", incarnation: 9) == .nodeNameTaken)
  }

  @Test("an older protocol is refused with both versions, before anything else")
  func version() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    #expect(cluster.greet("a", as: "b", incarnation: 9, versions: 7...9) == .version)
  }

  @Test("who says nothing in time is refused")
  func slow() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    let id = cluster.stranger(to: "a")
    let hello = ClusterWorld.hello("b", incarnation: 3)
    cluster.at("a") { $0.receive(.linkHello, hello.encoded(), on: id) }
    cluster.pass(Limits.handshake + .milliseconds(100))
    #expect(cluster.worlds["a"]?.closed.contains(id) == true)
  }

  @Test("a supervisor that is in no cluster has no links, and no other nodes")
  func noCluster() {
    var world = NodeWorld()
    let id = world.connect()
    world.receive(.linkHello, ClusterWorld.hello("b", incarnation: 3).encoded(), on: id)
    #expect(world.take(id).refusal == .unknownNode)
    #expect(world.closed.contains(id))
    let client = world.client()
    #expect(world.ask(.nodes, on: client).refusal == .unknownNode)
  }

  @Test("no more starts of nodes are linked than there are numbers for")
  func slots() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"], slotsMax: 2)
    for incarnation in 1...3 as ClosedRange<UInt64> {
      cluster.add("b", peers: ["a"], incarnation: incarnation)
      cluster.pass(.seconds(6))
      #expect(cluster.isLinked("a", "b") == (incarnation < 3))
      cluster.kill("b")
    }
    #expect(cluster.log(of: "a").contains { $0.contains("more starts of nodes") })
  }

  // MARK: - Living and ending

  @Test("a link over which nothing is said lives, since each end asks")
  func keptAlive() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(30))
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.log(of: "a") == ["linked to node b"])
  }

  @Test("a link over which nothing comes is lost after three seconds, and the node is unreachable, not dead")
  func silent() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(2))
    cluster.silence("a", "b")
    cluster.unreachable = ["a", "b"]
    cluster.pass(.milliseconds(1_900))
    #expect(cluster.isLinked("a", "b"))
    cluster.pass(.milliseconds(1_500))
    #expect(cluster.node("b", seenFrom: "a")?.state == .unreachable)
    #expect(cluster.node("a", seenFrom: "b")?.state == .unreachable)
    #expect(cluster.log(of: "a").contains { $0.contains("nothing was heard") })
  }

  @Test("a supervisor that did not run for a while asks before it gives a link up")
  func lateClock() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(1))
    cluster.at("a") { $0.pass(.seconds(30)) }
    #expect(cluster.isLinked("a", "b"))
    #expect(!cluster.log(of: "a").contains { $0.contains("lost") })
  }

  @Test("a link that was cut comes back, with the same ids for the same start of the node")
  func cut() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(1))
    cluster.cut("a", "b")
    #expect(cluster.node("b", seenFrom: "a")?.state == .unreachable)
    cluster.pass(.seconds(1))
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.node("b", seenFrom: "a")?.slot?.rawValue == 1)
  }

  @Test("a new start of a node gets new ids, and a later link from the former one is refused")
  func incarnations() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(1))
    cluster.kill("b")
    cluster.add("b", peers: ["a"], incarnation: 8)
    cluster.pass(.seconds(6))
    #expect(cluster.isLinked("a", "b"))
    #expect(cluster.node("b", seenFrom: "a")?.slot?.rawValue == 2)
    cluster.unreachable = ["b"]
    cluster.cut("a", "b")
    #expect(cluster.greet("a", as: "b", incarnation: 7) == .nodeNameTaken)
  }

  @Test("a dead link makes way for a new one as soon as it fails to answer")
  func replaced() {
    var cluster = ClusterWorld(unjoined: "a", "b")
    cluster.pass(.seconds(1))
    cluster.silence("a", "b")
    #expect(cluster.greet("a", as: "b", incarnation: 7) == nil)
    #expect(cluster.log(of: "a").contains { $0.contains("another link has taken its place") })
  }

  @Test(
    "what is no frame of a link closes it, and nothing else",
    arguments: [FrameKind.hello, .request, .reply, .credit]
  )
  func garbage(kind: FrameKind) {
    var cluster = ClusterWorld("a", "b", "c")
    cluster.pass(.seconds(1))
    cluster.unreachable = ["a", "b"]
    cluster.inject(kind, from: "b", to: "a")
    #expect(cluster.node("b", seenFrom: "a")?.state == .unreachable)
    #expect(cluster.isLinked("a", "c"))
    #expect(cluster.log(of: "a").contains { $0.contains("concerns nobody") })
  }

  @Test("what is no frame at all is refused where links are accepted, and the log says why")
  func noFrame() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.at("a") { world in
      guard let id = world.node.linkConnected(at: world.now) else { return }
      world.step { $0.receivedGarbage(.reservedBits(1), on: id, effects: &$1) }
    }
    #expect(cluster.log(of: "a").contains { $0.hasPrefix("refused a link: cannot read a frame") })
  }

  @Test("a supervisor that ends dials nobody, and waits for no time to do so")
  func ending() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    cluster.pass(.seconds(1))
    cluster.at("a") { world in
      // A thread that takes its time, so that the end does.
      _ = try? world.start("slow", on: world.client())
      world.step { $0.askedToEnd(effects: &$1) }
    }
    cluster.pass(.seconds(1))
    let dials = cluster.dialCounts["a"]
    cluster.pass(.seconds(8))
    #expect(cluster.dialCounts["a"] == dials)
    let (deadline, now) = cluster.at("a") { ($0.node.nextDeadline, $0.now) }
    #expect(deadline.map { $0 > now } ?? true)
  }

  @Test("those who have not shown who they are can be only so many")
  func strangers() {
    var cluster = ClusterWorld(unjoined: "a")
    cluster.add("a", peers: ["b"])
    let ids = cluster.at("a") { world in (0..<100).map { _ in world.node.linkConnected(at: world.now) } }
    #expect(ids.compactMap(\.self).count == Limits.linkGreetingsMax)
    cluster.pass(Limits.handshake)
    #expect(cluster.at("a") { $0.node.linkConnected(at: $0.now) } != nil)
  }

  @Test("each end asks also while it is heard, so that one that only listens is heard")
  func pulse() {
    let start = Instant(nanoseconds: 1_000_000_000)
    var pulse = LinkPulse(at: start)
    for second in 1...10 {
      let now = start + .seconds(second)
      #expect(pulse.look(at: now) == .silent)
      pulse.hear(at: now)
    }
    #expect(pulse.look(at: start + .seconds(11)) == .silent)
    #expect(pulse.look(at: start + .seconds(13)) == .lost)
  }
}
