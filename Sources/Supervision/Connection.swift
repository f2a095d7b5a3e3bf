package import HeddleModel
package import HeddleWire

/// Who is at the other end of a connection, by the kernel's word.
package struct Peer: Equatable, Sendable {
  package let pid: Int32
  package let uid: UInt32
  /// Whose descriptor 3 the connection is; nil for a client on the socket.
  package let thread: ThreadID?
  package let origin: ProcessOrigin
  /// What the node calls it that it is at, and the node; nil for a client of this one.
  private var words: String?

  package init(pid: Int32, uid: UInt32, thread: ThreadID? = nil, origin: ProcessOrigin = ProcessOrigin()) {
    self.pid = pid
    self.uid = uid
    self.thread = thread
    self.origin = origin
  }

  /// Somebody who is known by words alone.
  init(_ words: String) {
    self.init(pid: 0, uid: 0)
    self.words = words
  }

  /// A client of another node, which that one calls `words`.
  init(_ words: String, on node: EntityName) { self.init("\(words) on node \(node)") }

  /// Another node.
  init(node: EntityName) { self.init("node \(node)") }

  /// How a thread's last change and its death name the peer.
  var text: String { words ?? thread.map { "thread id:\($0)" } ?? "pid \(pid)" }
}

/// What a frame to a client holds; the shell only has to write it down.
package enum Outgoing: Equatable, Sendable {
  // Large ones are boxed: mail passes here, and each effect is as large as the largest.
  indirect case welcome(Welcome)
  indirect case reply(Reply, RequestID)
  /// Without a request it is about the connection, which is closed after it.
  indirect case refusal(WireRefusal, RequestID?)
  indirect case notice(Notice, RequestID)
  case ack(Ack)
  case room(ThreadID)
  case fired(WatchID)
  case attached(Attached, StreamID)
  case data([UInt8], StreamID)
  case end(StreamID)
  case close(StreamID)
  case taken(Taken, StreamID)
  /// MAIL frames for the worker at the other end, one behind the other.
  case mail(frames: [UInt8])
  case `break`(BreakKind, ThreadID)
  case mailEnd(ThreadID)
  case mark(MarkID)
  /// About a client's mail to threads of another node.
  case ackOf(NodeSlot, Ack)

  // To another node.
  indirect case linkHello(LinkHello)
  /// With the bytes of the `LinkHello` behind the code.
  case linkChallenge(LinkCode, [UInt8])
  /// Longer bodies may come from now on, and are taken.
  case linkProof(LinkCode, bodyMax: Int)
  case linkOpen(bodyMax: Int)
  case ping
  case pong
  indirect case clientOpen(LinkClient, UInt64)
  case clientClose(UInt64)
  /// Frames of the client of this number, one behind the other.
  case fromClient(UInt64, frames: [UInt8])
  /// Something between a node and the registrar: the request's number, and a frame's body.
  case coordinator(FrameKind, UInt64, [UInt8])
}

/// One client's connection, as the supervisor sees it.
struct Connection: Equatable, Sendable {
  enum Phase: Equatable, Sendable {
    /// Nothing was said before the HELLO, which has to come in time if there is one.
    case greeting(until: Instant?)
    case open
    /// It is a link to another node, or is becoming one.
    case link
    /// It was told why it ends; what still arrives is not read.
    case closing
  }

  var peer: Peer
  /// Of a client of another node; nil for one that has a stream of its own.
  var guest: Guest?
  /// It came to where only other nodes may come.
  var isForLinks = false
  var phase: Phase
  var session: Session
  /// Of a thread's own connection; nil for other clients.
  var worker: Worker?
  /// The thread that the client is a part of, or is: the one whose mail it may take.
  var own: ThreadID?
  var hand = MailInHand()
  /// What is carried out once it is known of which thread the client is a part.
  var deferred: [Frame] = []
  /// The open requests that wait for something, with the wait of each.
  var waits: [RequestID: WaitID] = [:]
  var watches: [WatchID: Watch] = [:]
  var streams: [StreamID: AttachedStream] = [:]
  /// The threads that end with it, wherever their place is.
  var held: [ThreadID] = []
  var barriers = Barriers()
  /// The open requests for what happened that wait for something to happen.
  var historyWaits: [RequestID: HistoryQuery] = [:]
  var receipts = MailReceipts()
  /// The longest body that the client takes, in bytes.
  var bodyMax = BodyLimit.handshake

  /// Whether a request that waits, a watch or a stream has this number.
  func isUsed(_ number: UInt64) -> Bool {
    waits[RequestID(rawValue: number)] != nil || watches[WatchID(rawValue: number)] != nil
      || streams[StreamID(rawValue: number)] != nil || barriers.contains(RequestID(rawValue: number))
      || historyWaits[RequestID(rawValue: number)] != nil
  }
}

/// The acknowledgements that one connection is owed. The number of a MAIL frame is its place on the connection.
struct MailReceipts: Equatable, Sendable {
  /// The number of the last frame that came.
  private(set) var through: UInt64 = 0
  private var refused: [Ack.Refused] = []
  /// What came since the last ack.
  private var unsaid = MailTotals.zero
  /// Whether the ack goes out with the frames that are at hand.
  private var isDue = false
  /// The receivers to which mail that may wait is refused until a frame says that it begins anew.
  var heldBack: Set<ThreadID> = []

  /// The next `count` frames came, of so many bytes in all, and were queued.
  ///
  /// - Parameter isAwaited: whether the sender waits for their ack.
  mutating func noteQueued(_ count: Int, bytes: Int, isAwaited: Bool) {
    guard count > 0 else { return }
    through += UInt64(count)
    unsaid.messages += UInt64(count)
    unsaid.bytes += UInt64(bytes)
    if isAwaited || unsaid.messages >= Ack.later.messages || unsaid.bytes >= Ack.later.bytes { isDue = true }
  }

  /// The sender asks for what it is owed.
  mutating func ask() { if unsaid.messages > 0 { isDue = true } }

  /// The next `count` frames came, and were refused.
  mutating func noteRefused(_ count: Int, _ refusal: RefusalCode) {
    for _ in 0..<count {
      through += 1
      refused.append(Ack.Refused(number: through, code: refusal))
    }
    isDue = true
  }

  /// What to tell the sender; nil when it knows all, or waits for nothing of it.
  mutating func take() -> Ack? {
    guard isDue else { return nil }
    defer { (refused, unsaid, isDue) = ([], .zero, false) }
    return Ack(through: through, refused: refused)
  }
}
