import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@Suite("The send window")
struct SendWindowTests {
  private static let receiver = ThreadID(rawValue: 1)

  private func letter(_ ticket: UInt64, waits: Bool = true, to receiver: ThreadID = receiver) -> Letter {
    Letter(ticket: ticket, receiver: receiver, body: [UInt8(ticket)], waits: waits)
  }

  private func full(_ numbers: ClosedRange<UInt64>) -> [Ack.Refused] {
    numbers.map { Ack.Refused(number: $0, code: .mailboxFull) }
  }

  @Test("mail is written at once, and settled by the ack that covers it")
  func plain() throws {
    var window = SendWindow()
    #expect(window.take(letter(1)) == [.write(letter(1), .wait)])
    #expect(window.take(letter(2, waits: false)) == [])
    #expect(try window.receive(Ack(through: 1)) == [.settle(letter(1), nil), .write(letter(2, waits: false), [])])
    #expect(try window.receive(Ack(through: 2)) == [.settle(letter(2, waits: false), nil)])
    #expect(window.isEmpty)
  }

  @Test("what a full mailbox refused is sent again when there is room, in order, the first of it marked")
  func retry() throws {
    var window = SendWindow()
    for ticket in 1...3 as ClosedRange<UInt64> { _ = window.take(letter(ticket)) }
    #expect(try window.receive(Ack(through: 3, refused: full(2...3))) == [.settle(letter(1), nil)])
    #expect(window.take(letter(4)) == [])
    #expect(
      window.receiveRoom(for: Self.receiver)
        == [.write(letter(2), [.wait, .retry]), .write(letter(3), .wait), .write(letter(4), .wait)]
    )
    #expect(try window.receive(Ack(through: 6)) == [2, 3, 4].map { .settle(letter($0), nil) })
  }

  @Test("room is not used before all that was refused has come back")
  func waitsForStragglers() throws {
    var window = SendWindow()
    for ticket in 1...2 as ClosedRange<UInt64> { _ = window.take(letter(ticket)) }
    #expect(try window.receive(Ack(through: 1, refused: full(1...1))) == [])
    #expect(window.receiveRoom(for: Self.receiver) == [])
    #expect(
      try window.receive(Ack(through: 2, refused: full(2...2)))
        == [.write(letter(1), [.wait, .retry]), .write(letter(2), .wait)]
    )
  }

  @Test("room that overtakes the refusal counts")
  func earlyRoom() throws {
    var window = SendWindow()
    _ = window.take(letter(1))
    #expect(window.receiveRoom(for: Self.receiver) == [])
    #expect(try window.receive(Ack(through: 1, refused: full(1...1))) == [.write(letter(1), [.wait, .retry])])
  }

  @Test("mail that does not wait is refused behind mail that waits for room, and alone by the supervisor's word")
  func impatient() throws {
    var window = SendWindow()
    let hasty = letter(2, waits: false)
    _ = window.take(letter(1))
    _ = try window.receive(Ack(through: 1, refused: full(1...1)))
    #expect(window.take(hasty) == [.settle(hasty, .mailboxFull)])

    var other = SendWindow()
    #expect(other.take(hasty) == [.write(hasty, [])])
    #expect(try other.receive(Ack(through: 1, refused: full(1...1))) == [.settle(hasty, .mailboxFull)])
    #expect(other.isEmpty)
  }

  @Test("a refusal for another reason is the message's own, and holds up nothing")
  func otherRefusals() throws {
    var window = SendWindow()
    for ticket in 1...2 as ClosedRange<UInt64> { _ = window.take(letter(ticket)) }
    let ack = Ack(through: 2, refused: [.init(number: 1, code: .notALine)])
    #expect(try window.receive(ack) == [.settle(letter(1), .notALine), .settle(letter(2), nil)])
    #expect(window.take(letter(3)) == [.write(letter(3), .wait)])
  }

  @Test("one receiver's full mailbox does not hold up another's mail")
  func receivers() throws {
    var window = SendWindow()
    _ = window.take(letter(1))
    _ = try window.receive(Ack(through: 1, refused: full(1...1)))
    let other = letter(2, to: ThreadID(rawValue: 2))
    #expect(window.take(other) == [.write(other, .wait)])
  }

  @Test("it holds so many bytes, frame headers included, or one message of any size")
  func bound() throws {
    var window = SendWindow(bytesMax: 40)
    #expect(window.hasRoom(forBodyOf: 1_000_000))
    _ = window.take(letter(1))
    #expect(window.bytes == 17)
    #expect(window.hasRoom(forBodyOf: 7))
    #expect(!window.hasRoom(forBodyOf: 8))
    _ = try window.receive(Ack(through: 1))
    #expect(window.bytes == 0)
  }

  @Test("an ack for what was never written is an error, and so is one that goes back")
  func senselessAcks() throws {
    var window = SendWindow()
    for ticket in 1...2 as ClosedRange<UInt64> { _ = window.take(letter(ticket)) }
    #expect(throws: SendWindowError.through(3, 0...2)) { try window.receive(Ack(through: 3)) }
    _ = try window.receive(Ack(through: 1))
    #expect(throws: SendWindowError.through(0, 1...2)) { try window.receive(Ack(through: 0)) }
    #expect(throws: SendWindowError.refusedBefore(number: 1)) {
      try window.receive(Ack(through: 2, refused: full(1...1)))
    }
  }

  @Test("whatever the delays: no loss, no duplicate, order kept, and every fate told once", arguments: 0..<400)
  func chance(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    let capacities = (0..<Int.random(in: 1...3, using: &random)).map { _ in Int.random(in: 1...40, using: &random) }
    let windowBytes = Int.random(in: 100...4_000, using: &random)
    var world = MailWorld(seed: random.next(), capacities: capacities, windowBytes: windowBytes)
    for _ in 0..<3_000 {
      try world.step()
      #expect(world.window.bytes <= windowBytes)
    }
    try #require(try world.drain(), "mail is stuck")

    #expect(world.toldTwice == [])
    #expect(world.fates.count == world.letters.count)
    for (index, mailbox) in world.mailboxes.enumerated() {
      let mine = world.letters.filter { $0.receiver == ThreadID(rawValue: UInt64(index + 1)) }
      #expect(mailbox.accepted == mine.filter { world.fates[$0.ticket] == .some(nil) }.map(\.ticket))
      for letter in mine where letter.waits {
        #expect(world.fates[letter.ticket] == .some(MailWorld.isPoison(letter) ? .notALine : nil))
      }
    }
  }

  @Test("a slow receiver's mail is sent about twice, however much of it waits")
  func resending() throws {
    var world = MailWorld(seed: 1, capacities: [256], windowBytes: 1 << 20)
    var posted = 0
    while posted < 20_000 {
      while posted < 20_000, world.post(to: 0, waits: true, bodyCount: 0) { posted += 1 }
      for _ in 0..<64 { world.read() }
      world.acknowledge()
      for _ in 0..<4 { try world.hear() }
      world.consume(0)
    }
    try #require(try world.drain())
    #expect(world.mailboxes[0].accepted == world.letters.filter { !MailWorld.isPoison($0) }.map(\.ticket))
    // The first time nothing is known of the mailbox, and all that waits is tried.
    let tried = world.frameCount - posted
    #expect(tried < 2 * posted + 1, "\(tried)")
  }
}
