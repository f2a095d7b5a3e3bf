import Foundation
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("state events, and watches on them")
struct NodeWatchTests {
  private func event(
    _ kind: StateEvent.Kind,
    of thread: ThreadID,
    in world: inout NodeWorld,
    _ client: ConnectionID
  ) throws -> StateEvent {
    let answer = world.ask(.event(kind, of: .id(thread)), on: client)
    guard case .stateEvent(let event) = answer.reply else { throw Unexpected(answer) }
    return event
  }

  private static let fired = Outgoing.fired(WatchID(rawValue: 9))

  @Test("an event is the same until the thread's state changes, and each suspension has one of its own")
  func events() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let first = try event(.suspension, of: thread, in: &world, client)
    #expect(first == StateEvent(thread: thread, kind: .suspension, generation: 1))
    #expect(try event(.suspension, of: thread, in: &world, client) == first)
    _ = world.ask(.suspend(.id(thread)), on: client)
    _ = world.ask(.resume(.id(thread)), on: client)
    #expect(try event(.suspension, of: thread, in: &world, client).generation == 2)
    #expect(world.ask(.event(.death, of: .id(ThreadID(rawValue: 99))), on: client).refusal == .noSuchThread)
  }

  @Test("a watch fires when the suspension is seen, not when it is decided; a later one fires at once, and again")
  func suspension() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: client)
    let event = try event(.suspension, of: thread, in: &world, client)
    #expect(world.say(.watch, 9, event.encoded(), on: client) == [])
    _ = world.ask(.suspend(.id(thread)), on: other)
    #expect(world.take(client) == [])
    world.obeyOrders()
    #expect(world.take(client) == [Self.fired])
    for _ in 0..<2 { #expect(world.say(.watch, 9, event.encoded(), on: client) == [Self.fired]) }
    _ = world.ask(.resume(.id(thread)), on: other)
    world.obeyOrders()
    #expect(world.say(.watch, 9, event.encoded(), on: client) == [Self.fired])
  }

  @Test("a death fires when the thread is dead, and has fired of a thread that is forgotten")
  func death() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let death = try event(.death, of: thread, in: &world, client)
    #expect(world.say(.watch, 9, death.encoded(), on: client) == [])
    world.report(.exited(thread, .exit(code: 0)))
    #expect(world.take(client) == [])
    world.report(.empty(thread, Stragglers(total: 0, named: [])))
    #expect(world.take(client) == [Self.fired])
    world.pass(Limits.deadFor)
    #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
    #expect(world.say(.watch, 9, death.encoded(), on: client) == [Self.fired])
  }

  @Test("an unwatch ends a watch, or does nothing; what is no event, or of no thread, is refused by its number")
  func unwatch() throws {
    var world = NodeWorld()
    let client = world.client()
    let thread = try world.start(on: client)
    let death = try event(.death, of: thread, in: &world, client)
    #expect(world.say(.watch, 9, death.encoded(), on: client) == [])
    #expect(world.say(.watch, 9, death.encoded(), on: client).refusal == .badRequest)
    for _ in 0..<2 { #expect(world.say(.unwatch, 9, on: client) == []) }
    world.exit(thread)
    #expect(world.take(client) == [])
    let nobody = StateEvent(thread: ThreadID(rawValue: 99), kind: .death, generation: 0)
    let refused = world.say(.watch, 9, nobody.encoded(), on: client)
    guard case .refusal(let refusal, RequestID(rawValue: 9)) = refused.first else { throw Unexpected(refused) }
    #expect(refusal.code == .noSuchThread)
    #expect(world.say(.watch, 9, [0xFF], on: client).refusal == .badRequest)
    #expect(world.ask(.barrier, on: client).reply == .done)
  }

  @Test("a connection has a bounded number of watches, and leaves none behind")
  func bound() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start(on: other)
    let death = try event(.death, of: thread, in: &world, client)
    for id in 1...UInt64(Limits.watchesMax) { #expect(world.say(.watch, id, death.encoded(), on: client) == []) }
    #expect(world.say(.watch, 1 << 40, death.encoded(), on: client).refusal == .tooLarge)
    let before = try JSONEncoder().encode(world.node).count
    world.hangUp(client)
    #expect(try JSONEncoder().encode(world.node).count < before)
    world.exit(thread)
    #expect(world.take(client) == [])
  }

  @Test("a dead thread is remembered while a watch refers to it, and no longer")
  func memory() throws {
    var world = NodeWorld()
    let (client, other) = (world.client(), world.client())
    let thread = try world.start("web", on: client)
    world.exit(thread)
    let never = try event(.suspension, of: thread, in: &world, client)
    #expect(never.generation == StateEvent.never)
    for watcher in [client, other] { #expect(world.say(.watch, 9, never.encoded(), on: watcher) == []) }
    world.pass(Limits.deadFor)
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .dead)
    guard case .daemonStatus(let status) = world.ask(.daemonStatus, on: client).reply else { throw Unexpected([]) }
    #expect(status.counts.deadThreads == 1 && status.counts.livingThreads == 0)
    let copy = try JSONDecoder().decode(Node.self, from: JSONEncoder().encode(world.node))
    _ = world.say(.unwatch, 9, on: client)
    #expect(world.ask(.find(.id(thread)), on: client).info?.state == .dead)
    world.hangUp(other)
    #expect(world.ask(.find(.id(thread)), on: client).refusal == .gone)
    // Nothing refers to it in a copy, which has no connections.
    world.node = copy
    let later = world.client()
    #expect(world.ask(.find(.id(thread)), on: later).refusal == .gone)
  }
}
