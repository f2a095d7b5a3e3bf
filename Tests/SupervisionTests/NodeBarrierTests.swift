import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("the barrier: an answer when what was asked before has been seen to happen")
struct NodeBarrierTests {
  /// Whether a barrier is not answered at once, and is when `happen` has happened.
  private func isHeld(
    _ world: inout NodeWorld,
    _ client: ConnectionID,
    until happen: (inout NodeWorld) throws -> Void
  ) rethrows -> Bool {
    let answered = world.ask(.barrier, on: client).reply == .done
    let barrier = world.lastRequest
    try happen(&world)
    return !answered && world.take(client).contains(.reply(.done, barrier))
  }

  @Test("with nothing under way it is answered at once")
  func idle() throws {
    var world = NodeWorld()
    let client = world.client()
    #expect(world.ask(.barrier, on: client).reply == .done)
    _ = try world.start(on: client)
    #expect(world.ask(.barrier, on: client).reply == .done)
  }

  @Test("a spawn is observed when the program runs, or cannot")
  func spawn() throws {
    for succeeds in [true, false] {
      var world = NodeWorld()
      let client = world.client()
      _ = world.ask(.spawn(Spawn(argv: [[112]], cwd: [47])), on: client)
      guard case .start(let thread, _) = world.takeOrders().first else { throw Unexpected([]) }
      #expect(
        isHeld(&world, client) {
          $0.report(
            succeeds ? .started(thread, pid: 9, descriptors: 2) : .startFailed(thread, errno: 2, .execute)
          )
        }
      )
    }
  }

  @Test("a suspension is observed when nothing runs any more, a resumption when the thread runs")
  func changes() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    #expect(isHeld(&world, client) { $0.obeyOrders() })
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(isHeld(&world, client) { $0.obeyOrders() })
  }

  @Test("a change that was overtaken is observed with the one that overtook it, or with the thread's death")
  func overtaken() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: client)
    _ = world.ask(.suspend(.id(thread)), on: client)
    let late = world.takeOrders()
    #expect(late == [.suspend(thread, generation: 1)])
    #expect(world.ask(.barrier, on: client) == [])
    let barrier = world.lastRequest
    _ = world.ask(.resume(.id(thread)), on: other)
    // It comes too late to tell anything of what is so now.
    world.report(.suspended(thread, generation: 1))
    #expect(world.take(client) == [])
    world.obeyOrders()
    #expect(world.take(client).contains(.reply(.done, barrier)))
    _ = world.ask(.suspend(.id(thread)), on: client)
    #expect(isHeld(&world, client) { $0.exit(thread) })
  }

  @Test("a kill is observed when the thread is dead, of a suspend-to-kill one when it stands still")
  func kills() throws {
    var world = NodeWorld()
    let client = world.client()
    let (thread, kept) = (try world.start(on: client), try world.start(suspendToKill: true, on: client))
    _ = world.ask(.kill(.id(thread), wait: false, really: false), on: client)
    #expect(isHeld(&world, client) { $0.obeyOrders() })
    _ = world.ask(.kill(.id(kept), wait: false, really: false), on: client)
    #expect(isHeld(&world, client) { $0.obeyOrders() })
  }

  @Test("a custodian's shutdown is observed when all that it ended is dead, and the rest stands still")
  func shutdown() throws {
    var world = NodeWorld()
    let client = world.client()
    let job = try CustodianPath(parsing: "job")
    _ = world.ask(.custodianNew(job), on: client)
    let ended = try world.start(in: job, on: client)
    let kept = try world.start(in: job, suspendToKill: true, on: client)
    _ = world.ask(.custodianShutdown(job, follow: false), on: client)
    #expect(world.ask(.barrier, on: client) == [])
    world.exit(ended)
    #expect(!world.take(client).contains(.reply(.done, world.lastRequest)))
    world.report(.suspended(kept, generation: 1))
    #expect(world.take(client).contains(.reply(.done, world.lastRequest)))
  }

  @Test("mail to a program's input is observed when the pipe has taken it, or the program is not running")
  func mail() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(channel: .lines, on: client)
    _ = world.mail(["first"], to: thread, on: client)
    _ = world.mail(["second"], to: thread, on: client)
    // The first is being written, the second waits behind it.
    #expect(world.ask(.barrier, on: client) == [])
    world.inputWritten(thread)
    #expect(world.take(client) == [])
    world.inputWritten(thread)
    #expect(world.take(client).reply == .done)
    _ = world.mail(["third"], to: thread, on: client)
    #expect(isHeld(&world, client) { _ = $0.ask(.suspend(.id(thread)), on: $0.client()) })
    world.obeyOrders()
    _ = world.ask(.resume(.id(thread)), on: client)
    world.obeyOrders()
    _ = world.mail(["fourth"], to: thread, on: client)
    #expect(isHeld(&world, client) { $0.step { $0.inputFailed(thread, effects: &$1) } })
  }

  @Test("what others have set going holds up nobody else's barrier")
  func others() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: client)
    _ = world.ask(.suspend(.id(thread)), on: other)
    #expect(world.ask(.barrier, on: client).reply == .done)
    #expect(world.ask(.barrier, on: other) == [])
    world.hangUp(other)
    world.obeyOrders()
    #expect(world.take(other) == [])
  }

  @Test("barriers are answered in order; one that is withdrawn leaves what it waited for to the next")
  func order() throws {
    var world = NodeWorld()
    let client = world.client()
    let (slow, quick) = (try world.start(on: client), try world.start(on: client))
    _ = world.ask(.kill(.id(slow), wait: false, really: false), on: client)
    #expect(world.ask(.barrier, on: client) == [])
    let first = world.lastRequest
    _ = world.ask(.kill(.id(quick), wait: false, really: false), on: client)
    #expect(world.ask(.barrier, on: client) == [])
    let second = world.lastRequest
    world.exit(quick)
    #expect(world.take(client) == [])
    #expect(world.ask(.cancel(first), on: client).refusal == .cancelled)
    #expect(world.take(client) == [])
    world.exit(slow)
    #expect(world.take(client) == [.reply(.done, second)])
  }

  @Test("a client that never asks for a barrier leaves nothing behind but what is under way")
  func sweep() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    for _ in 0..<1_000 {
      _ = world.ask(.suspend(.id(thread)), on: client)
      _ = world.ask(.resume(.id(thread)), on: client)
      world.obeyOrders()
    }
    #expect(world.ask(.barrier, on: client).reply == .done)
  }
}
