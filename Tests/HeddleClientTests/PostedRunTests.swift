import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("Runs of posted mail")
struct PostedRunTests {
  private static let receiver = ThreadID(rawValue: 1)

  private func bodies(_ numbers: ClosedRange<UInt8>) -> [[UInt8]] { numbers.map { [$0] } }

  private func run(_ numbers: ClosedRange<UInt8>) -> PostedRun { PostedRun(bodies(numbers)[...], to: Self.receiver) }

  private func letter(_ number: UInt8) -> Letter { Letter(posted: [number], to: Self.receiver) }

  private func refused(_ numbers: ClosedRange<UInt64>, _ code: RefusalCode = .mailboxFull) -> [Ack.Refused] {
    numbers.map { Ack.Refused(number: $0, code: code) }
  }

  /// A window in which `count` messages were posted together, and fly.
  private func flying(_ count: UInt8) -> SendWindow {
    var window = SendWindow()
    _ = window.post(bodies(1...count), to: Self.receiver)
    return window
  }

  @Test("what is posted together is written together, and each ack shortens it")
  func partialAcks() throws {
    var window = SendWindow()
    #expect(window.post(bodies(1...5), to: Self.receiver) == [.writeRun(run(1...5))])
    #expect(window.bytes == 5 * 17)
    #expect(try window.receive(Ack(through: 2)) == [.settleRun(run(1...2))])
    #expect(window.bytes == 3 * 17)
    #expect(try window.receive(Ack(through: 2)) == [])
    #expect(throws: SendWindowError.through(6, 2...5)) { try window.receive(Ack(through: 6)) }
    #expect(try window.receive(Ack(through: 5)) == [.settleRun(run(3...5))])
    #expect(window.isEmpty)
    #expect(!window.holds(Self.receiver))
  }

  @Test("one ack settles several runs, to several receivers")
  func severalRuns() throws {
    var window = flying(2)
    let other = PostedRun([[9], [8]], to: ThreadID(rawValue: 2))
    #expect(window.post(Array(other.bodies), to: other.receiver) == [.writeRun(other)])
    #expect(window.post(bodies(3...4), to: Self.receiver) == [.writeRun(run(3...4))])
    #expect(
      try window.receive(Ack(through: 5))
        == [.settleRun(run(1...2)), .settleRun(other), .settleRun(run(3...3))]
    )
    #expect(try window.receive(Ack(through: 6)) == [.settleRun(run(4...4))])
  }

  @Test("from a run, what a full mailbox refused is sent again when there is room, the first of it marked")
  func room() throws {
    var window = flying(4)
    #expect(try window.receive(Ack(through: 3, refused: refused(3...3))) == [.settleRun(run(1...2))])
    #expect(window.post(bodies(5...5), to: Self.receiver) == [])
    #expect(window.receiveRoom(for: Self.receiver) == [])
    #expect(
      try window.receive(Ack(through: 4, refused: refused(4...4)))
        == [.write(letter(3), [.wait, .retry]), .write(letter(4), .wait), .write(letter(5), .wait)]
    )
    #expect(window.bytes == 3 * 17)
    #expect(try window.receive(Ack(through: 7)) == [3, 4, 5].map { .settle(letter($0), nil) })
    #expect(window.isEmpty)
    #expect(window.post(bodies(6...7), to: Self.receiver) == [.writeRun(run(6...7))])
  }

  @Test("a refusal for another reason, in the middle of a run, is that message's alone")
  func middle() throws {
    var window = flying(5)
    #expect(
      try window.receive(Ack(through: 4, refused: refused(3...3, .notALine)))
        == [.settleRun(run(1...2)), .settle(letter(3), .notALine), .settleRun(run(4...4))]
    )
    #expect(try window.receive(Ack(through: 5)) == [.settleRun(run(5...5))])
    #expect(window.isEmpty)
  }

  @Test("a send that waits for room goes behind a run at once; one that does not, when the run has landed")
  func sends() throws {
    var window = flying(2)
    let patient = Letter(ticket: 1, receiver: Self.receiver, body: [3], waits: true)
    #expect(window.take(patient) == [.write(patient, .wait)])
    let hasty = Letter(ticket: 2, receiver: Self.receiver, body: [4], waits: false)
    #expect(window.take(hasty) == [])
    // It does not overtake the send.
    #expect(window.post(bodies(5...5), to: Self.receiver) == [])
    #expect(try window.receive(Ack(through: 2)) == [.settleRun(run(1...2))])
    #expect(
      try window.receive(Ack(through: 3))
        == [.settle(patient, nil), .write(hasty, []), .write(letter(5), .wait)]
    )
  }

  @Test("a send behind a run that was refused is taken back, and the run is not")
  func withdrawal() throws {
    var window = flying(2)
    let patient = Letter(ticket: 1, receiver: Self.receiver, body: [3], waits: true)
    _ = window.take(patient)
    #expect(window.withdraw(1, to: Self.receiver) == [])
    #expect(try window.receive(Ack(through: 3, refused: refused(1...3))) == [.settle(patient, .cancelled)])
    #expect(
      window.receiveRoom(for: Self.receiver) == [.write(letter(1), [.wait, .retry]), .write(letter(2), .wait)]
    )
  }

  @Test("after a full mailbox no more is written than is likely to be taken, and the rest follows as letters")
  func cautious() throws {
    var window = flying(1)
    _ = try window.receive(Ack(through: 1, refused: refused(1...1)))
    _ = window.receiveRoom(for: Self.receiver)
    // The retry flies, and the mailbox may have room for eight.
    #expect(
      window.post(bodies(2...10), to: Self.receiver) == [.writeRun(run(2...8))]
    )
    #expect(
      try window.receive(Ack(through: 2))
        == [.settle(letter(1), nil), .write(letter(9), .wait)]
    )
  }

  @Test("those are taken that fit, or one message of any size")
  func bound() {
    var window = SendWindow(bytesMax: 40)
    #expect(window.post(bodies(1...3), to: Self.receiver) == [.writeRun(run(1...2))])
    #expect(window.post(bodies(3...3), to: Self.receiver) == [])
    var other = SendWindow(bytesMax: 40)
    let large = [[UInt8](repeating: 0, count: 100), [1]]
    #expect(other.post(large, to: Self.receiver) == [.writeRun(PostedRun(large[..<1], to: Self.receiver))])
  }
}
