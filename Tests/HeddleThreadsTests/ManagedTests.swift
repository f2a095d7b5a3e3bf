import Synchronization
import Testing

@testable import HeddleThreads

@Suite("what a custodian closes", .timeLimit(.minutes(1)))
struct ManagedTests {
  /// Something like a stream.
  private final class Stream: CustodianManaged {
    private let name: String
    private let log: Log
    private let custodian: Custodian

    init(_ name: String, _ log: Log, under custodian: Custodian) async throws {
      (self.name, self.log, self.custodian) = (name, log, custodian)
      try await custodian.manage(self)
    }

    deinit {
      custodian.release(self)
      log.note("\(name) is freed")
    }

    func custodianShutDown() { log.note("\(name) is closed") }
    func close() { custodian.release(self) }
  }

  @Test("a shutdown closes what registered, once, in the order of the last registration, and then what is below")
  func closed() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let below = try await Custodian(below: custodian)
      let streams = [
        try await Stream("first", stage.log, under: custodian), try await Stream("below", stage.log, under: below),
        try await Stream("second", stage.log, under: custodian),
      ]
      try await custodian.manage(streams[0])
      try await custodian.shutDown()
      try await custodian.shutDown()
      #expect(stage.log.all == ["second is closed", "first is closed", "below is closed"])
      withExtendedLifetime(streams) {}
    }
  }

  @Test("what was released is not closed, and what was dropped is not kept")
  func released() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let stream = try await Stream("released", stage.log, under: custodian)
      stream.close()
      _ = try await Stream("dropped", stage.log, under: custodian)
      #expect(stage.log.all == ["dropped is freed"])
      #expect(try await custodian.managed().resources.isEmpty)
      try await custodian.shutDown()
      #expect(stage.log.all == ["dropped is freed"])
      withExtendedLifetime(stream) {}
    }
  }

  @Test("CU-16: the members of a custodian are also what registered with it, until it is shut down")
  func listed() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let streams = [
        try await Stream("one", stage.log, under: custodian), try await Stream("two", stage.log, under: custodian),
      ]
      let listed = try await custodian.managed().resources
      #expect(listed.map(ObjectIdentifier.init) == streams.map(ObjectIdentifier.init))
      try await custodian.shutDown()
      #expect(try await custodian.managed().resources.isEmpty)
    }
  }

  @Test("a closure that registered is called by the shutdown, once, and not when it was cancelled")
  func closures() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      _ = try await custodian.onShutdown { stage.log.note("closed") }
      let cancelled = try await custodian.onShutdown { stage.log.note("cancelled") }
      cancelled.cancel()
      try await custodian.shutDown()
      try await custodian.shutDown()
      #expect(stage.log.all == ["closed"])
    }
  }

  @Test("CU-09: nothing registers with a custodian that is shut down, and nothing of it is closed")
  func refused() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      try await custodian.shutDown()
      let errors = [
        await #expect(throws: ThreadError.self) { try await custodian.onShutdown { stage.log.note("closed") } },
        await #expect(throws: ThreadError.self) { try await Stream("late", stage.log, under: custodian) },
      ]
      #expect(errors.allSatisfy { $0?.code == .custodianShutDown })
      #expect(stage.log.all == ["late is freed"])
    }
  }

  @Test("a timer is a thread that sleeps, or an event that one waits for: it goes with the thread")
  func timers() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      try await Custodian.current.withValue(custodian) {
        for timer in [after(.seconds(1)), alarm(at: WallTime.now.advanced(by: .seconds(1)))] {
          _ = try await LocalThread { try await stage.noteAfter(timer, "rang") }
        }
      }
      try await stage.settle()
      try await custodian.shutDown()
      stage.advance(by: .seconds(2))
      try await stage.settle()
      #expect(stage.log.all.isEmpty)
    }
  }

  @Test("a box that is dropped leaves nothing with its custodian, and its value goes with it")
  func droppedBox() async throws {
    final class Treasure: Sendable {
      let log: Log
      init(_ log: Log) { self.log = log }
      deinit { log.note("freed") }
    }
    try await inWorld { stage in
      let custodian = try await Custodian()
      _ = try await CustodianBox(Treasure(stage.log), in: custodian)
      #expect(stage.log.all == ["freed"])
      #expect(stage.world.look { $0.closings.all(of: custodian.id).isEmpty })
    }
  }

  @Test("CU-12: a box frees its value at the shutdown, and keeps itself an event")
  func emptiedBox() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let box = try await CustodianBox(Mishap(), in: custodian)
      weak let content = box.value
      try await custodian.shutDown()
      #expect(content == nil)
      #expect(try await sync(box) === box)
    }
  }
}
