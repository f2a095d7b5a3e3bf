import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("nested processes: a worker waits for one as for a nested thread")
struct NodeNestingTests {
  private static func job() throws -> CustodianPath { try CustodianPath(parsing: "/main/job") }

  // MARK: - The call

  @Test("the spawn is answered when the nested thread is dead, by what its program ended with; its start is a notice")
  func value() throws {
    let ends: [(ProgramEnd, DeathCause)] = [
      (.exit(code: 7), .exited(code: 7)), (.signal(11, coreDumped: true), .signalled(number: 11, coreDumped: true)),
    ]
    for (end, cause) in ends {
      var world = NodeWorld()
      let worker = try world.startWorker(on: world.client())
      let call = try world.nest(in: .main, of: worker, isTold: false)
      guard case .notice(.started(let info), call.request) = world.take(worker.connection).first else {
        throw Unexpected([])
      }
      #expect(info.id == call.thread && info.state == .running)
      world.report(.exited(call.thread, end))
      #expect(world.take(worker.connection) == [])
      world.report(.empty(call.thread, Stragglers(total: 0, named: [])))
      #expect(world.take(worker.connection) == [call.ended(by: cause)])
    }
  }

  @Test("a nested thread is managed by the custodian that was named, and acts for its creator's (TH-15)")
  func current() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(try Self.job()), on: client)
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: try Self.job(), channel: .frames, of: worker)
    #expect(call.program.environment.contains(Array("HEDDLE_CUSTODIAN=/main".utf8)))
    #expect(world.ask(.find(.id(call.thread)), on: client).info?.custodians == [try Self.job()])
    #expect(try world.greetNested(call).welcome?.grant == .main)
  }

  @Test("a program that cannot be started is a refusal and no more, and the creator can nest again")
  func startFailed() throws {
    var world = NodeWorld()
    let worker = try world.startWorker(on: world.client())
    _ = world.ask(.spawn(NodeWorld.nestedSpawn()), on: worker.connection)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    world.report(.startFailed(thread, errno: 2, .execute))
    let answers = world.take(worker.connection)
    #expect(answers.count == 1 && answers.refusal == .cannotStart)
    let call = try world.nest(in: .main, of: worker)
    world.exit(call.thread)
    #expect(world.take(worker.connection) == [call.ended(by: .exited(code: 0))])
  }

  @Test("one call at a time, and only a thread can make one")
  func refused() throws {
    var world = NodeWorld()
    let client = world.client()
    #expect(world.ask(.spawn(NodeWorld.nestedSpawn()), on: client).refusal == .badRequest)
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    #expect(world.ask(.spawn(NodeWorld.nestedSpawn()), on: worker.connection).refusal == .alreadyNesting)
    world.exit(call.thread)
    #expect(world.take(worker.connection) == [call.ended(by: .exited(code: 0))])
    _ = try world.nest(in: .main, of: worker)
  }

  @Test("the nested thread runs on while its creator is suspended, and the answer waits for that one's resumption")
  func suspendedCreator() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    _ = world.ask(.suspend(.id(worker.thread)), on: client)
    #expect(world.takeOrders() == [.suspend(worker.thread, generation: 1)])
    world.report(.suspended(worker.thread, generation: 1))
    #expect(world.take(client) == [.reply(.done, world.lastRequest)])
    #expect(world.ask(.find(.id(call.thread)), on: client).info?.state == .running)
    world.exit(call.thread, code: 4)
    #expect(world.take(worker.connection) == [])
    _ = world.ask(.resume(.id(worker.thread)), on: client)
    // Held back with all else until the resumption is seen.
    #expect(world.heldWorkers == [worker.connection])
    #expect(world.take(worker.connection) == [call.ended(by: .exited(code: 4))])
  }

  // MARK: - Ends by others

  @Test("killed, the nested thread leaves no value (TH-19)")
  func killed() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    _ = world.ask(.kill(.id(call.thread), wait: false, really: false), on: client)
    #expect(world.take(worker.connection) == [])
    world.obeyOrders()
    #expect(world.take(worker.connection) == [call.lost(by: .killed(by: "pid 100"))])

    // The program was quicker, and its tree is not empty yet: the thread was told to end all the same.
    let quick = try world.nest(in: .main, of: worker)
    world.report(.exited(quick.thread, .exit(code: 3)))
    _ = world.ask(.kill(.id(quick.thread), wait: false, really: false), on: client)
    world.report(.empty(quick.thread, Stragglers(total: 1, named: [])))
    #expect(world.take(worker.connection) == [quick.lost(by: .exited(code: 3))])
  }

  @Test("ended with its custodian it leaves none either, and hears of no break before (TH-20)")
  func custodian() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(try Self.job()), on: client)
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: try Self.job(), of: worker)
    _ = world.ask(.custodianShutdown(try Self.job(), follow: false), on: client)
    #expect(world.takeOrders() == [.kill(call.thread)])
    world.exit(call.thread, code: 0)
    #expect(world.take(worker.connection) == [call.lost(by: .custodianShutDown(try Self.job()))])
  }

  @Test("the creator killed first, the nested thread gets a break and lives on (TH-21)")
  func creatorKilled() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    _ = world.ask(.kill(.id(worker.thread), wait: false, really: false), on: client)
    #expect(world.takeOrders() == [.kill(worker.thread), .signal(call.thread, 2)])
    world.hangUp(worker.connection)
    world.exit(worker.thread)
    #expect(world.takeOrders() == [])
    #expect(world.ask(.find(.id(call.thread)), on: client).info?.state == .running)
  }

  @Test(
    "a creator that ends by itself breaks its nested thread, once, whether its connection or its exit is seen first"
  )
  func creatorExits() throws {
    for isConnectionFirst in [true, false] {
      var world = NodeWorld()
      let worker = try world.startWorker(on: world.client())
      let call = try world.nest(in: .main, of: worker)
      if isConnectionFirst { world.hangUp(worker.connection) }
      world.report(.exited(worker.thread, .exit(code: 1)))
      if !isConnectionFirst { world.hangUp(worker.connection) }
      world.report(.empty(worker.thread, Stragglers(total: 0, named: [])))
      #expect(world.takeOrders() == [.signal(call.thread, 2)])
    }
  }

  @Test("one custodian of both ends both, without a break; and so does the creator's session, where no place was named")
  func sharedCustodian() throws {
    var world = NodeWorld()
    let client = world.client()
    _ = world.ask(.custodianNew(try Self.job()), on: client)
    let one = try world.startWorker(in: try Self.job(), on: client)
    let inside = try world.nest(in: try Self.job(), of: one)
    _ = world.ask(.custodianShutdown(try Self.job(), follow: false), on: client)
    #expect(world.takeOrders() == [.kill(one.thread), .kill(inside.thread)])

    let two = try world.startWorker(on: client)
    let ofSession = try world.nest(in: nil, of: two)
    world.hangUp(two.connection)
    #expect(world.takeOrders() == [.kill(ofSession.thread)])
  }

  // MARK: - Breaks

  @Test("a break for the creator is the nested thread's, with its kind, by its own channel (TH-22)")
  func redirected() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let plain = try world.nest(in: .main, of: worker)
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [.signal(plain.thread, 1)])
    world.exit(plain.thread)
    _ = world.take(worker.connection)

    let framed = try world.greetNested(try world.nest(in: .main, channel: .frames, of: worker))
    _ = world.ask(.sendBreak(.id(worker.thread), .terminate), on: client)
    #expect(world.take(framed.connection) == [.break(.terminate, framed.thread)])
    #expect(world.take(worker.connection) == [])
  }

  @Test("through two levels it is the innermost one's, and each creator's own again when its call is over (TH-22)")
  func redirectedTwice() throws {
    var world = NodeWorld()
    let client = world.client()
    let outer = try world.startWorker(on: client)
    let middle = try world.greetNested(try world.nest(in: .main, channel: .frames, of: outer))
    let inner = try world.nest(in: .main, of: middle)
    _ = world.ask(.sendBreak(.id(outer.thread), .interrupt), on: client)
    _ = world.ask(.sendBreak(.id(middle.thread), .terminate), on: client)
    #expect(world.takeOrders() == [.signal(inner.thread, 2), .signal(inner.thread, 15)])
    world.exit(inner.thread)
    #expect(world.take(middle.connection) == [inner.ended(by: .exited(code: 0))])
    _ = world.ask(.sendBreak(.id(outer.thread), .interrupt), on: client)
    #expect(world.take(middle.connection) == [.break(.interrupt, middle.thread)])
    #expect(world.take(outer.connection) == [])
  }

  @Test("a break that is kept for the creator when the call begins moves to the nested thread (TH-23)")
  func movesIn() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    _ = world.ask(.suspend(.id(worker.thread)), on: client)
    world.obeyOrders()
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    // It was on its way before the worker stood still.
    _ = world.ask(.spawn(NodeWorld.nestedSpawn()), on: worker.connection)
    let orders = world.takeOrders()
    guard case .start(let thread, _) = orders.first else { throw Unexpected([]) }
    #expect(orders.last == .signal(thread, 1))
    world.report(.started(thread, pid: 9, descriptors: 3))
    _ = world.take(worker.connection)
    _ = world.ask(.resume(.id(worker.thread)), on: client)
    world.obeyOrders()
    #expect(world.take(worker.connection) == [])
  }

  @Test("a creator that dies in its call: the one outside waits for the innermost, and its value is lost (TH-25)")
  func middleDies() throws {
    for isConnectionFirst in [true, false] {
      var world = NodeWorld()
      let client = world.client()
      let outer = try world.startWorker(on: client)
      let call = try world.nest(in: .main, channel: .frames, of: outer)
      let middle = try world.greetNested(call)
      let inner = try world.nest(in: .main, of: middle)
      if isConnectionFirst { world.hangUp(middle.connection) }
      world.report(.exited(middle.thread, .exit(code: 3)))
      if !isConnectionFirst { world.hangUp(middle.connection) }
      world.report(.empty(middle.thread, Stragglers(total: 0, named: [])))
      #expect(world.ask(.find(.id(middle.thread)), on: client).info?.state == .dead)
      #expect(world.takeOrders() == [.signal(inner.thread, 2)])
      _ = world.ask(.sendBreak(.id(outer.thread), .terminate), on: client)
      #expect(world.takeOrders() == [.signal(inner.thread, 15)])
      // However long that takes: the dead one is remembered as long as the answer is owed.
      world.pass(Limits.deadFor)
      #expect(world.take(outer.connection) == [])
      world.exit(inner.thread)
      #expect(world.take(outer.connection) == [call.lost(by: .exited(code: 3))])
      #expect(world.ask(.find(.id(middle.thread)), on: client).refusal == .gone)
    }
  }

  @Test("a break that is left over comes to the creator behind the answer (TH-27, TH-29)")
  func movesBack() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let exits = try world.nest(in: .main, of: worker)
    world.report(.exited(exits.thread, .exit(code: 0)))
    // Too late for its program, and before its death.
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [])
    world.report(.empty(exits.thread, Stragglers(total: 0, named: [])))
    let back = Outgoing.break(.hangUp, worker.thread)
    #expect(world.take(worker.connection) == [exits.ended(by: .exited(code: 0)), back])

    let stands = try world.nest(in: .main, of: worker)
    _ = world.ask(.suspend(.id(stands.thread)), on: client)
    world.obeyOrders()
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    _ = world.ask(.kill(.id(stands.thread), wait: false, really: false), on: client)
    world.obeyOrders()
    #expect(world.take(worker.connection) == [stands.lost(by: .killed(by: "pid 100")), back])
  }

  @Test("a nested worker gives the break back that it kept, and that and later ones are its creator's (TH-27)")
  func givenBack() throws {
    for isKilled in [false, true] {
      var world = NodeWorld()
      let client = world.client()
      let outer = try world.startWorker(on: client)
      let call = try world.nest(in: .main, channel: .frames, of: outer)
      let inner = try world.greetNested(call)
      _ = world.ask(.sendBreak(.id(outer.thread), .interrupt), on: client)
      #expect(world.take(inner.connection) == [.break(.interrupt, inner.thread)])
      world.receive(.break, [BreakKind.interrupt.rawValue], id: inner.thread.rawValue, on: inner.connection)
      _ = world.ask(.sendBreak(.id(outer.thread), .hangUp), on: client)
      #expect(world.take(inner.connection) == [])
      if isKilled { _ = world.ask(.kill(.id(inner.thread), wait: false, really: false), on: client) }
      world.hangUp(inner.connection)
      world.exit(inner.thread)
      let end = isKilled ? call.lost(by: .killed(by: "pid 100")) : call.ended(by: .exited(code: 0))
      #expect(world.take(outer.connection) == [end, .break(.hangUp, outer.thread)])
    }
  }

  @Test("only a worker gives breaks back, only its own, and only those that there are")
  func nothingToGiveBack() throws {
    for (id, body) in [(1, 2), (99, 1)] as [(UInt64, UInt8)] {
      var world = NodeWorld()
      let client = world.client()
      let worker = try world.startWorker(on: client)
      let connection = id == 1 ? client : worker.connection
      #expect(world.say(.break, id, [body], on: connection).refusal == .badRequest)
      #expect(world.closed == [connection])
    }
    var world = NodeWorld()
    let worker = try world.startWorker(on: world.client())
    #expect(world.say(.break, worker.thread.rawValue, [9], on: worker.connection).refusal == .badRequest)
    #expect(world.closed == [worker.connection])
  }

  @Test("a break for a creator whose call could not begin comes behind the refusal")
  func movesBackFromFailure() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    _ = world.ask(.spawn(NodeWorld.nestedSpawn(channel: .frames)), on: worker.connection)
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    _ = world.ask(.sendBreak(.id(worker.thread), .interrupt), on: client)
    world.report(.startFailed(thread, errno: 2, .execute))
    let told = world.take(worker.connection)
    #expect(told.refusal == .cannotStart && told.last == .break(.interrupt, worker.thread) && told.count == 2)
  }

  // MARK: - Given up

  @Test("a call that is withdrawn leaves the creator free, and the nested thread alive with a break")
  func cancelled() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    let told = world.ask(.cancel(call.request), on: worker.connection)
    #expect(told.refusal == .cancelled && told.last == .reply(.done, world.lastRequest) && told.count == 2)
    #expect(world.takeOrders() == [.signal(call.thread, 2)])
    #expect(world.ask(.find(.id(call.thread)), on: client).info?.state == .running)
    _ = world.ask(.sendBreak(.id(worker.thread), .interrupt), on: client)
    #expect(world.take(worker.connection) == [.break(.interrupt, worker.thread)])
    let next = try world.nest(in: .main, of: worker)
    world.exit(call.thread)
    #expect(world.take(worker.connection) == [])
    world.exit(next.thread)
    #expect(world.take(worker.connection) == [next.ended(by: .exited(code: 0))])
  }

  @Test("withdrawn while its program starts, it is told of nothing more")
  func cancelledAtStart() throws {
    var world = NodeWorld()
    let worker = try world.startWorker(on: world.client())
    _ = world.ask(.spawn(NodeWorld.nestedSpawn()), on: worker.connection)
    let request = world.lastRequest
    guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
    #expect(world.ask(.cancel(request), on: worker.connection).refusal == .cancelled)
    world.report(.started(thread, pid: 9, descriptors: 3))
    world.exit(thread)
    #expect(world.take(worker.connection) == [])
  }

  @Test(
    "a creator without its connection is in the call until the nested thread is dead; then breaks are its own again"
  )
  func hungUp() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    let call = try world.nest(in: .main, of: worker)
    world.hangUp(worker.connection)
    #expect(world.takeOrders() == [])
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [.signal(call.thread, 1)])
    world.exit(call.thread)
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [.signal(worker.thread, 1)])
  }

  @Test("in a snapshot the call goes on, and nobody is answered: breaks are the nested thread's until it is dead")
  func snapshot() throws {
    var world = NodeWorld()
    let worker = try world.startWorker(on: world.client())
    let call = try world.nest(in: .main, of: worker)
    world.node = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    let client = world.client()
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [.signal(call.thread, 1)])
    world.exit(call.thread)
    _ = world.ask(.sendBreak(.id(worker.thread), .hangUp), on: client)
    #expect(world.takeOrders() == [.signal(worker.thread, 1)])
    #expect(world.take(worker.connection) == [])
  }

  @Test("told to end, the supervisor asks the innermost thread, and each creator when its call is over")
  func supervisorEnds() throws {
    var world = NodeWorld()
    let worker = try world.startWorker(on: world.client())
    let call = try world.nest(in: .main, of: worker)
    world.step { $0.askedToEnd(effects: &$1) }
    #expect(world.takeOrders() == [.signal(call.thread, 15)])
    #expect(world.take(worker.connection) == [])
    world.exit(call.thread)
    let ask = Outgoing.break(.terminate, worker.thread)
    #expect(world.take(worker.connection) == [call.ended(by: .exited(code: 0)), ask])
  }
}

// MARK: - The world's nested threads

/// A nested process, and the request that waits for it.
struct StoryCall {
  let thread: ThreadID
  let request: RequestID
  let program: KeeperProgram

  /// What its creator is told when it ended by itself.
  func ended(by cause: DeathCause) -> Outgoing { told(cause, isValueLost: false) }

  /// What its creator is told when it did not.
  func lost(by cause: DeathCause) -> Outgoing { told(cause, isValueLost: true) }

  private func told(_ cause: DeathCause, isValueLost: Bool) -> Outgoing {
    let death = DeathRecord(cause: cause, unreadMail: 0)
    return .reply(.nestedEnded(NestedEnd(thread: thread, death: death, isValueLost: isValueLost)), request)
  }
}

extension NodeWorld {
  static func nestedSpawn(in custodian: CustodianPath? = .main, channel: ChannelMode = .none) -> Spawn {
    Spawn(in: custodian, argv: [Array("program".utf8)], cwd: Array("/".utf8), channel: channel, nested: true)
  }

  /// A nested thread of the worker whose program runs; unless `isTold` is false, the worker has seen the notice of that.
  mutating func nest(
    in custodian: CustodianPath?,
    channel: ChannelMode = .none,
    of worker: StoryWorker,
    isTold: Bool = true
  ) throws -> StoryCall {
    let answers = ask(.spawn(Self.nestedSpawn(in: custodian, channel: channel)), on: worker.connection)
    let request = lastRequest
    guard answers.isEmpty, case .start(let thread, let program) = takeOrders().last else { throw Unexpected(answers) }
    report(.started(thread, pid: Int32(1_000 + thread.rawValue), descriptors: 3))
    if isTold { _ = take(worker.connection) }
    return StoryCall(thread: thread, request: request, program: program)
  }

  /// A nested worker says HELLO.
  mutating func greetNested(_ call: StoryCall) throws -> StoryWorker {
    let connection = connectWorker(call.thread)
    greet(connection)
    guard case .welcome(let welcome) = take(connection).first else { throw Unexpected([]) }
    return StoryWorker(thread: call.thread, connection: connection, welcome: welcome)
  }
}
