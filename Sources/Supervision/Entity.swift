internal import HeddleModel
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
    case exited(ProgramEnd)
    /// No process is left; what the program wrote last is being read.
    case draining(ProgramEnd, Stragglers)
    case gone
  }

  /// Who decided that it ends.
  enum Ender: Equatable, Codable, Sendable {
    case request(by: String)
    case custodian(CustodianPath)
    case daemon
  }

  let name: EntityName?
  let argv: [[UInt8]]
  let channel: ChannelMode
  let linger: Bool
  let createdAt: Instant
  var body = Body.starting
  var input: LineInput
  var mailbox: Mailbox<[UInt8]>
  var log = LogRing(capacity: Limits.logBytesMax)
  var changedAt: Instant
  var lastChange: ThreadInfo.Change
  var ender: Ender?
  var death: DeathRecord?
  /// Those who were refused for want of room, in order: each is told once half of the mailbox is free.
  var awaitingRoom: [ConnectionID] = []

  var pid: Int32? {
    switch body {
    case .running(let pid): pid
    case .starting, .exited, .draining, .gone: nil
    }
  }

  /// How many processes its tree had when it ended, as far as that is known: the program, and the stragglers.
  var processCount: Int {
    switch body {
    case .draining(_, let stragglers): stragglers.total + 1
    case .starting, .running, .exited, .gone: 0
    }
  }
}

/// The program's standard input, as the way on which mail reaches it.
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
  /// How long threads have to end by themselves when the daemon is told to.
  package static let grace = Duration.seconds(10)
  /// Mail is written to a program's standard input in batches of about so many bytes.
  package static let lineBatchBytes = 64 << 10
  /// The threads in one answer to a listing.
  package static let listPage = 500
}
