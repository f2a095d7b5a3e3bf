import Foundation
import HeddleModel
import Testing

@Suite("A mailbox")
struct MailboxTests {
  private func mailbox(messagesMax: Int? = nil, bytesMax: Int? = nil) -> Mailbox<String> {
    Mailbox(bounds: MailboxBounds(messagesMax: messagesMax, bytesMax: bytesMax))
  }

  private func drain(_ mailbox: inout Mailbox<String>) -> [String] {
    var received: [String] = []
    while let message = mailbox.receive() { received.append(message) }
    return received
  }

  @Test("gives the messages in the order sent")
  func order() throws {
    var mailbox = mailbox()
    for message in ["a", "b", "c"] { try mailbox.send(message, size: 1) }
    #expect(mailbox.first == "a")
    #expect(drain(&mailbox) == ["a", "b", "c"])
    #expect(mailbox.isEmpty)
  }

  @Test("full of messages, it refuses one more and names its bounds")
  func fullOfMessages() throws {
    var mailbox = mailbox(messagesMax: 2)
    try mailbox.send("a", size: 0)
    try mailbox.send("b", size: 0)
    #expect(throws: MailRefusal.full(mailbox.bounds)) { try mailbox.send("c", size: 0) }
    #expect(drain(&mailbox) == ["a", "b"])
  }

  @Test("full of bytes, it refuses what does not fit and takes what does")
  func fullOfBytes() throws {
    var mailbox = mailbox(bytesMax: 10)
    try mailbox.send("a", size: 7)
    #expect(throws: MailRefusal.full(mailbox.bounds)) { try mailbox.send("b", size: 4) }
    try mailbox.send("c", size: 3)
    #expect(mailbox.bytes == 10)
    #expect(drain(&mailbox) == ["a", "c"])
    #expect(mailbox.bytes == 0)
  }

  @Test("a message larger than the byte bound is too large, whatever is queued")
  func tooLarge() throws {
    var mailbox = mailbox(messagesMax: 1, bytesMax: 10)
    #expect(throws: MailRefusal.tooLarge(bytes: 11, most: 10)) { try mailbox.send("a", size: 11) }
    try mailbox.send("b", size: 10)
    #expect(throws: MailRefusal.tooLarge(bytes: 11, most: 10)) { try mailbox.send("c", size: 11) }
  }

  @Test("without bounds, it refuses nothing")
  func unbounded() throws {
    var mailbox = Mailbox<Int>()
    for message in 0..<10_000 { try mailbox.send(message, size: 1 << 30) }
    #expect(mailbox.count == 10_000)
  }

  @Test("room is there again when a message was received")
  func room() throws {
    var mailbox = mailbox(messagesMax: 1)
    try mailbox.send("a", size: 1)
    #expect(mailbox.receive() == "a")
    try mailbox.send("b", size: 1)
    #expect(drain(&mailbox) == ["b"])
  }

  @Test("half free means half of both bounds", arguments: [(2, 5, true), (3, 1, false), (1, 6, false), (0, 0, true)])
  func halfFree(count: Int, bytes: Int, isHalfFree: Bool) throws {
    var mailbox = mailbox(messagesMax: 4, bytesMax: 10)
    for index in 0..<count { try mailbox.send("m", size: index == 0 ? bytes : 0) }
    #expect(mailbox.isHalfFree == isHalfFree)
  }

  @Test("what stands for several messages counts as so many, all or none, and can be taken in parts")
  func several() throws {
    var mailbox = mailbox(messagesMax: 4, bytesMax: 10)
    try mailbox.send("abc", size: 3, count: 3)
    #expect((mailbox.count, mailbox.room.messages, mailbox.room.bytes) == (3, 1, 7))
    #expect(throws: MailRefusal.full(mailbox.bounds)) { try mailbox.send("de", size: 2, count: 2) }
    mailbox.leave("c", size: 1, count: 1)
    #expect((mailbox.count, mailbox.bytes) == (1, 1))
    try mailbox.send("de", size: 2, count: 2)
    #expect(drain(&mailbox) == ["c", "de"])
    #expect((mailbox.count, mailbox.bytes) == (0, 0))
    mailbox.end()
    #expect(mailbox.room == (0, 0))
  }

  @Test("rewound messages come last first, before all others, with the sizes they had")
  func rewound() throws {
    var mailbox = mailbox()
    try mailbox.send("c", size: 1)
    mailbox.rewind([(message: "a", size: 3), (message: "b", size: 5)])
    #expect(mailbox.bytes == 9)
    #expect(drain(&mailbox) == ["b", "a", "c"])
    #expect(mailbox.bytes == 0)
  }

  @Test("rewinding may go beyond the bounds, and nothing is sent until there is room again")
  func rewoundBeyond() throws {
    var mailbox = mailbox(messagesMax: 2, bytesMax: 2)
    try mailbox.send("c", size: 1)
    try mailbox.send("d", size: 1)
    mailbox.rewind([(message: "b", size: 1), (message: "a", size: 1)])
    for received in ["a", "b"] {
      #expect(throws: MailRefusal.full(mailbox.bounds)) { try mailbox.send("e", size: 1) }
      #expect(mailbox.receive() == received)
    }
    #expect(throws: MailRefusal.full(mailbox.bounds)) { try mailbox.send("e", size: 1) }
    #expect(mailbox.receive() == "c")
    try mailbox.send("e", size: 1)
    #expect(drain(&mailbox) == ["d", "e"])
  }

  @Test("after the end of mail it refuses what is sent, keeps what is queued, and takes back what is rewound")
  func ended() throws {
    var mailbox = mailbox()
    try mailbox.send("a", size: 1)
    mailbox.end()
    #expect(mailbox.isEnded)
    #expect(throws: MailRefusal.ended) { try mailbox.send("b", size: 1) }
    mailbox.rewind([(message: "z", size: 1)])
    #expect(drain(&mailbox) == ["z", "a"])
  }

  @Test("of 100,000 messages each costs about what it costs of 1,000")
  func linear() {
    let ratio = growth { count in
      var mailbox = Mailbox<Int>()
      for message in 0..<count { try? mailbox.send(message, size: 1) }
      while mailbox.receive() != nil {}
    }
    #expect(ratio < 10)
  }

  @Test("written and read again, it is the same")
  func coded() throws {
    var mailbox = mailbox(messagesMax: 5, bytesMax: 50)
    try mailbox.send("a", size: 9)
    mailbox.rewind([(message: "b", size: 2)])
    mailbox.end()
    let copy = try JSONDecoder().decode(Mailbox<String>.self, from: JSONEncoder().encode(mailbox))
    #expect(copy == mailbox)
  }
}
