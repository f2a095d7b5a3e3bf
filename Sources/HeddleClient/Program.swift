internal import HeddleModel
internal import HeddleThreads
internal import HeddleWire

/// What a process thread runs, and how it is set up: as from the caller's own shell, unless it says otherwise.
public struct Program: Hashable, Sendable {
  /// How mail reaches the program.
  public enum Channel: Hashable, Sendable {
    /// It does not: mail waits in the mailbox.
    case none
    /// Each message is a line on its standard input.
    case lines
    /// It speaks heddle's protocol on its descriptor 3, as `Worker.main` does. It starts with breaks let in or kept out as
    /// the thread that makes it has them.
    case frames
  }

  /// Bounds on what the program and its descendants may use; setrlimit(2). nil is as the supervisor itself has it.
  public struct Limits: Hashable, Sendable {
    /// Open descriptors of a process.
    public var openFiles: UInt64?
    /// Processes of the user, root excepted.
    public var processes: UInt64?
    /// Address space of a process, in bytes.
    public var addressSpace: UInt64?
    /// Processor time of a process, in seconds.
    public var processorTime: UInt64?
    /// A core file, in bytes.
    public var coreFile: UInt64?

    public init() {}
  }

  /// The program, and then its arguments. A program without a slash is looked up along the PATH of its environment.
  public var command: [String]
  /// The thread's name, unique among the living: 1 to 63 letters, digits, `.`, `_` and `-`, not first `-`.
  public var name: String?
  /// What manages the thread; nil is `RemoteCustodian.current`; if that is nil, too, it is the connection's
  /// session, and the thread ends with the connection.
  public var custodian: RemoteCustodian?
  /// The group of threads that it belongs to, `/render/tiles` for instance; nil is that of the process that asks, if it is a
  /// worker, and else the one above all. Recorded, and without effect so far. Racket: `current-thread-group`.
  public var group: String?
  /// The whole environment; nil is what the caller was started with. Variables that begin with
  /// `HEDDLE_` are the supervisor's to set.
  public var environment: [String: String]?
  /// The working directory, absolute; nil is the caller's own.
  public var directory: String?
  public var channel: Channel
  /// Killed, or left without custodians, the thread is suspended instead. Racket: `thread/suspend-to-kill`.
  public var suspendsOnKill = false
  /// The thread lives until all its processes have ended by themselves, rather than until its program has.
  public var lingers = false
  public var limits = Limits()
  /// Executing a setuid program gives its privileges.
  public var allowsSetuid = false
  /// How much unread mail the thread may have; nil is 1,024 messages and 8 MiB.
  public var mailbox: (messages: Int, bytes: Int)? {
    get { bounds.map { ($0.messagesMax ?? .max, $0.bytesMax ?? .max) } }
    set { bounds = newValue.map { MailboxBounds(messagesMax: $0.messages, bytesMax: $0.bytes) } }
  }
  private var bounds: MailboxBounds?
  /// Standard input is a pipe that can be written to, rather than /dev/null; not with `lines`.
  public var hasStandardInput = false

  public init(_ executable: String, _ arguments: String..., channel: Channel = .none) {
    self.init(command: [executable] + arguments, channel: channel)
  }

  public init(command: [String], channel: Channel = .none) {
    self.command = command
    self.channel = channel
  }
}

extension Program {
  /// The same for the wire.
  ///
  /// - Throws: `badRequest` for a name that is none; `other` when this process's own surroundings cannot be read.
  ///
  /// - Parameter place: what manages it if the program does not say.
  func spawn(in place: CustodianPath?) throws(ClientError) -> Spawn {
    let caller = try CallerState()
    return Spawn(
      name: try name.map { text throws(ClientError) in try EntityName(named: text) },
      in: custodian?.location ?? place,
      argv: command.map { Array($0.utf8) },
      environment: environment?.sorted { $0.key < $1.key }.map { Array("\($0.key)=\($0.value)".utf8) }
        ?? caller.environment,
      cwd: directory.map { Array($0.utf8) } ?? caller.directory,
      umask: caller.umask,
      channel: channel.mode,
      suspendToKill: suspendsOnKill,
      linger: lingers,
      limits: limits.wire,
      allowSetuid: allowsSetuid,
      mailboxBounds: bounds,
      stdinPipe: hasStandardInput,
      group: try group.map { text throws(ClientError) in try ThreadGroupPath(named: text) },
      breaksDisabled: !LocalThread.areBreaksEnabled
    )
  }
}

extension Program.Channel {
  fileprivate var mode: ChannelMode {
    switch self {
    case .none: .none
    case .lines: .lines
    case .frames: .frames
    }
  }
}

extension Program.Limits {
  fileprivate var wire: ResourceLimits {
    var limits = ResourceLimits()
    limits.openFiles = openFiles
    limits.processes = processes
    limits.addressSpace = addressSpace
    limits.processorTime = processorTime
    limits.coreFile = coreFile
    return limits
  }
}
