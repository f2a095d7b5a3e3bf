import Cluster
import HeddleModel
import Testing

@Suite("ClusterMember: names and custodians")
struct ClusterRequestTests {
  private let thread = ThreadID(rawValue: 1)
  private let first = ClusterToken(rawValue: 1)
  private let second = ClusterToken(rawValue: 2)
  private let third = ClusterToken(rawValue: 3)

  private func world(_ names: NodeName...) -> MemberWorld {
    var world = MemberWorld()
    for name in names { world.start(name) }
    return world
  }

  private func claim(_ name: EntityName, on node: NodeName, _ token: ClusterToken, in world: inout MemberWorld) {
    world.tell(node) { $0.claimName(name, for: thread, .suspend, token, now: $1, effects: &$2) }
  }

  private func fence(_ replies: [ClusterReply]) -> Fence? {
    guard case .claimed(let fence) = replies.first, replies.count == 1 else { return nil }
    return fence
  }

  // MARK: - Names

  @Test("of two who claim a name one has it, and the other hears who")
  func claiming() throws {
    var world = world("a", "b")
    claim("x", on: "a", first, in: &world)
    claim("x", on: "b", second, in: &world)
    let won = try #require(fence(world.replies("a", to: first)))
    let record = NameRecord(node: "a", epoch: world.epoch("a"), thread: thread)
    #expect(world.replies("b", to: second) == [.nameHeld(record, won)])
    for name: NodeName in ["a", "b"] { #expect(world.members[name]?.holder(of: "x")?.record == record) }
  }

  @Test("tokens grow with every holder, and mail under an earlier one is stale")
  func fences() throws {
    var world = world("a", "b")
    claim("x", on: "a", first, in: &world)
    let earlier = try #require(fence(world.replies("a", to: first)))
    world.tell("a") { $0.threadEnded(thread, now: $1, effects: &$2) }
    #expect(world.members["b"]?.holder(of: "x") == nil)
    claim("x", on: "b", second, in: &world)
    let later = try #require(fence(world.replies("b", to: second)))
    #expect(later > earlier)
    #expect(world.members["a"]?.isStale(earlier, of: "x") == true)
    #expect(world.members["a"]?.isStale(later, of: "x") == false)
  }

  @Test("a name moves only when its holder's lease has ended, and the holder was stopped before")
  func moving() {
    var world = world("a", "b")
    claim("x", on: "a", first, in: &world)
    world.cut("a")
    _ = world.take("a")
    while world.members["a"]?.isFenced == false {
      #expect(world.members["b"]?.holder(of: "x") != nil)
      world.pass(.milliseconds(10))
    }
    #expect(world.take("a") == [.suspend(thread)])
    #expect(world.members["b"]?.holder(of: "x") != nil)
    world.pass(.seconds(6))
    claim("x", on: "b", second, in: &world)
    #expect(fence(world.replies("b", to: second)) != nil)
  }

  @Test("a kept thread has no global name")
  func keptHasNoName() {
    var world = world("a")
    world.tell("a") { $0.claimName("x", for: thread, .keep, first, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.refused(.keepsOnPartition)])
  }

  @Test("a fenced node claims nothing")
  func fencedClaims() {
    var world = world("a")
    world.cut("a")
    world.pass(.seconds(6))
    claim("x", on: "a", first, in: &world)
    #expect(world.replies("a", to: first) == [.refused(.fenced)])
  }

  @Test("a claim whose answer was lost with the connection is answered when the coordinator is found")
  func lostAnswer() {
    var world = world("a", "b")
    world.cut("a")
    claim("x", on: "a", first, in: &world)
    #expect(world.replies("a", to: first).isEmpty)
    world.connect("a")
    #expect(fence(world.replies("a", to: first)) != nil)
  }

  @Test("a claim that outlives its stay is refused")
  func claimOutlivesStay() {
    var world = world("a", "b")
    world.cut("a")
    claim("x", on: "a", first, in: &world)
    world.pass(.seconds(9))
    world.connect("a")
    #expect(world.replies("a", to: first) == [.refused(.outside)])
    #expect(world.members["b"]?.view.names.isEmpty == true)
  }

  // MARK: - Custodians

  private func makeCustodian(
    on node: NodeName,
    below parent: SharedCustodianID? = nil,
    _ policy: HomeLossPolicy = .shutDown,
    in world: inout MemberWorld
  ) -> SharedCustodianID? {
    var id: SharedCustodianID?
    world.tell(node) { id = $0.makeCustodian(below: parent, policy, third, now: $1, effects: &$2) }
    guard let id, world.replies(node, to: third).last == .custodianMade(id) else { return nil }
    return id
  }

  /// Starts a thread of this number in a custodian, on a node.
  private func spawn(_ number: UInt64, in id: SharedCustodianID, on node: NodeName, _ world: inout MemberWorld) {
    let token = ClusterToken(rawValue: 100 + number)
    world.tell(node) { $0.beginSpawn(of: ThreadID(rawValue: number), in: id, .suspend, token, now: $1, effects: &$2) }
    guard world.replies(node, to: token) == [.spawnPermitted] else { return }
    world.tell(node) { $0.spawnStarted(token, ThreadID(rawValue: number), now: $1, effects: &$2) }
  }

  @Test("a shutdown begins, ends what is in the custodian on every node, and is complete when nothing is left")
  func shutdown() throws {
    var world = world("a", "b", "c")
    let id = try #require(makeCustodian(on: "a", in: &world))
    spawn(10, in: id, on: "b", &world)
    spawn(11, in: id, on: "c", &world)
    #expect(world.replies("b", to: ClusterToken(rawValue: 110)).last == .spawnAcknowledged(ThreadID(rawValue: 10)))
    world.tell("a") { $0.shutDownCustodian(id, first, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun])
    for node: NodeName in ["b", "c"] { #expect(world.take(node).contains(.shutDown(id))) }
    world.tell("b") { $0.threadEnded(ThreadID(rawValue: 10), now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun])
    world.tell("c") { $0.threadEnded(ThreadID(rawValue: 11), now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun, .complete])
    for node: NodeName in ["b", "c"] { #expect(world.take(node).contains(.custodianComplete(id))) }
  }

  @Test("a spawn that is on its way when the tombstone comes is killed, and not acknowledged")
  func spawnUnderTombstone() throws {
    var world = world("a", "b")
    let id = try #require(makeCustodian(on: "a", in: &world))
    world.tell("b") { $0.beginSpawn(of: thread, in: id, .suspend, second, now: $1, effects: &$2) }
    #expect(world.replies("b", to: second) == [.spawnPermitted])
    world.tell("a") { $0.shutDownCustodian(id, first, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun])
    world.tell("b") { $0.spawnStarted(second, thread, now: $1, effects: &$2) }
    #expect(world.replies("b", to: second) == [.spawnPermitted, .refused(.custodianClosed(id))])
    #expect(world.take("b").contains(.kill(thread)))
    world.tell("b") { $0.threadEnded(thread, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun, .complete])
  }

  @Test("nothing starts in a custodian that is shut down, nor below it, on any node")
  func closed() throws {
    var world = world("a", "b")
    let outer = try #require(makeCustodian(on: "a", in: &world))
    let inner = try #require(makeCustodian(on: "b", below: outer, in: &world))
    spawn(10, in: inner, on: "b", &world)
    world.tell("a") { $0.shutDownCustodian(outer, first, now: $1, effects: &$2) }
    #expect(world.take("b").contains(.shutDown(inner)))
    world.tell("a") { $0.beginSpawn(of: thread, in: inner, .suspend, second, now: $1, effects: &$2) }
    #expect(world.replies("a", to: second) == [.refused(.custodianClosed(inner))])
    #expect(makeCustodian(on: "b", below: inner, in: &world) == nil)
    world.tell("b") { $0.threadEnded(ThreadID(rawValue: 10), now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun, .complete])
  }

  @Test("a node that is cut off and has threads in it completes a shutdown when its lease ends, and kills them")
  func shutdownOfCutNode() throws {
    var world = world("a", "b")
    let id = try #require(makeCustodian(on: "a", in: &world))
    spawn(10, in: id, on: "b", &world)
    world.cut("b")
    world.tell("a") { $0.shutDownCustodian(id, first, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.begun])
    world.pass(.seconds(9))
    #expect(world.replies("a", to: first) == [.begun, .complete])
    #expect(world.take("b").contains(.suspend(ThreadID(rawValue: 10))))
    world.connect("b")
    #expect(world.take("b").contains(.kill(ThreadID(rawValue: 10))))
  }

  @Test("a custodian whose home is lost is shut down by the others")
  func orphans() throws {
    var world = world("a", "b", "c")
    let id = try #require(makeCustodian(on: "a", in: &world))
    spawn(10, in: id, on: "b", &world)
    _ = world.take("b")
    world.crash("a")
    world.pass(.seconds(9))
    let effects = world.take("b")
    let lost = effects.firstIndex { if case .nodeLost("a", _) = $0 { true } else { false } }
    let shut = try #require(effects.firstIndex(of: .shutDown(id)))
    #expect(try #require(lost) < shut)
    world.tell("b") { $0.threadEnded(ThreadID(rawValue: 10), now: $1, effects: &$2) }
    #expect(world.take("c").contains(.custodianComplete(id)))
    #expect(world.members["c"]?.view.closed[id]?.record.reason == .homeLost)
  }

  @Test("a custodian that is to be adopted goes on without its home")
  func adoption() throws {
    var world = world("a", "b", "c")
    let id = try #require(makeCustodian(on: "a", .adopt, in: &world))
    spawn(10, in: id, on: "c", &world)
    spawn(11, in: id, on: "b", &world)
    world.crash("a")
    world.pass(.seconds(9))
    #expect(world.members["c"]?.view.custodians[id]?.record.home == "b")
    #expect(!world.take("c").contains(.shutDown(id)))
  }

  @Test("a kept thread is in no shared custodian")
  func keptInNoCustodian() throws {
    var world = world("a")
    let id = try #require(makeCustodian(on: "a", in: &world))
    world.tell("a") { $0.beginSpawn(of: thread, in: id, .keep, first, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.refused(.keepsOnPartition)])
  }

  @Test("a tombstone is forgotten an hour after its work is done, with the custodian")
  func forgetting() throws {
    var world = world("a", "b")
    let id = try #require(makeCustodian(on: "a", in: &world))
    world.tell("b") { $0.shutDownCustodian(id, first, now: $1, effects: &$2) }
    #expect(world.replies("b", to: first) == [.begun, .complete])
    world.pass(.seconds(3_500))
    #expect(world.members["b"]?.view.closed[id] != nil)
    world.pass(.seconds(200))
    #expect(world.members["b"]?.view.closed[id] == nil && world.members["b"]?.view.custodians[id] == nil)
  }

  @Test("a custodian that nobody knows is refused")
  func unknown() {
    var world = world("a")
    let id = SharedCustodianID(node: "z", incarnation: Incarnation(rawValue: 1), number: 1)
    world.tell("a") { $0.shutDownCustodian(id, first, now: $1, effects: &$2) }
    world.tell("a") { $0.beginSpawn(of: thread, in: id, .suspend, second, now: $1, effects: &$2) }
    #expect(world.replies("a", to: first) == [.refused(.unknownCustodian(id))])
    #expect(world.replies("a", to: second) == [.refused(.unknownCustodian(id))])
  }

  @Test("what started on a fenced node is acknowledged when the lease is renewed, and refused when it is lost")
  func spawnOnFencedNode() throws {
    for isRenewed in [true, false] {
      var world = world("a", "b")
      let id = try #require(makeCustodian(on: "a", in: &world))
      world.tell("b") { $0.beginSpawn(of: thread, in: id, .suspend, second, now: $1, effects: &$2) }
      world.cut("b")
      world.pass(.seconds(isRenewed ? 5 : 9))
      world.tell("b") { $0.spawnStarted(second, thread, now: $1, effects: &$2) }
      #expect(world.replies("b", to: second) == [.spawnPermitted])
      world.connect("b")
      let last: ClusterReply = isRenewed ? .spawnAcknowledged(thread) : .refused(.outside)
      #expect(world.replies("b", to: second) == [.spawnPermitted, last])
    }
  }
}
