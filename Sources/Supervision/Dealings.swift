internal import HeddleModel
internal import HeddleWire

/// What one client of this node has to do with one start of another: what it has asked for and is owed.
struct Dealings: Equatable, Sendable {
  /// Something that the client has asked for, under its own number, and that is not over.
  enum Matter: Equatable, Sendable {
    /// A request that is not asked again when the link was lost, since it may have been carried out; what it attempts.
    case once(String)
    /// A wait for a thread's death: the other node is asked which thread the reference means, so that it is waited for
    /// this one and no other with the same name, whatever becomes of the link.
    case finding(ThreadReference)
    /// A request that waits and changes nothing, in a frame's body; and the thread whose death it waits for, if it is one.
    case wait([UInt8], ThreadID?)
    /// A watch, the same, and what is watched for.
    case watch(StateEvent, [UInt8])
    /// A stream of bytes.
    case stream
    /// The other node's part of a barrier.
    case barrier
  }

  /// Whether the other node knows of the client by the link that is open now.
  var isOpen = false
  var matters: [UInt64: Matter] = [:]
  var mail = ForwardedMail()
}

extension Dealings.Matter {
  /// The thread of another node whose change it waits for, if it is one's.
  var thread: ThreadID? {
    switch self {
    case .wait(_, let thread): thread
    case .watch(let event, _): event.thread
    case .once, .finding, .stream, .barrier: nil
    }
  }

  /// Whether it waits for the link rather than that it ends with it.
  var outlastsLink: Bool {
    switch self {
    case .finding, .wait, .watch: true
    case .once, .stream, .barrier: false
    }
  }
}

/// One client's mail to one other node: the numbers that it has for the client, and those that it has on the link.
///
/// The client counts all that it sends to the node. What this node refuses by itself never goes over the link, where the
/// rest is counted from 1 each time that the link is new.
struct ForwardedMail: Equatable, Sendable {
  /// Why an ack of the other node makes no sense.
  struct Fault: Error, Equatable {}

  /// Messages in a row of which the same is true. By ascending number, the first one's being `through` + 1.
  private enum Stretch: Equatable, Sendable {
    /// They went over the link, and what became of them is to be told.
    case sent(Int)
    case refused(Int, RefusalCode)
  }

  private var stretches: [Stretch] = []
  /// Up to this number, as the client counts, it has been told what became of its mail.
  private var through: UInt64 = 0
  /// The same as the link counts.
  private var linkThrough: UInt64 = 0
  /// So many are on their way.
  private(set) var sentCount = 0
  /// The receivers of mail that may wait: whoever sent it may be waiting for room there.
  private var waitedFor: Set<ThreadID> = []
  /// The receivers to which mail that may wait is refused until a frame says that it begins anew.
  var heldBack: Set<ThreadID> = []

  mutating func noteSent(_ count: Int) {
    sentCount += count
    if case .sent(let before)? = stretches.last {
      stretches[stretches.count - 1] = .sent(before + count)
    } else {
      stretches.append(.sent(count))
    }
  }

  mutating func noteRefused(_ count: Int, _ code: RefusalCode) {
    if case .refused(let before, code)? = stretches.last {
      stretches[stretches.count - 1] = .refused(before + count, code)
    } else {
      stretches.append(.refused(count, code))
    }
  }

  /// The other node has said what became of mail.
  ///
  /// - Returns: the same in the client's numbers, with what this node has refused in between.
  mutating func receive(_ ack: Ack) throws(Fault) -> Ack? {
    guard ack.through >= linkThrough, ack.through - linkThrough <= UInt64(sentCount) else { throw Fault() }
    guard ack.refused.first.map({ $0.number > linkThrough }) ?? true else { throw Fault() }
    var (told, refused) = ([Ack.Refused](), ack.refused[...])
    while true {
      let isDone = linkThrough == ack.through
      switch stretches.first {
      case .refused(let count, let code)?:
        stretches.removeFirst()
        refuse(count, code, &told)
      case .sent(let count)? where !isDone:
        let landed = min(count, Int(ack.through - linkThrough))
        if landed == count { stretches.removeFirst() } else { stretches[0] = .sent(count - landed) }
        while let first = refused.first, first.number <= linkThrough + UInt64(landed) {
          told.append(Ack.Refused(number: through + (first.number - linkThrough), code: first.code))
          refused.removeFirst()
        }
        land(landed)
      case .sent?, nil: return Ack(through: through, refused: told)
      }
    }
  }

  /// What the client can be told of what this node has refused; nil when something before that is still on its way.
  mutating func takeRefused() -> Ack? {
    var told: [Ack.Refused] = []
    while case .refused(let count, let code)? = stretches.first {
      stretches.removeFirst()
      refuse(count, code, &told)
    }
    return told.isEmpty ? nil : Ack(through: through, refused: told)
  }

  /// Mail that may wait was sent.
  mutating func noteWaiting(for receiver: ThreadID) { waitedFor.insert(receiver) }

  /// The receivers that the client is to try again, since nobody else will tell it of room; in their order.
  mutating func takeWaitedFor() -> [ThreadID] {
    defer { waitedFor = [] }
    return waitedFor.sorted()
  }

  /// The link is lost, and nobody knows what became of what was on its way. A new one counts anew.
  mutating func loseLink() -> Ack? {
    stretches = stretches.map { stretch in
      if case .sent(let count) = stretch { .refused(count, .indeterminate) } else { stretch }
    }
    (sentCount, linkThrough, heldBack) = (0, 0, [])
    return takeRefused()
  }

  private mutating func refuse(_ count: Int, _ code: RefusalCode, _ told: inout [Ack.Refused]) {
    for _ in 0..<count {
      through += 1
      told.append(Ack.Refused(number: through, code: code))
    }
  }

  private mutating func land(_ count: Int) {
    through += UInt64(count)
    linkThrough += UInt64(count)
    sentCount -= count
  }
}
