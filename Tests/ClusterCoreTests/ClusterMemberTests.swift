import Cluster
import HeddleModel
import Testing

@Suite("ClusterMember: the lease and the other nodes")
struct ClusterMemberTests {
  private let thread = ThreadID(rawValue: 1)

  private func world(_ names: NodeName...) -> MemberWorld {
    var world = MemberWorld()
    for name in names { world.start(name) }
    for name in names { #expect(world.members[name]?.epoch != nil) }
    return world
  }

  @Test("nodes that join have growing epochs, and all know of all")
  func joining() {
    let world = world("a", "b", "c")
    #expect(world.epoch("a") < world.epoch("b") && world.epoch("b") < world.epoch("c"))
    for member in world.members.values { #expect(member.view.nodes.keys.sorted() == ["a", "b", "c"]) }
  }

  @Test("a node that is connected stays in, and its threads are never stopped")
  func steady() {
    var world = world("a", "b")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("a")
    let epoch = world.epoch("a")
    world.pass(.seconds(600))
    #expect(world.epoch("a") == epoch)
    #expect(world.take("a").isEmpty)
  }

  @Test("cut off from the coordinator, each thread fares as its policy says")
  func policies() {
    var world = world("a", "b")
    for (number, policy) in PartitionPolicy.allCases.enumerated() {
      world.tell("a") { $0.threadExposed(ThreadID(rawValue: UInt64(number) + 1), policy, effects: &$2) }
    }
    world.cut("a")
    _ = world.take("a")
    world.pass(.milliseconds(5_900))
    #expect(world.take("a") == [.suspend(ThreadID(rawValue: 1)), .kill(ThreadID(rawValue: 2))])
    #expect(world.members["b"]?.view.nodes["a"] != nil)
    world.pass(.seconds(2))
    #expect(world.members["b"]?.view.nodes["a"] == nil)
    world.connect("a")
    let effects = world.take("a")
    #expect(effects.contains(.kill(ThreadID(rawValue: 1))))
    #expect(!effects.contains(.kill(ThreadID(rawValue: 3))) && !effects.contains(.suspend(ThreadID(rawValue: 3))))
  }

  @Test("a coordinator that comes back in time finds the same stay, and the threads go on")
  func renewedInTime() {
    var world = world("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    let epoch = world.epoch("a")
    _ = world.take("a")
    world.cut("a")
    world.pass(.milliseconds(5_000))
    #expect(world.take("a") == [.suspend(thread)])
    world.connect("a")
    #expect(world.take("a") == [.resume(thread)])
    #expect(world.epoch("a") == epoch)
  }

  @Test("a registrar that was away for long lets everybody go on when it is back")
  func registrarRestart() {
    var world = world("a", "b")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("a")
    let epoch = world.epoch("a")
    world.cut("a")
    world.cut("b")
    world.pass(.milliseconds(5_500))
    world.restartRegistrar()
    #expect(world.take("a") == [.suspend(thread), .resume(thread)])
    world.pass(.seconds(60))
    #expect(world.epoch("a") == epoch)
  }

  @Test("a registrar with an empty journal is not believed: threads stop, none is killed, and the operator is told")
  func emptyJournal() {
    var world = world("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("a")
    world.restartRegistrar(with: { _ in [] })
    world.pass(.seconds(60))
    #expect(
      world.take("a") == [
        .mistrust(.otherCluster(ClusterID(rawValue: 8), expected: ClusterID(rawValue: 7))), .suspend(thread),
      ]
    )
  }

  @Test("a registrar that forgot changes is not believed, and is when it has them again")
  func journalWentBack() {
    var world = world("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("a")
    var whole: [JournalRecord] = []
    world.restartRegistrar(with: {
      whole = $0
      return $0.filter { if case .committed = $0 { false } else { true } }
    })
    #expect(world.take("a") == [.mistrust(.wentBack(.zero, known: Revision(rawValue: 1)))])
    world.restartRegistrar(with: { _ in whole })
    #expect(world.take("a").isEmpty)
    #expect(world.members["a"]?.epoch != nil)
  }

  @Test("a restarted supervisor takes its place at once, and its former stay is lost to all")
  func restart() {
    var world = world("a", "b")
    let former = world.epoch("b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    world.tell("a") { $0.watch(remote, in: former, .suspend, effects: &$2) }
    world.link("a", "b")
    _ = world.take("a")
    world.crash("b")
    world.tell("a") { $0.linkDown("b", effects: &$2) }
    #expect(world.take("a") == [.nodeUnreachable("b", former)])
    world.start("b")
    let effects = world.take("a")
    #expect(
      effects == [
        .nodeLost("b", former), .died(remote, .nodeLost(former)), .failSends("b", former),
        .nodeJoined("b", world.epoch("b")),
      ]
    )
  }

  @Test("another supervisor with the same name is refused while the first one lives")
  func sameName() {
    var world = world("a", "b")
    let first = world.members["b"]
    world.cut("b")
    world.start("b", seat: 99)
    #expect(world.members["b"]?.epoch == nil)
    guard case .nameTaken(let record) = world.take("b").first else { Issue.record("nobody was told"); return }
    #expect(record.incarnation == first?.identity.incarnation)
    world.pass(.seconds(9))
    #expect(world.members["b"]?.epoch != nil)
  }

  @Test("a node's loss is told in order: its epoch ends, its threads die, sends to it fail")
  func loss() {
    var world = world("a", "b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    let epoch = world.epoch("b")
    world.link("a", "b")
    world.tell("a") { $0.watch(remote, in: epoch, .suspend, effects: &$2) }
    #expect(world.members["a"]?.admitted("b") == epoch)
    _ = world.take("a")
    world.crash("b")
    world.pass(.seconds(9))
    #expect(
      world.take("a") == [
        .dismiss("b", .stayEnded(epoch)), .nodeLost("b", epoch), .died(remote, .nodeLost(epoch)),
        .failSends("b", epoch),
      ]
    )
    #expect(world.members["a"]?.admitted("b") == nil)
  }

  @Test("a link's end is a suspicion, and its return ends it")
  func suspicion() {
    var world = world("a", "b")
    world.link("a", "b")
    _ = world.take("a")
    world.tell("a") { $0.linkDown("b", effects: &$2) }
    world.link("a", "b")
    let epoch = world.epoch("b")
    #expect(world.take("a") == [.nodeUnreachable("b", epoch), .admit("b", epoch), .nodeReachable("b", epoch)])
  }

  @Test("a link of a stay that has ended is closed, and one of a stay not yet heard of waits")
  func links() {
    var world = world("a", "b")
    let former = world.epoch("b")
    let incarnation = Incarnation(rawValue: 2)
    world.crash("b")
    world.pass(.seconds(9))
    _ = world.take("a")
    world.tell("a") { $0.linkUp("b", NodeGreeting(incarnation: incarnation, epoch: former), effects: &$2) }
    #expect(world.take("a") == [.dismiss("b", .stayEnded(former))])

    world.cut("a")
    world.start("b")
    world.link("a", "b")
    #expect(world.members["a"]?.admitted("b") == nil)
    world.connect("a")
    #expect(world.members["a"]?.admitted("b") == world.epoch("b"))
  }

  @Test("who watches a thread of a stay that has ended hears of its death at once")
  func lateWatch() {
    var world = world("a", "b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    let epoch = world.epoch("b")
    world.crash("b")
    world.pass(.seconds(9))
    _ = world.take("a")
    world.tell("a") { $0.watch(remote, in: epoch, .suspend, effects: &$2) }
    #expect(world.take("a") == [.died(remote, .nodeLost(epoch))])
  }

  @Test("a kept thread is unreachable without its node's lease, and reachable when its node is back")
  func kept() {
    var world = world("a", "b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    let epoch = world.epoch("b")
    world.tell("a") { $0.watch(remote, in: epoch, .keep, effects: &$2) }
    world.cut("b")
    world.pass(.seconds(9))
    #expect(world.take("a").contains(.unreachable(remote)))
    world.connect("b")
    #expect(world.take("a").contains(.reachable(remote, world.epoch("b"))))
  }

  @Test("a kept thread is dead when a later supervisor has its seat, and not when one is elsewhere")
  func keptSuccessor() {
    var world = world("a", "b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    let epoch = world.epoch("b")
    world.tell("a") { $0.watch(remote, in: epoch, .keep, effects: &$2) }
    let seat = world.members["b"]?.identity.seat.rawValue
    world.crash("b")
    world.pass(.seconds(9))
    world.start("b", seat: 99)
    #expect(!world.take("a").contains(.died(remote, .incarnationEnded)))
    world.crash("b")
    world.pass(.seconds(9))
    world.start("b", seat: seat)
    #expect(world.take("a").contains(.died(remote, .incarnationEnded)))
  }

  @Test("a node that an operator fenced kills what depends on its stay, then gives it up")
  func orderedOut() {
    var world = world("a", "b")
    let token = ClusterToken(rawValue: 5)
    world.tell("b") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("b")
    world.tell("a") { $0.orderFence(of: "b", token, now: $1, effects: &$2) }
    #expect(world.replies("a", to: token) == [.fenceOrdered])
    #expect(world.take("b").contains(.kill(thread)))
    #expect(world.members["a"]?.view.nodes["b"] != nil)
    world.tell("b") { $0.threadEnded(thread, now: $1, effects: &$2) }
    #expect(world.members["a"]?.view.nodes["b"] == nil)
    world.pass(.seconds(60))
    #expect(world.members["b"]?.epoch == nil)
  }

  @Test("threads that the keeper stopped too early go on: a later deadline was on its way")
  func keeperTooEarly() {
    var world = world("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    _ = world.take("a")
    world.tell("a") { $0.keeperFenced(now: $1, effects: &$2) }
    #expect(world.take("a") == [.resume(thread)])
  }

  @Test("a member that missed what its coordinator has forgotten lists, compares, and knows the same as the others")
  func relist() {
    var world = world("a", "b", "c")
    world.link("a", "b")
    let epoch = world.epoch("b")
    world.cut("a")
    world.crash("b")
    world.pass(.milliseconds(1_000))
    world.tell("c") { $0.claimName("x", for: thread, .suspend, ClusterToken(rawValue: 1), now: $1, effects: &$2) }
    world.pass(.milliseconds(5_500))
    // A registrar that starts again has no history to resume in.
    world.restartRegistrar()
    #expect(world.members["a"]?.view.revision == world.members["c"]?.view.revision)
    #expect(world.members["a"]?.view.nodes.keys.sorted() == world.members["c"]?.view.nodes.keys.sorted())
    #expect(world.take("a").contains(.nodeLost("b", epoch)))
  }

  @Test("a thread that others first hear of while its node is fenced is stopped, and guarded when it goes on")
  func exposedWhileFenced() {
    var world = world("a")
    world.cut("a")
    world.pass(.seconds(5))
    _ = world.take("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    let effects = world.take("a")
    #expect(effects.count == 2 && effects.last == .suspend(thread))
    guard case .guardThread(thread, _) = effects.first else { Issue.record("it is not guarded"); return }
    world.connect("a")
    #expect(world.take("a") == [.resume(thread)])
  }

  @Test("a thread that ended with its stay is shown to nobody in the next one")
  func dying() {
    var world = world("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    world.cut("a")
    world.pass(.seconds(9))
    world.connect("a")
    #expect(world.members["a"]?.epoch != nil)
    #expect(world.members["a"]?.isDying(thread) == true)
    _ = world.take("a")
    world.tell("a") { $0.threadExposed(thread, .suspend, effects: &$2) }
    #expect(world.take("a") == [.kill(thread)])
    world.tell("a") { $0.threadEnded(thread, now: $1, effects: &$2) }
    #expect(world.members["a"]?.isDying(thread) == false)
  }

  @Test("what comes of a stay that is not heard of yet is held, of one that has ended refused")
  func reception() {
    var world = world("a", "b")
    #expect(world.members["a"]?.reception(of: "b") == .refuse)
    world.link("a", "b")
    #expect(world.members["a"]?.reception(of: "b") == .take)
    world.crash("b")
    world.pass(.seconds(9))
    #expect(world.members["a"]?.reception(of: "b") == .refuse)
    world.cut("a")
    world.start("b")
    world.link("a", "b")
    #expect(world.members["a"]?.reception(of: "b") == .hold)
    world.connect("a")
    #expect(world.members["a"]?.reception(of: "b") == .take)
  }

  @Test("a node's word that its thread is dead is told once")
  func told() {
    var world = world("a", "b")
    let remote = RemoteThread(node: "b", incarnation: Incarnation(rawValue: 2), id: thread)
    let epoch = world.epoch("b")
    world.tell("a") { $0.watch(remote, in: epoch, .suspend, effects: &$2) }
    _ = world.take("a")
    for _ in 0..<2 { world.tell("a") { $0.remoteDied(remote, effects: &$2) } }
    #expect(world.take("a") == [.died(remote, .told)])
    world.crash("b")
    world.pass(.seconds(9))
    #expect(!world.take("a").contains(.died(remote, .nodeLost(epoch))))
  }
}
