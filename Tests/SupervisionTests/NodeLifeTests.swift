import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("how long threads, sessions and supervisors live")
struct NodeLifeTests {
  /// A thread made with what `change` asks for, whose program runs.
  private func start(
    in custodian: CustodianPath? = .main,
    on client: ConnectionID,
    of world: inout NodeWorld,
    _ change: (inout Spawn) -> Void
  ) throws -> ThreadID {
    var spawn = Spawn(in: custodian, argv: [Array("program".utf8)], cwd: Array("/".utf8))
    change(&spawn)
    let refusals = world.ask(.spawn(spawn), on: client)
    guard case .start(let thread, _) = world.takeOrders().last else { throw Unexpected(refusals) }
    world.report(.started(thread, pid: 77, descriptors: 3))
    _ = world.take(client)
    return thread
  }

  private func cause(of thread: ThreadID, in world: inout NodeWorld, _ client: ConnectionID) -> DeathCause? {
    world.ask(.find(.id(thread)), on: client).info?.death?.cause
  }

  // MARK: - Timeouts

  @Test("a thread's time runs from its making, also while it is suspended; then it is ended, and says so")
  func timeout() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(on: client, of: &world) { $0.timeout = .seconds(5) }
    world.pass(.seconds(2))
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    world.pass(.milliseconds(2_999))
    #expect(world.takeOrders() == [])
    world.pass(.milliseconds(1))
    #expect(world.takeOrders() == [.kill(thread)])
    world.exit(thread, code: 0)
    _ = world.take(client)
    #expect(cause(of: thread, in: &world, client) == .timedOut(after: .seconds(5)))
  }

  @Test("a thread that would be suspended by a kill is ended by its timeout all the same")
  func timeoutOfSuspendToKill() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(on: client, of: &world) {
      $0.timeout = .seconds(1)
      $0.suspendToKill = true
    }
    world.pass(.seconds(1))
    #expect(world.takeOrders() == [.kill(thread)])
  }

  @Test("a program that ended before its time died of what it died of, and its alarm means nothing")
  func inTime() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(on: client, of: &world) { $0.timeout = .seconds(1) }
    world.exit(thread, code: 3)
    world.pass(.seconds(2))
    #expect(world.takeOrders() == [])
    #expect(cause(of: thread, in: &world, client) == .exited(code: 3))
  }

  @Test("the next deadline is the earliest timeout, and those of the dead do not pile up")
  func deadlines() throws {
    var world = NodeWorld()
    let client = world.client()
    for _ in 0..<200 {
      let thread = try start(on: client, of: &world) { $0.timeout = .seconds(10) }
      world.exit(thread)
    }
    _ = try start(on: client, of: &world) { $0.timeout = .seconds(20) }
    // Most of the alarms were those of dead threads, and went together.
    let next = try #require(world.node.nextDeadline)
    #expect(next.nanoseconds <= world.now.nanoseconds + 20_000_000_000)
    world.pass(.seconds(20))
    #expect(world.takeOrders().count == 1)
  }

  @Test("a snapshot keeps the time that threads have left")
  func timeoutInSnapshot() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(on: client, of: &world) { $0.timeout = .seconds(5) }
    world.pass(.seconds(2))
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    world.pass(.milliseconds(2_999))
    #expect(world.takeOrders() == [])
    world.pass(.milliseconds(1))
    #expect(world.takeOrders() == [.kill(thread)])
  }

  // MARK: - Threads that are forgotten at once

  @Test("a thread that is not to be remembered is gone after its death, when those who waited are answered")
  func forget() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let name = try EntityName("brief")
    let thread = try start(on: client, of: &world) {
      $0.forget = true
      $0.name = name
    }
    _ = world.ask(.wait(.name(name)), on: client)
    _ = world.ask(.kill(.id(thread), wait: true, really: false), on: other)
    world.obeyOrders()
    guard case .died(thread, let death) = world.take(client).reply else { throw Unexpected([]) }
    #expect(death.cause == .killed(by: "pid 100"))
    #expect(world.take(other).reply == .killed(.died))
    #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
    #expect(world.ask(.find(.name(name)), on: client).refusal == .noSuchThread)
  }

  @Test("it is remembered as long as a stream, or the connection that holds it, refers to it")
  func forgetHeld() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try start(in: nil, on: client, of: &world) {
      $0.forget = true
      $0.held = true
    }
    world.exit(thread, code: 4)
    guard case .died(thread, let death) = world.ask(.wait(.id(thread)), on: client).reply else { throw Unexpected([]) }
    #expect(death.cause == .exited(code: 4))
    world.hangUp(client)
    #expect(world.ask(.find(.id(thread)), on: other).refusal == .gone)
  }

  // MARK: - Connections that hold threads

  @Test(
    "the end of a connection is a hang-up for what it holds; two seconds later that is ended, and its session with it"
  )
  func held() throws {
    var world = NodeWorld()
    let watcher = world.client()
    let (client, welcome) = world.greeted()
    let session = try #require(welcome?.session)
    let thread = try start(in: nil, on: client, of: &world) { $0.held = true }
    let beside = try world.start(in: nil, on: client)
    world.hangUp(client)
    #expect(world.takeOrders() == [.signal(thread, 1)])
    world.pass(.milliseconds(1_999))
    #expect(world.takeOrders() == [])
    world.pass(.milliseconds(1))
    #expect(world.takeOrders() == [.kill(thread), .kill(beside)])
    for thread in [thread, beside] { world.exit(thread) }
    #expect(cause(of: thread, in: &world, watcher) == .custodianShutDown(session))
    #expect(world.ask(.custodianTree(session), on: watcher).refusal == .noSuchCustodian)
  }

  @Test("what it held and listens ends by itself, and the session ends with the last of it")
  func heldAndPolite() throws {
    var world = NodeWorld()
    let watcher = world.client()
    let (client, welcome) = world.greeted()
    let session = try #require(welcome?.session)
    let thread = try start(in: nil, on: client, of: &world) { $0.held = true }
    world.hangUp(client)
    world.exit(thread, code: 7)
    #expect(cause(of: thread, in: &world, watcher) == .exited(code: 7))
    #expect(world.ask(.custodianTree(session), on: watcher).refusal == .noSuchCustodian)
    // Nothing is left to be done later.
    #expect(world.node.nextDeadline.map { $0.nanoseconds > world.now.nanoseconds + 3_600_000_000_000 } ?? true)
  }

  @Test("what is held ends with its connection also where its place is another custodian")
  func heldElsewhere() throws {
    var world = NodeWorld()
    let watcher = world.client()
    let client = world.client()
    let thread = try start(in: .main, on: client, of: &world) { $0.held = true }
    let other = try world.start(in: .main, on: client)
    world.hangUp(client)
    #expect(world.takeOrders() == [.signal(thread, 1)])
    world.pass(Limits.sessionGrace)
    #expect(world.takeOrders() == [.kill(thread)])
    world.exit(thread)
    #expect(cause(of: thread, in: &world, watcher) == .killed(by: "pid 100"))
    #expect(world.ask(.find(.id(other)), on: watcher).info?.state == .running)
  }

  @Test("a suspended thread keeps the hang-up, and is ended in the end")
  func heldAndSuspended() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(in: nil, on: client, of: &world) { $0.held = true }
    _ = world.ask(.suspend(.id(thread)), on: client)
    world.obeyOrders()
    world.hangUp(client)
    #expect(world.takeOrders() == [])
    world.pass(Limits.sessionGrace)
    #expect(world.takeOrders() == [.kill(thread)])
  }

  @Test("what is held keeps the supervisor's own grace, if that is longer")
  func heldWhileEnding() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try start(in: nil, on: client, of: &world) { $0.held = true }
    _ = world.ask(.stopDaemon(grace: .seconds(20)), on: other)
    _ = world.takeOrders()
    world.hangUp(client)
    #expect(world.takeOrders() == [.signal(thread, 1)])
    world.pass(.milliseconds(19_999))
    #expect(world.takeOrders() == [])
    world.pass(.milliseconds(1))
    #expect(world.takeOrders() == [.kill(thread)])
  }

  @Test("one that a kill would only suspend ends with its holder all the same")
  func heldSuspendToKill() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(in: .main, on: client, of: &world) {
      $0.held = true
      $0.suspendToKill = true
    }
    world.hangUp(client)
    _ = world.takeOrders()
    world.pass(Limits.sessionGrace)
    #expect(world.takeOrders() == [.kill(thread)])
  }

  @Test("what a connection holds and has died is forgotten once it holds another")
  func heldAndDead() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let first = try start(in: nil, on: client, of: &world) {
      $0.forget = true
      $0.held = true
    }
    world.exit(first)
    #expect(world.ask(.find(.id(first)), on: other).info?.state == .dead)
    _ = try start(in: nil, on: client, of: &world) { $0.held = true }
    #expect(world.ask(.find(.id(first)), on: other).refusal == .gone)
  }

  @Test("a snapshot that goes on ends what connections held, wherever it is")
  func heldInSnapshot() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try start(in: .main, on: client, of: &world) { $0.held = true }
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    world.step { $0.restored(effects: &$1) }
    #expect(world.takeOrders() == [.kill(thread)])
  }

  // MARK: - The supervisor's own life

  @Test("told to end by a client it gives the threads that client's grace, and the client its answer")
  func stop() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    #expect(world.ask(.stopDaemon(grace: .seconds(1)), on: client).reply == .done)
    #expect(world.takeOrders() == [.signal(thread, 15)])
    world.pass(.seconds(1))
    #expect(world.takeOrders() == [.kill(thread)])
    world.exit(thread)
    #expect(world.exitStatus == 0)
  }

  @Test("told again it takes the shorter grace, and none is none")
  func stopSooner() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = world.ask(.stopDaemon(grace: nil), on: client)
    _ = world.ask(.stopDaemon(grace: .seconds(60)), on: client)
    #expect(world.node.nextDeadline == world.now + Limits.grace)
    _ = world.takeOrders()
    #expect(world.ask(.stopDaemon(grace: .zero), on: client).reply == .done)
    #expect(world.takeOrders() == [.kill(thread)])
  }

  @Test("only who was granted the root may end the supervisor")
  func stopWithoutGrant() throws {
    var world = NodeWorld()
    _ = world.ask(.custodianTree(.main), on: world.client())
    let main = try #require(world.node.custodian(at: .main))
    let client = world.client(granted: main)
    #expect(world.ask(.stopDaemon(grace: nil), on: client).refusal == .permission)
    #expect(world.exitStatus == nil)
  }

  @Test("one that a client started leaves when nobody has used it for as long as it was told")
  func unused() throws {
    var world = NodeWorld()
    world.node.startedByClient(leavingAfter: .seconds(600))
    world.pass(.seconds(599))
    #expect(world.exitStatus == nil)
    let client = world.client()
    world.pass(.seconds(3_600))
    #expect(world.exitStatus == nil)
    world.hangUp(client)
    world.pass(.milliseconds(599_999))
    #expect(world.exitStatus == nil)
    world.pass(.milliseconds(1))
    #expect(world.exitStatus == 0)
  }

  @Test(
    "a living thread, also a suspended one, and a user's custodian keep it; the dead, /main and empty sessions do not"
  )
  func used() throws {
    let job = try CustodianPath(parsing: "job")
    for keep in ["thread", "custodian"] {
      var world = NodeWorld()
      world.node.startedByClient(leavingAfter: .seconds(600))
      let client = world.client()
      let thread = try world.start(on: client)
      _ = world.ask(.custodianTree(.main), on: client)
      _ = try world.start(in: nil, on: client)
      if keep == "custodian" {
        _ = world.ask(.custodianNew(job), on: client)
        world.exit(thread)
      } else {
        _ = world.ask(.suspend(.id(thread)), on: client)
      }
      world.hangUp(client)
      world.obeyOrders()
      world.pass(.seconds(3_600))
      #expect(world.exitStatus == nil, "\(keep)")
      let last = world.client()
      if keep == "custodian" {
        _ = world.ask(.custodianShutdown(job, follow: false), on: last)
      } else {
        _ = world.ask(.kill(.id(thread), wait: false, really: false), on: last)
        world.obeyOrders()
      }
      world.hangUp(last)
      world.pass(.seconds(600))
      #expect(world.exitStatus == 0, "\(keep)")
    }
  }

  @Test("one that was started by hand stays, and says so; the other says when it leaves")
  func stays() throws {
    var world = NodeWorld()
    world.pass(.seconds(86_400 * 30))
    #expect(world.exitStatus == nil)
    let client = world.client()
    guard case .daemonStatus(let status) = world.ask(.daemonStatus, on: client).reply else { throw Unexpected([]) }
    #expect(status.leavesAfter == nil)
    world.node.startedByClient(leavingAfter: .seconds(600))
    guard case .daemonStatus(let status) = world.ask(.daemonStatus, on: client).reply else { throw Unexpected([]) }
    #expect(status.leavesAfter == .seconds(600))
  }
}

extension Instant {
  fileprivate static func + (instant: Instant, duration: Duration) -> Instant {
    Instant(nanoseconds: instant.nanoseconds + UInt64(duration / .nanoseconds(1)))
  }
}
