internal import HeddleModel

/// What a frame is. The numbers are the protocol's and never change; proto/README.md lists them with those kept for later.
package enum FrameKind: UInt8, Hashable, Codable, Sendable, CaseIterable {
  /// The client's first frame: `Hello`.
  case hello = 1
  /// The supervisor's answer to it: `Welcome`.
  case welcome = 2
  /// A `Request`; the id is the client's choice.
  case request = 3
  /// A `Reply`, which closes the request of that id.
  case reply = 4
  /// A `WireRefusal`, which closes the request of that id, or with id 0 announces that the connection is closed.
  case refusal = 5
  /// A `Notice` of a request that is still open.
  case notice = 6
  /// A message as it is, for the thread whose id it has; from the supervisor, for the worker at the other end.
  case mail = 7
  /// An `Ack` of mail. From a client, without a body: it asks for one.
  case ack = 8
  /// There is room in the mailbox of the thread whose id it has. No body.
  case room = 9
  /// `MailTotals`: how much mail a worker has taken.
  case credit = 10

  /// Begins to watch a `StateEvent`; the id is the client's choice.
  case watch = 11
  /// The watched event has happened, which ends the watch. No body.
  case fired = 12
  /// Ends a watch. No body.
  case unwatch = 13
  /// A client's `Attach` opens a stream of bytes; the id is its choice. A supervisor's `Attached` says where it is.
  case attach = 14
  /// Bytes of a stream.
  case data = 15
  /// Whoever sends the bytes of a stream has sent the last. No body.
  case end = 16
  /// Either end gives a stream up. No body.
  case close = 17
  /// `Taken`: how much of a stream the receiver of its bytes has taken.
  case taken = 18
  /// A break for the worker, whose id it has, or one that it gives back unraised at its end: one byte, the `BreakKind`.
  case `break` = 19
  /// No more mail comes for the worker, whose id it has. No body.
  case mailEnd = 20
  /// Comes back to the worker behind all mail that was queued for it; the id is its choice. No body.
  case mark = 21

  /// The first frame of a link between two supervisors, from the one that dials: a `LinkHello`.
  case linkHello = 40
  /// The other's answer: a `LinkCode`, and its own `LinkHello`.
  case linkChallenge = 41
  /// The dialer's `LinkCode`.
  case linkProof = 42
  /// Both believe each other. No body.
  case linkOpen = 43
  /// Asks the other end of a link whether it is there. No body.
  case ping = 44
  /// It is. No body.
  case pong = 45
  /// A `LinkClient`: a client of the sender's, with the sender's number for it.
  case clientOpen = 46
  /// What follows is from this client of the sender's. No body.
  case client = 47
  /// The client of the sender's is gone. No body.
  case clientClose = 48
  /// What follows is for this client of the receiver's; with id 0, it is about the link. No body.
  case answer = 49
  /// A `CoordinatorRequest` to the node that keeps what all agree on.
  case coordinatorRequest = 50
  /// The `CoordinatorAnswer` to the request of this id.
  case coordinatorAnswer = 51
  /// `CoordinatorTold`: news of the watch that the request of this id began.
  case coordinatorNews = 52
}

extension FrameKind {
  /// Whether a frame of this kind may have `id`: 0 stands for the connection itself.
  package func allows(id: UInt64) -> Bool {
    switch self {
    case .hello, .welcome, .credit: id == 0
    // Mail to each node has numbers of its own.
    case .ack: ThreadID(rawValue: id).counter == 0
    case .request, .reply, .notice, .mail, .room: id != 0
    case .watch, .fired, .unwatch, .attach, .data, .end, .close, .taken: id != 0
    case .break, .mailEnd, .mark: id != 0
    case .refusal: true
    case .linkHello, .linkChallenge, .linkProof, .linkOpen, .ping, .pong: id == 0
    case .clientOpen, .client, .clientClose: id != 0
    case .coordinatorRequest, .coordinatorAnswer, .coordinatorNews: id != 0
    case .answer: true
    }
  }

  /// The flags that a frame of this kind may have.
  package var flags: FrameFlags {
    switch self {
    case .mail: .ofMail
    case .hello, .welcome, .request, .reply, .refusal, .notice, .ack, .room: []
    case .watch, .fired, .unwatch, .attach, .data, .end, .close, .taken: []
    case .credit, .break, .mailEnd, .mark: []
    case .linkHello, .linkChallenge, .linkProof, .linkOpen, .ping, .pong: []
    case .clientOpen, .client, .clientClose, .answer: []
    case .coordinatorRequest, .coordinatorAnswer, .coordinatorNews: []
    }
  }

  /// Whether a frame of this kind may have a body of `count` bytes, sizes in general apart.
  package func allows(bodyCount count: Int) -> Bool {
    switch self {
    case .room, .fired, .unwatch, .end, .close, .mailEnd, .mark: count == 0
    case .taken: count == Taken.count
    case .credit: count == MailTotals.count
    case .break: count == BreakKind.bodyCount
    case .linkOpen, .ping, .pong, .client, .clientClose, .answer: count == 0
    case .linkProof: count == LinkCode.count
    case .linkChallenge: count > LinkCode.count
    case .hello, .welcome, .request, .reply, .refusal, .notice, .mail, .ack, .watch, .attach, .data: true
    case .linkHello, .clientOpen, .coordinatorRequest, .coordinatorAnswer, .coordinatorNews: true
    }
  }
}

/// What a frame asks for beside its kind.
package struct FrameFlags: OptionSet, Hashable, Codable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// All that mail may have.
  static let ofMail: FrameFlags = [.wait, .retry, .running, .later]

  /// MAIL: if the mailbox is full, tell me when it has room; until then refuse what I send there with this flag.
  package static let wait = FrameFlags(rawValue: 1)
  /// MAIL: the first message that is sent again after ROOM. It ends the refusing that `wait` began.
  package static let retry = FrameFlags(rawValue: 2)
  /// MAIL: if the thread is suspended, refuse it, rather than queue it for the resumption.
  package static let running = FrameFlags(rawValue: 4)
  /// MAIL: nobody waits for its ack, which can come with that of later mail, or when it is asked for.
  package static let later = FrameFlags(rawValue: 8)
}
