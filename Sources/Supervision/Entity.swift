package import HeddleModel
internal import HeddleWire

/// A thread whose body is a program: all that a supervisor knows of it beside the model.
package struct Entity: Equatable, Codable, Sendable {
  /// Where the program and its tree of processes are.
  enum Body: Equatable, Codable, Sendable {
    /// The keeper was asked for it.
    case starting
    /// The program runs, or stands still.
    case running(pid: Int32)
    /// The program was reaped, and the rest of its tree has not.
    case exited(pid: Int32?, ProgramEnd)
    /// No process is left; what the program wrote last is being read.
    case draining(pid: Int32?, ProgramEnd, Stragglers)
    /// There is no program: the thread is a connection, which the client of this pid has made.
    case connection(ConnectionID, pid: Int32)
    /// There is no program of its own: the thread is a server.
    case server(ListenerID)
    case gone
  }

  /// Who decided that it ends.
  enum Ender: Equatable, Codable, Sendable {
    case request(by: String)
    case custodian(CustodianPath)
    case daemon
    /// Its time was up.
    case timeout(Duration)
  }

  /// How its program was started, for those who ask.
  struct Start: Equatable, Codable, Sendable {
    let cwd: [UInt8]
    /// Of all variables, those that the supervisor sets among them.
    var environmentCount: Int
    let umask: UInt32
    let limits: ResourceLimits
    let allowsSetuid: Bool

    /// No program was started.
    static let ofConnection = Start(
      cwd: [],
      environmentCount: 0,
      umask: 0,
      limits: ResourceLimits(),
      allowsSetuid: false
    )
  }

  let name: EntityName?
  /// The program and its arguments, as far as `shortened` keeps them: for people, not for starting it again.
  let argv: [[UInt8]]
  var start: Start
  let channel: ChannelMode
  /// The custodian for which it acts: that under which it was made, or the current one of the creator that it is nested
  /// in. Racket: its `current-custodian`.
  let currentCustodian: CustodianID
  /// What it belongs to for good. So far nothing depends on it.
  let group: ThreadGroupPath
  let linger: Bool
  /// As a worker it starts with breaks kept out.
  let breaksDisabled: Bool
  /// Its standard input is a pipe to which a client may write, rather than a way for mail.
  let takesStream: Bool
  let createdAt: Instant
  /// It is forgotten when it is dead and nothing refers to it.
  let isTransient: Bool
  /// It ends with the connection that made it, wherever its place is.
  let isHeld: Bool
  /// How long it may live; nil is for ever.
  let timeout: Duration?
  /// What becomes of it when the node can't renew its lease, if others know of it.
  var onPartition = PartitionPolicy.suspend
  var body = Body.starting
  var input: LineInput
  var mailbox: Mailbox<MailBundle>
  /// The lines that the pipe has taken, and those that it is taking.
  var handedOver: UInt64 = 0
  var inFlight = 0
  /// A worker that is about to end has given a break back: that one, and what comes after it, stays in the model.
  var hasGivenBreaksBack = false
  var log = LogRing(capacity: Limits.logBytesMax)
  var logTimes = ArrivalTimes()
  /// How many bytes the program has written so far.
  var outputCounts: [ProgramOutput: Int] = [:]
  /// The outputs that are not read at present, since a client that reads slowly is to hold the program.
  var heldOutputs: Set<ProgramOutput> = []
  var changedAt: Instant
  var lastChange: ThreadInfo.Change
  var ender: Ender?
  var death: DeathRecord?
  /// Those who were refused for want of room, in order: each is told once half of the mailbox is free.
  var awaitingRoom: [ConnectionID] = []
  /// The threads whose lines were, in order: each goes on then.
  var relaysAwaitingRoom: [ThreadID] = []
  /// Where the lines of its standard output go, beside the log.
  var relay: Relay?
  /// The child of the keeper from which its processes descend, if that is not the program.
  var warden: Int32?
  /// Its messages that were received by clients, and not confirmed.
  var unconfirmed = 0
  /// Has a count of one from the end of its mail on; made when somebody waits for mail.
  var endOfMail: SemaphoreID?

  /// The number of the newest line in the mailbox, as `handedOver` counts them.
  var lastQueued: UInt64 { handedOver + UInt64(inFlight + mailbox.count) }

  /// Whether somebody was refused for want of room, and is to be told of it.
  var isRoomAwaited: Bool { !awaitingRoom.isEmpty || !relaysAwaitingRoom.isEmpty }

  /// The program's process, while it has one that can be looked at.
  var pid: Int32? {
    switch body {
    case .running(let pid), .connection(_, let pid): pid
    case .starting, .exited, .draining, .server, .gone: nil
    }
  }

  /// The processes of its tree that were ended by us, as far as the keeper knows them.
  var ended: EndedProcesses {
    guard case .draining(let pid, let end, let stragglers) = body else {
      return EndedProcesses(program: nil, stragglers: [], total: 0)
    }
    // A program that ended by itself just before is not one that was ended.
    let wasEnded = end == .signal(9, coreDumped: false)
    let program = wasEnded ? pid.map { EndedProcesses.Program(pid: $0, name: programName) } : nil
    let named = stragglers.named.map {
      EndedProcesses.Straggler(pid: $0.pid, name: $0.name, inOtherSession: $0.inOtherSession)
    }
    return EndedProcesses(
      program: program,
      stragglers: named,
      total: stragglers.total + (program == nil ? 0 : 1)
    )
  }

  /// The program has written.
  mutating func keep(_ bytes: some Collection<UInt8>, at now: Instant) {
    logTimes.note(log.end, at: now)
    log.append(bytes)
    logTimes.forget(before: log.dropped)
  }

  /// The first words of a command, up to 1 KiB; what was cut is marked.
  static func shortened(_ argv: [[UInt8]]) -> [[UInt8]] {
    var free = Limits.argvBytesMax
    var kept: [[UInt8]] = []
    for word in argv {
      guard word.count <= free else { return kept + [Array(word.prefix(free)) + Array("...".utf8)] }
      kept.append(word)
      free -= word.count
    }
    return kept
  }

  /// The last component of the program's path.
  var programName: String {
    let path = argv.first ?? []
    return String(decoding: path.split(separator: UInt8(ascii: "/")).last ?? path[...], as: UTF8.self)
  }
}

/// The program's standard input, as the way on which mail or a client's stream reaches it.
enum LineInput: Equatable, Codable, Sendable {
  /// There is none: mail waits in the mailbox, or the program has not started.
  case closed
  /// What was written was taken.
  case ready
  /// The pipe has not taken all that was written; what comes next waits in the mailbox.
  case busy
}

/// One connection of a client, for as long as it lasts.
package struct ConnectionID: Identifier {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The bounds of a supervisor.
package enum Limits {
  /// Of what a thread wrote, this is kept in memory while it lives, and after its death.
  package static let logBytesMax = 256 << 10
  package static let deadLogBytesMax = 16 << 10
  /// A dead thread is remembered until there are so many newer ones, or for so long.
  package static let deadMax = 1_000
  package static let deadFor = Duration.seconds(24 * 3_600)
  /// How long a client may take to say hello.
  package static let handshake = Duration.seconds(5)
  /// How long a frame may take from its first byte to its last.
  package static let frame = Duration.seconds(30)
  /// How long threads have to end by themselves when the daemon is told to.
  package static let grace = Duration.seconds(10)
  /// So many connections of a server have their programs started at one time.
  package static let startsMax = 16
  /// How long a server that could not accept, or start a program, for want of something accepts nobody; each pause is twice
  /// the one before, up to the most, until there was none for so long.
  package static let shortagePause = Duration.milliseconds(50)
  package static let shortagePauseMax = Duration.seconds(2)
  package static let shortageMemory = Duration.seconds(5)
  /// How long the threads that a connection holds have to end by themselves when it ends.
  package static let sessionGrace = Duration.seconds(2)
  /// Mail is written to a program's standard input in batches of about so many bytes.
  package static let lineBatchBytes = 64 << 10
  /// The threads in one answer to a listing, which then fits a frame.
  package static let listPage = 500
  /// So much of a frame's body is kept free for what is beside a list in it.
  package static let frameSlack = 1 << 10
  /// Of a thread's command, so many bytes are kept to be shown.
  package static let argvBytesMax = 1 << 10
  /// The requests of one connection that wait at one time, and its watches.
  package static let openRequestsMax = 10_000
  package static let watchesMax = 10_000
  /// The streams of bytes of one connection.
  package static let streamsMax = 64
  /// Of what a slow reader of a stream has not got yet, so many bytes are kept for it beyond its credit.
  package static let backlogBytesMax = 256 << 10
  /// A stream's bytes go in pieces of at most this size.
  package static let dataBytesMax = 64 << 10
  /// So many messages, and about so many bytes, are received by one connection and not confirmed.
  package static let unconfirmedMax = 10_000
  /// Each may hand over so much more.
  package static let openReceivesMax = 16
  package static let unconfirmedBytesMax = 16 << 20
  /// About so many bytes of mail are the answer to one request.
  package static let receivedBytesMax = 256 << 10
  /// The requests that wait until it is known of which thread their client is a part.
  package static let deferredMax = 16
  /// A longer line is sent on in pieces of this size.
  package static let lineBytesMax = 64 << 10
  /// No mailbox takes more, whatever was asked for.
  package static let mailboxCeiling = MailboxBounds(messagesMax: 1 << 20, bytesMax: 256 << 20)

  /// The bounds of a mailbox for which `bounds` were asked.
  static func mailbox(_ bounds: MailboxBounds?) -> MailboxBounds {
    guard let bounds else { return .supervised }
    return MailboxBounds(
      messagesMax: min(bounds.messagesMax ?? .max, mailboxCeiling.messagesMax ?? .max),
      bytesMax: min(bounds.bytesMax ?? .max, mailboxCeiling.bytesMax ?? .max)
    )
  }
}
