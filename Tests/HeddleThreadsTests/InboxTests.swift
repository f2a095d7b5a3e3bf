import Synchronization
import Testing

@testable import HeddleModel
@testable import HeddleThreads

/// Mail that the model does not count, mail that it does, and the ways between.
@Suite("inboxes", .timeLimit(.minutes(1)))
struct InboxTests {
  @Test("mail that is handed over to the model and taken back keeps its order")
  func order() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        stage.log.note("\(try await LocalThread.receive())")
        stage.log.note("\(try await sync(LocalThread.received, never()))")
        try await LocalThread.rewind(["3"])
        stage.log.note("\(try await LocalThread.tryReceive() ?? "nothing")")
        stage.log.note("\(try await sync(never(), LocalThread.received))")
        stage.log.note("\(try await LocalThread.receive())")
      }
      for number in [1, 2, 4, 5] {
        try await thread.send(number, whenSuspended: number % 2 == 0 ? .fail : .queue)
        try await stage.settle()
      }
      try await thread.wait()
      #expect(stage.log.all == ["1", "2", "3", "4", "5"])
    }
  }

  @Test("the model counts mail while a wait of it is for that, and none afterwards")
  func counted() async throws {
    try await inWorld { stage in
      let ready = Semaphore()
      let thread = try await LocalThread {
        stage.log.note("\(try await sync(LocalThread.received, never()))")
        try await ready.wait()
        for _ in 0..<2 { stage.log.note("\(try await LocalThread.receive())") }
      }
      let counted = { stage.world.look { $0.kernel.threads.look(thread.id, \.mailCount) } }
      try await stage.settle()
      try await thread.suspend()
      try await thread.send("first")
      #expect(counted() == 1)
      try await thread.resume()
      try await stage.settle()
      for message in ["second", "third"] { try await thread.send(message) }
      #expect(counted() == 0)
      try await ready.post()
      try await thread.wait()
      #expect(stage.log.all == ["first", "second", "third"])
    }
  }

  @Test("a thread and a child task of it wait for mail, and each gets a message")
  func child() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        async let second = sync(LocalThread.received)
        stage.log.note("\(try await LocalThread.receive())")
        stage.log.note("\(try await second)")
      }
      try await stage.settle()
      for message in ["a", "b"] { try await thread.send(message) }
      try await thread.wait()
      #expect(stage.log.all.sorted() == ["a", "b"])
    }
  }

  @Test("a break lets a thread go on that waits in a receive, and the next receive waits again")
  func broken() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        do { _ = try await LocalThread.receive() } catch is BreakError { stage.log.note("broken") }
        stage.log.note("\(try await LocalThread.receive())")
      }
      try await stage.settle()
      try await thread.sendBreak()
      try await stage.settle()
      try await thread.send("mail")
      try await thread.wait()
      #expect(stage.log.all == ["broken", "mail"])
    }
  }

  @Test("a break that is kept out leaves a thread in its receive")
  func keptOut() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread {
        try await LocalThread.setBreaks(.disabled)
        stage.log.note("\(try await LocalThread.receive())")
        do { try await LocalThread.setBreaks(.enabled) } catch is BreakError { stage.log.note("broken") }
      }
      try await stage.settle()
      try await thread.sendBreak()
      try await stage.settle()
      #expect(stage.log.all == [])
      try await thread.send("mail")
      try await thread.wait()
      #expect(stage.log.all == ["mail", "broken"])
    }
  }

  @Test("a thread that is suspended in a receive takes nothing before its resume")
  func suspended() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { stage.log.note("\(try await LocalThread.receive())") }
      try await stage.settle()
      try await thread.suspend()
      try await thread.send("mail")
      try await stage.settle()
      #expect(stage.log.all == [])
      try await thread.resume()
      try await thread.wait()
      #expect(stage.log.all == ["mail"])
    }
  }

  @Test("what a dead thread did not read is freed, while its handle is held")
  func freed() async throws {
    try await inWorld { stage in
      let thread = try await LocalThread { try await sync(never(Void.self)) }
      let mishap = Weakly()
      try await thread.send(mishap.made())
      #expect(mishap.isThere)
      try await thread.kill()
      #expect(!mishap.isThere)
      #expect(thread.isDead)
    }
  }

  @Test("whoever sends and however a thread receives, nothing is lost, doubled or overtaken", arguments: 0..<UInt64(4))
  func storm(offset: UInt64) async throws {
    let (senders, each) = (4, 500)
    try await inWorld(on: .pair) { _ in
      var chance = SplitMix64(seed: Chance.seed() + offset)
      let ways = (0..<senders * each).map { _ in chance.below(4) }
      let receiver = try await LocalThread {
        var last = Array(repeating: -1, count: senders)
        for way in ways {
          let message = try await Self.receive(way)
          let (sender, number) = try #require(message as? (Int, Int))
          #expect(number == last[sender] + 1)
          last[sender] = number
        }
        #expect(try await LocalThread.tryReceive() == nil)
      }
      for sender in 0..<senders {
        _ = try await LocalThread {
          for number in 0..<each {
            try await receiver.send((sender, number), whenSuspended: (sender + number) % 3 == 0 ? .fail : .queue)
          }
        }
      }
      try await receiver.wait()
    }
  }

  /// Takes the next message in one of four ways.
  private static func receive(_ way: Int) async throws -> any Sendable {
    switch way {
    case 0:
      if let message = try await LocalThread.tryReceive() { return message }
      return try await LocalThread.receive()
    case 1: return try await sync(LocalThread.received, never())
    case 2:
      let message = try await LocalThread.receive()
      try await LocalThread.rewind([message])
      try await sync(LocalThread.mail)
      return try await LocalThread.receive()
    default: return try await LocalThread.receive()
    }
  }
}

/// Makes an object and does not hold it.
private final class Weakly: Sendable {
  private struct Reference: Sendable { weak var object: Mishap? }
  private let reference = Mutex(Reference())

  func made() -> Mishap {
    let object = Mishap()
    reference.withLock { $0.object = object }
    return object
  }

  var isThere: Bool { reference.withLock { $0.object != nil } }
}

extension LocalThread {
  fileprivate var id: ThreadID { identityIfGated?.id ?? ThreadID(rawValue: 0) }
}
