import HeddleWire
import Testing

@Suite("Acks")
struct AckTests {
  @Test("an ack is big-endian: through, then number and code of each refused one")
  func layout() {
    let ack = Ack(through: 258, refused: [.init(number: 2, code: .mailboxFull)])
    #expect(ack.encoded() == [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 48])
  }

  @Test("a body of another size is no ack", arguments: [0, 7, 9, 17, 19])
  func size(count: Int) {
    #expect(throws: AckError.count(count)) { try Ack(decoding: [UInt8](repeating: 0, count: count)) }
  }

  @Test("refused numbers ascend from 1 to through", arguments: [[0], [2, 2], [2, 1], [4]])
  func order(numbers: [UInt64]) {
    let ack = Ack(through: 3, refused: numbers.map { .init(number: $0, code: .dead) })
    #expect(throws: AckError.order(number: numbers[numbers.count - 1])) { try Ack(decoding: ack.encoded()) }
  }

  @Test("a code of a later version is still a refusal")
  func laterCode() throws {
    let ack = Ack(through: 1, refused: [.init(number: 1, code: .dead)])
    let later = ack.encoded().dropLast(2) + [0xAB, 0xCD]
    #expect(try Ack(decoding: Array(later)).refused == [.init(number: 1, code: .unspecified)])
  }

  @Test("an ack that is too long for a frame goes as several, which say the same")
  func split() throws {
    let refused = (1...1_000).map { Ack.Refused(number: UInt64($0) * 2, code: .mailboxFull) }
    var writer = FrameWriter(bodyMax: BodyLimit.handshake)
    try writer.ack(Ack(through: 5_000, refused: refused))

    let acks = try frames(in: writer.take()).map { try Ack(decoding: $0.body) }
    #expect(acks.count == 3)
    #expect(acks.flatMap(\.refused) == refused)
    #expect(acks.last?.through == 5_000)
    for (earlier, later) in zip(acks, acks.dropFirst()) {
      #expect(earlier.through == earlier.refused.last?.number)
      #expect(later.refused.allSatisfy { $0.number > earlier.through })
    }
  }
}
