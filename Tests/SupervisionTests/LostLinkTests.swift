import Cluster
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("what is under way when a link is lost")
struct LostLinkTests {
  private func linked() -> (cluster: ClusterWorld, client: ConnectionID) {
    var cluster = ClusterWorld("a", "b")
    cluster.pass(.seconds(1))
    let client = cluster.at("a") { $0.client() }
    return (cluster, client)
  }

  @Test("waits and watches are not answered with a death that nobody has seen, and go on when the link is back")
  func waits() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.ask(.wait(.named(ClusterWorld.name("far"), on: ClusterWorld.name("b"))), at: "a", client).isEmpty)
    guard case .stateEvent(let event)? = cluster.ask(.event(.death, of: .id(far)), at: "a", client).reply else {
      throw Unexpected([])
    }
    cluster.at("a") { $0.receive(.watch, event.encoded(), id: 900, on: client) }
    cluster.cut("a", "b")
    // Meanwhile it dies, and another takes its name.
    cluster.at("b") { $0.exit(far.moved(to: .home), code: 3) }
    let other = try cluster.at("b") { try $0.start("far", on: $0.client()) }
    #expect(cluster.take("a", client).isEmpty)
    cluster.pass(.seconds(1))
    let answers = cluster.take("a", client)
    #expect(answers.contains(.fired(WatchID(rawValue: 900))))
    guard case .died(let thread, let death)? = answers.reply else { throw Unexpected(answers) }
    #expect(thread == far)
    #expect(death.cause == .exited(code: 3))
    #expect(cluster.state(of: other, on: "b") == .running)
  }

  @Test("when the node's stay has ended, and not before, its threads are dead, with that as the reason")
  func otherIncarnation() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.ask(.wait(.id(far)), at: "a", client).isEmpty)
    cluster.kill("b")
    cluster.pass(ClusterWorld.terms.tenure)
    #expect(cluster.take("a", client).isEmpty)
    cluster.pass(ClusterWorld.terms.ttl)
    guard case .died(far, let death)? = cluster.take("a", client).reply else { throw Unexpected([]) }
    #expect(death.cause == .nodeLost(ClusterWorld.name("b")))
    #expect(cluster.ask(.find(.id(far)), at: "a", client).refusal == .nodeUnreachable)
    cluster.add("b", peers: ["a"], incarnation: 8)
    cluster.converge()
    #expect(cluster.ask(.find(.id(far)), at: "a", client).refusal == .nodeLost)
  }

  @Test("what may have been done is indeterminate, and a stream ends with that")
  func once() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    let wish = Attach(.log, of: .thread(.id(far)), from: 0)
    cluster.at("a") { $0.receive(.attach, wish.encoded(), id: 800, on: client) }
    _ = cluster.take("a", client)
    #expect(cluster.ask(.suspend(.id(far)), at: "a", client).isEmpty)
    cluster.cut("a", "b")
    let answers = cluster.take("a", client)
    let refused = answers.compactMap {
      if case .refusal(let refusal, let id?) = $0 { (refusal.code, id.rawValue) } else { nil }
    }
    #expect(refused.map(\.0) == [.indeterminate, .indeterminate])
    #expect(refused.map(\.1).contains(800))
    let now = cluster.ask(.find(.id(far)), at: "a", client)
    #expect(now.refusal == .nodeUnreachable)
  }

  @Test("a sender that waits for room is sent to try again, and told then that there is no link")
  func waitingForRoom() throws {
    var (cluster, client) = linked()
    let bounds = MailboxBounds(messagesMax: 1, bytesMax: nil)
    let far = try cluster.start("far", on: "b", bounds: bounds, from: "a", client)
    _ = cluster.mail(["1", "2"], to: far, flags: .wait, at: "a", client)
    cluster.cut("a", "b")
    #expect(cluster.take("a", client) == [.room(far)])
    let again = cluster.mail(["2"], to: far, flags: [.wait, .retry], at: "a", client)
    #expect(again == [.ackOf(far.slot, Ack(through: 3, refused: [Ack.Refused(number: 3, code: .nodeUnreachable)]))])
  }

  @Test("a barrier that the link was lost in the middle of does not say that all was observed")
  func barrier() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.ask(.suspend(.id(far)), at: "a", client).isEmpty)
    #expect(cluster.ask(.barrier, at: "a", client).isEmpty)
    cluster.cut("a", "b")
    let codes = cluster.take("a", client).compactMap { if case .refusal(let it, _) = $0 { it.code } else { nil } }
    #expect(codes == [.indeterminate, .indeterminate])
  }

  @Test("a wait that is withdrawn while the link is lost is withdrawn")
  func cancelled() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", from: "a", client)
    #expect(cluster.ask(.wait(.id(far)), at: "a", client).isEmpty)
    let wait = try #require(cluster.worlds["a"]?.lastRequest)
    cluster.cut("a", "b")
    #expect(cluster.ask(.cancel(wait), at: "a", client).map(\.isRefusal) == [true, false])
    cluster.pass(.seconds(1))
    cluster.at("b") { $0.exit(far.moved(to: .home)) }
    #expect(cluster.take("a", client).isEmpty)
  }

  // MARK: - Sessions

  @Test("a client's session on another node ends with the client")
  func session() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", in: nil, from: "a", client)
    cluster.at("a") { $0.hangUp(client) }
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
  }

  @Test("it lasts while the link is lost, as long as its node is not")
  func sessionWithoutLink() throws {
    var cluster = ClusterWorld("a", "b", "c", registrar: "c")
    let client = cluster.at("a") { $0.client() }
    let far = try cluster.start("far", on: "b", in: nil, held: true, from: "a", client)
    cluster.unreachable = ["a", "b"]
    cluster.cut("a", "b")
    cluster.pass(Limits.sessionReclaim + .seconds(5))
    cluster.unreachable = []
    cluster.converge()
    cluster.pass(Limits.sessionReclaim + .seconds(1))
    #expect(cluster.state(of: far, on: "b") == .running)
    // It is the client's again: it ends with it.
    #expect(cluster.ask(.find(.id(far)), at: "a", client).info?.state == .running)
    cluster.kill("a")
    cluster.pass(ClusterWorld.terms.tenure)
    #expect(cluster.state(of: far, on: "b") == .running)
    cluster.pass(ClusterWorld.terms.ttl + Limits.sessionGrace)
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
  }

  @Test("a client that leaves while the link is lost leaves its session when the link is back")
  func leftMeanwhile() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", in: nil, from: "a", client)
    let detached = try cluster.start("other", on: "b", from: "a", client)
    cluster.unreachable = ["a", "b"]
    cluster.cut("a", "b")
    cluster.at("a") { $0.hangUp(client) }
    cluster.unreachable = []
    cluster.pass(Limits.sessionReclaim + .seconds(1))
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
    #expect(cluster.state(of: detached, on: "b") == .running)
  }

  @Test("another start of the node ends what its former clients have here, at once")
  func restarted() throws {
    var (cluster, client) = linked()
    let far = try cluster.start("far", on: "b", in: nil, from: "a", client)
    cluster.kill("a")
    cluster.add("a", peers: ["b"], incarnation: 8)
    cluster.pass(.seconds(6))
    cluster.at("b") { $0.obeyOrders() }
    #expect(cluster.state(of: far, on: "b") == .dead)
  }
}

extension ClusterWorld {
  /// As the node itself says, where the thread has its own id.
  func state(of thread: ThreadID, on node: String) -> ThreadInfo.State? {
    guard var world = worlds[node] else { return nil }
    return world.ask(.find(.id(thread.moved(to: .home))), on: world.client()).info?.state
  }

  /// The connection of one node that is the link to another.
  func link(of node: String, to other: String) -> ConnectionID? {
    wires.first { Set($0.ends.map(\.node)) == [node, other] }?.ends.first { $0.node == node }?.connection
  }
}
