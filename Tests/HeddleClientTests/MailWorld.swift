import HeddleClient
import HeddleModel
import HeddleWire

/// A window and a small model of the supervisor behind it, between which everything is slow by chance.
struct MailWorld {
  /// One mailbox as the supervisor keeps it for one connection.
  struct Mailbox {
    let capacity: Int
    var queue: [UInt64] = []
    /// All that was ever queued, in order.
    var accepted: [UInt64] = []
    /// Waiting mail is refused until a retry.
    var isHeldBack = false
    var owesRoom = false
  }

  enum Answer {
    case ack(Ack)
    case room(ThreadID)
  }

  var random: SplitMix64
  var window: SendWindow
  var mailboxes: [Mailbox]
  private var lastTicket: UInt64 = 0
  private(set) var letters: [Letter] = []
  private(set) var fates: [UInt64: RefusalCode?] = [:]
  /// Tickets whose fate was told more than once.
  private(set) var toldTwice: [UInt64] = []
  private(set) var frameCount = 0

  private var frames: [(Letter, FrameFlags)] = []
  private var answers: [Answer] = []
  private var through: UInt64 = 0
  private var refused: [Ack.Refused] = []
  private var owesAck = false

  init(seed: UInt64, capacities: [Int], windowBytes: Int) {
    random = SplitMix64(seed: seed)
    window = SendWindow(bytesMax: windowBytes)
    mailboxes = capacities.map { Mailbox(capacity: $0) }
  }

  // MARK: The client

  /// - Returns: false if the window has no room.
  mutating func post(to index: Int, waits: Bool, bodyCount: Int) -> Bool {
    lastTicket += 1
    let receiver = ThreadID(rawValue: UInt64(index + 1))
    let body = Self.body(lastTicket, padding: bodyCount)
    guard window.hasRoom(forBodyOf: body.count) else { return false }
    let letter = Letter(ticket: lastTicket, receiver: receiver, body: body, waits: waits)
    letters.append(letter)
    obey(window.take(letter))
    return true
  }

  /// Posts as many of `count` messages as there is room for.
  mutating func postRun(to index: Int, count: Int, bodyCount: Int) {
    let receiver = ThreadID(rawValue: UInt64(index + 1))
    let bodies = (1...UInt64(count)).map { Self.body(lastTicket + $0, padding: bodyCount) }
    var effects: [SendWindow.Effect] = []
    let rest = window.post(bodies[...], to: receiver, effects: &effects)
    letters += bodies[..<rest.startIndex].map { Self.letter($0, to: receiver) }
    lastTicket += UInt64(bodies.count)
    obey(effects)
  }

  mutating func hear() throws {
    guard !answers.isEmpty else { return }
    switch answers.removeFirst() {
    case .ack(let ack): obey(try window.receive(ack))
    case .room(let receiver): obey(window.receiveRoom(for: receiver))
    }
  }

  private mutating func obey(_ effects: [SendWindow.Effect]) {
    for effect in effects {
      switch effect {
      case .write(let letter, let flags):
        frameCount += 1
        frames.append((Self.letter(letter.body, to: letter.receiver), flags))
      case .writeRun(let run):
        frameCount += run.count
        frames += run.bodies.map { (Self.letter($0, to: run.receiver), .wait) }
      case .settle(let letter, let code): note(code, letter.body)
      case .settleRun(let run): for body in run.bodies { note(nil, body) }
      }
    }
  }

  private mutating func note(_ code: RefusalCode?, _ body: [UInt8]) {
    let ticket = Self.ticket(in: body)
    if fates.updateValue(code, forKey: ticket) != nil { toldTwice.append(ticket) }
  }

  /// A body that tells which message it is: what is posted has no ticket.
  private static func body(_ ticket: UInt64, padding: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: ticket >> (8 * $0)) } + [UInt8](repeating: 7, count: padding)
  }

  private static func ticket(in body: [UInt8]) -> UInt64 {
    body.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func letter(_ body: [UInt8], to receiver: ThreadID) -> Letter {
    Letter(ticket: ticket(in: body), receiver: receiver, body: body, waits: true)
  }

  // MARK: The supervisor

  mutating func read() {
    guard !frames.isEmpty else { return }
    let (letter, flags) = frames.removeFirst()
    through += 1
    owesAck = true
    let index = Int(letter.receiver.rawValue) - 1
    if let code = mailboxes[index].receive(letter, flags) { refused.append(.init(number: through, code: code)) }
  }

  mutating func acknowledge() {
    guard owesAck else { return }
    answers.append(.ack(Ack(through: through, refused: refused)))
    (refused, owesAck) = ([], false)
  }

  /// A thread reads one message; its supervisor tells of room when half of the mailbox is free.
  mutating func consume(_ index: Int) {
    guard !mailboxes[index].queue.isEmpty else { return }
    mailboxes[index].queue.removeFirst()
    guard mailboxes[index].owesRoom, mailboxes[index].queue.count * 2 <= mailboxes[index].capacity else { return }
    mailboxes[index].owesRoom = false
    answers.append(.room(ThreadID(rawValue: UInt64(index + 1))))
  }

  // MARK: Both

  /// Something happens, by chance.
  mutating func step() throws {
    switch random.next() % 9 {
    case 0, 1: _ = post(to: pick(), waits: random.next() % 8 != 0, bodyCount: Int(random.next() % 40))
    case 2, 3: read()
    case 4: acknowledge()
    case 5, 6: try hear()
    case 7: postRun(to: pick(), count: Int.random(in: 1...12, using: &random), bodyCount: Int(random.next() % 40))
    default: consume(pick())
    }
  }

  /// Everything comes to its end. Whether it did, in a number of rounds that is far beyond what it takes.
  mutating func drain() throws -> Bool {
    for _ in 0..<100_000 {
      if window.isEmpty { return true }
      read()
      acknowledge()
      try hear()
      for index in mailboxes.indices { consume(index) }
    }
    return false
  }

  private mutating func pick() -> Int { Int(random.next() % UInt64(mailboxes.count)) }

  /// Mail that no mailbox takes, whether full or not.
  static func isPoison(_ letter: Letter) -> Bool { letter.ticket.isMultiple(of: 23) }
}

extension MailWorld.Mailbox {
  mutating func receive(_ letter: Letter, _ flags: FrameFlags) -> RefusalCode? {
    if flags.contains(.retry) { isHeldBack = false }
    if isHeldBack, flags.contains(.wait) { return .mailboxFull }
    if MailWorld.isPoison(letter) { return .notALine }
    guard queue.count < capacity else {
      if flags.contains(.wait) { (isHeldBack, owesRoom) = (true, true) }
      return .mailboxFull
    }
    queue.append(letter.ticket)
    accepted.append(letter.ticket)
    return nil
  }
}

/// Numbers that look random and depend on the seed alone (Steele, Lea and Flood, 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
