internal import DequeModule
package import HeddleModel
package import HeddleWire

/// One message on its way, from the moment it is handed over to the moment its fate is known.
package struct Letter: Equatable, Sendable {
  /// The sender's own name for it, which is used once; 0 for a posted one, which nobody takes back.
  package let ticket: UInt64
  package let receiver: ThreadID
  package let body: [UInt8]
  /// Whether it waits for room in a full mailbox, rather than being refused.
  package let waits: Bool
  /// Whether it is refused when the receiver is suspended, rather than queued.
  package let requiresRunning: Bool

  package init(ticket: UInt64, receiver: ThreadID, body: [UInt8], waits: Bool, requiresRunning: Bool = false) {
    self.ticket = ticket
    self.receiver = receiver
    self.body = body
    self.waits = waits
    self.requiresRunning = requiresRunning
  }

  /// A message that was posted.
  package init(posted body: [UInt8], to receiver: ThreadID) {
    self.init(ticket: 0, receiver: receiver, body: body, waits: true)
  }

  /// What its frame asks for, but for a retry.
  var flags: FrameFlags {
    // Sets of options are slow across modules, and this is asked for each message.
    FrameFlags(
      rawValue: (waits ? FrameFlags.wait.rawValue : 0) | (requiresRunning ? FrameFlags.running.rawValue : 0)
    )
  }

  /// What it takes of a window: its frame, in bytes.
  var cost: Int { FrameHeader.count + body.count }
}

/// The mail of one connection whose fate is not known yet. It is kept here, so that what a full mailbox has refused can
/// be sent again; the supervisor keeps nothing that waits.
///
/// To one receiver, mail is delivered in the order in which it was handed over. Mail to others does not wait for it.
///
/// A pure value: one method an input, and what to do goes to the end of `effects`, in order.
package struct SendWindow: Sendable {
  package enum Effect: Equatable, Sendable {
    /// Write the letter as the connection's next MAIL frame.
    case write(Letter, FrameFlags)
    /// Write the messages as the connection's next MAIL frames, with the flags `wait` and `later`.
    case writeRun(PostedRun)
    /// The letter is queued at its owner, or was refused for this reason, or taken back (`cancelled`); it is forgotten
    /// here.
    case settle(Letter, RefusalCode?)
    /// The messages, which were a run or the first of one, are queued at their owner, and are forgotten here.
    case settleRun(PostedRun)
  }

  /// What flies with one number, or with several in a row.
  private enum Flight {
    case letter(Letter)
    case run(PostedRun)
  }

  /// What the window takes, in bytes, before those who post have to wait.
  package let bytesMax: Int
  /// What it holds, in bytes, frame headers included.
  package private(set) var bytes = 0
  /// The number of the last MAIL frame whose fate is known. Numbers count from 1.
  private var settledThrough: UInt64 = 0
  /// The number of the last MAIL frame.
  private var writtenThrough: UInt64 = 0
  /// The number of the last one whose ack is owed only when it is asked for, or with that of later mail.
  private var leisurelyThrough: UInt64 = 0
  /// The number of the last one for whose ack was asked.
  private var askedThrough: UInt64 = 0
  /// Written and neither acknowledged nor refused, by ascending number, the first one's being `settledThrough` + 1.
  private var flying: Deque<Flight> = []
  /// Those to which something is on its way, but for the one in hand.
  private var lanes: [ThreadID: Lane] = [:]
  /// The lane that was used last: mail to one receiver comes in rows, and need not be looked up each time.
  private var lane = Lane()
  private var receiver: ThreadID?

  /// What a connection's window takes unless it is to be another.
  package static let bytesUsual = 1 << 20

  package init(bytesMax: Int = bytesUsual) {
    self.bytesMax = bytesMax
  }

  /// Whether the fate of all that was handed over is known.
  package var isEmpty: Bool { bytes == 0 }

  /// Whether the ack of some of it comes only if it is asked for.
  package var canAsk: Bool { leisurelyThrough > max(settledThrough, askedThrough) }

  /// Whether what flies may be so little that no ack of it comes by itself: by number, since `bytes` counts what is held back,
  /// too.
  package var mayStandStill: Bool { writtenThrough - settledThrough <= Ack.later.messages }

  /// The ack of all that was written is asked for.
  package mutating func ask() { askedThrough = writtenThrough }

  /// Whether a message of `count` bytes fits. One that is larger than the window fits alone.
  package func hasRoom(forBodyOf count: Int) -> Bool {
    isEmpty || bytes + FrameHeader.count + count <= bytesMax
  }

  /// Whether the fate of something for `receiver` is not known yet.
  package func holds(_ receiver: ThreadID) -> Bool {
    receiver == self.receiver ? lane.holdsLetters : lanes[receiver]?.holdsLetters ?? false
  }

  /// The sender hands `letter` over. Taken whether it fits or not: the window's bound is kept by asking `hasRoom` first.
  package mutating func take(_ letter: Letter, effects: inout [Effect]) {
    bytes += letter.cost
    advance(letter.receiver, effects: &effects) { $0.take(letter, effects: &$1) }
  }

  /// The sender posts messages, which wait for room in a full mailbox. Those are taken that fit, from the first on.
  ///
  /// - Returns: the others.
  package mutating func post(
    _ bodies: ArraySlice<[UInt8]>,
    to receiver: ThreadID,
    effects: inout [Effect]
  ) -> ArraySlice<[UInt8]> {
    guard let first = bodies.first, hasRoom(forBodyOf: first.count) else { return bodies }
    let costMax = max(bytesMax - bytes, FrameHeader.count + first.count)
    let run = PostedRun(bodies, to: receiver, costMax: costMax)
    bytes += run.cost
    advance(receiver, effects: &effects) { $0.take(run, effects: &$1) }
    return bodies[run.bodies.endIndex...]
  }

  /// The supervisor has said what became of mail.
  ///
  /// - Throws: why the ack can't be about what was written.
  package mutating func receive(_ ack: Ack, effects: inout [Effect]) throws(SendWindowError) {
    let possible = settledThrough...writtenThrough
    guard possible ~= ack.through else { throw .through(ack.through, possible) }
    if let first = ack.refused.first, first.number <= settledThrough { throw .refusedBefore(number: first.number) }

    var refused = ack.refused[...]
    while settledThrough < ack.through, let flight = flying.popFirst() {
      switch flight {
      case .letter(let letter): land(letter, &refused, effects: &effects)
      case .run(let run): land(run, through: ack.through, &refused, effects: &effects)
      }
    }
  }

  /// The oldest message that flies has come to its end: it is refused if it is the first of `refused`, or else queued.
  private mutating func land(_ letter: Letter, _ refused: inout ArraySlice<Ack.Refused>, effects: inout [Effect]) {
    settledThrough += 1
    let isRefused = refused.first?.number == settledThrough
    let code = isRefused ? refused.removeFirst().code : nil
    advance(letter.receiver, effects: &effects) { $0.land(letter, code, effects: &$1) }
  }

  /// The same for the messages of `run` up to the number `through`; those behind it go on flying.
  private mutating func land(
    _ run: PostedRun,
    through: UInt64,
    _ refused: inout ArraySlice<Ack.Refused>,
    effects: inout [Effect]
  ) {
    var run = run
    while settledThrough < through, !run.isEmpty {
      // Up to the next refusal all are queued, and mostly that is all of the run.
      let queuedThrough = refused.first.map { $0.number - 1 } ?? through
      let queued = run.removeFirst(min(Int(queuedThrough - settledThrough), run.count))
      if !queued.isEmpty {
        settledThrough += UInt64(queued.count)
        advance(run.receiver, effects: &effects) { $0.land(queued, effects: &$1) }
      } else if let letter = run.popLetter() {
        land(letter, &refused, effects: &effects)
      }
    }
    if !run.isEmpty { flying.prepend(.run(run)) }
  }

  /// The supervisor has said that there is room in a mailbox that was full.
  package mutating func receiveRoom(for receiver: ThreadID, effects: inout [Effect]) {
    advance(receiver, effects: &effects) { $0.noteRoom(effects: &$1) }
  }

  /// The sender wants a letter back. It is settled as `cancelled` unless it is queued at its owner, or refused otherwise:
  /// which of these, is known at once if it was waiting here, else with its ack. No effect on one that is settled.
  package mutating func withdraw(_ ticket: UInt64, to receiver: ThreadID, effects: inout [Effect]) {
    turn(to: receiver)
    guard !lane.isIdle else { return }
    advance(receiver, effects: &effects) { $0.withdraw(ticket, effects: &$1) }
  }

  /// Lets `input` happen to the lane of `receiver`, and does here what it leads to.
  private mutating func advance(
    _ receiver: ThreadID,
    effects: inout [Effect],
    _ input: (inout Lane, inout [Effect]) -> Void
  ) {
    turn(to: receiver)
    let before = effects.count
    input(&lane, &effects)
    if lane.isIdle { lane = Lane() }
    for index in before..<effects.count {
      switch effects[index] {
      case .write(let letter, _): fly(.letter(letter), 1)
      case .writeRun(let run):
        fly(.run(run), run.count)
        leisurelyThrough = writtenThrough
      case .settle(let letter, _): bytes -= letter.cost
      case .settleRun(let run): bytes -= run.cost
      }
    }
  }

  private mutating func fly(_ flight: Flight, _ count: Int) {
    flying.append(flight)
    writtenThrough += UInt64(count)
  }

  /// Takes the lane of `receiver` in hand.
  private mutating func turn(to receiver: ThreadID) {
    guard receiver != self.receiver else { return }
    if let last = self.receiver, !lane.isIdle { lanes[last] = lane }
    lane = lanes.removeValue(forKey: receiver) ?? Lane()
    self.receiver = receiver
  }
}

/// Why an ack makes no sense.
package enum SendWindowError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `through` is not among the numbers that it could be.
  case through(UInt64, ClosedRange<UInt64>)
  /// The fate of this message was told before.
  case refusedBefore(number: UInt64)

  package var description: String {
    switch self {
    case .through(let through, let possible):
      "an ack goes through message \(through), which is not between \(possible.lowerBound) and \(possible.upperBound)"
    case .refusedBefore(let number): "an ack refuses message \(number), which was acknowledged before"
    }
  }
}
