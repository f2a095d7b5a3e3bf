import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("frames that were begun")
struct NodeBegunFrameTests {
  @Test("one that does not end in time closes its connection, with the reason, and no other")
  func late() {
    var world = NodeWorld()
    let (slow, quick) = (world.client(), world.client())
    world.node.bytesEnded(withinFrame: 1, on: slow)
    world.node.bytesEnded(withinFrame: 1, on: quick)
    world.pass(Limits.frame - .milliseconds(1))
    // More of the same frame is no new beginning; the other's has ended, and the next has begun.
    world.node.bytesEnded(withinFrame: 1, on: slow)
    world.node.bytesEnded(withinFrame: 2, on: quick)
    #expect(world.closed.isEmpty)
    world.pass(.milliseconds(1))
    #expect(world.take(slow).refusal == .badRequest)
    #expect(world.closed == [slow])
    #expect(world.ask(.barrier, on: quick).reply == .done)
    world.node.bytesEnded(withinFrame: nil, on: quick)
    world.pass(.seconds(3_600))
    #expect(world.closed == [slow])
  }

  @Test("nothing is waited for when every frame has ended")
  func rest() {
    var world = NodeWorld()
    let client = world.client()
    #expect(world.node.nextDeadline == nil)
    world.node.bytesEnded(withinFrame: 5, on: client)
    #expect(world.node.nextDeadline != nil)
    world.node.bytesEnded(withinFrame: nil, on: client)
    #expect(world.node.nextDeadline == nil)
    world.node.bytesEnded(withinFrame: 6, on: client)
    world.hangUp(client)
    #expect(world.node.nextDeadline == nil)
  }

  @Test("a sender that is suspended in the middle of one has all its time again after the resumption")
  func suspended() throws {
    var world = NodeWorld()
    let client = world.client()
    let worker = try world.startWorker(on: client)
    world.node.bytesEnded(withinFrame: 3, on: worker.connection)
    _ = world.ask(.suspend(.id(worker.thread)), on: client)
    world.pass(Limits.frame * 10)
    _ = world.ask(.resume(.id(worker.thread)), on: client)
    world.pass(Limits.frame - .milliseconds(1))
    #expect(world.closed.isEmpty)
    world.pass(.milliseconds(1))
    #expect(world.closed == [worker.connection])
  }
}
