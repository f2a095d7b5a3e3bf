package import HeddleModel

/// A thread to be made, whose body is a program. The program starts as from the caller's shell.
package struct Spawn: Hashable, Codable, Sendable {
  package var name: EntityName?
  /// What will manage the thread; nil is the connection's session custodian.
  package var custodian: CustodianPath?
  /// The program and its arguments; no NUL. A program without a slash is looked up along the PATH of `environment`.
  package var argv: [[UInt8]]
  /// The whole environment, each `KEY=VALUE`; no NUL.
  package var environment: [[UInt8]]
  /// The working directory, absolute; no NUL.
  package var cwd: [UInt8]
  /// The file mode creation mask, 0 to 0o777; umask(2).
  package var umask: UInt32
  package var channel: ChannelMode
  /// Killed, or left without custodians, the thread is suspended instead.
  package var suspendToKill: Bool
  /// The thread lives until its whole process tree has ended by itself.
  package var linger: Bool
  package var limits: ResourceLimits
  /// Executing a setuid program gives its privileges; else it does not.
  package var allowSetuid: Bool
  /// nil is what the supervisor usually gives.
  package var mailboxBounds: MailboxBounds?
  /// Without mail on it, standard input is a pipe that a client may write to, rather than /dev/null.
  package var stdinPipe: Bool
  /// The thread is nested in the worker that asks, which waits for it. Not with `suspendToKill`.
  package var nested: Bool
  /// The group that the thread belongs to; nil is that of the worker that asks, and for other clients the one above all.
  package var group: ThreadGroupPath?
  /// A worker starts with breaks kept out, as its creator keeps them out.
  package var breaksDisabled: Bool
  /// Where the lines of its standard output go, beside the log.
  package var relay: Relay?
  /// The thread is ended when it has not died so long after it was made; nil is never.
  package var timeout: Duration?
  /// What becomes of the thread when its node can't renew its lease.
  package var onPartition = PartitionPolicy.suspend
  /// A name that no other thread of the cluster has while this one lives.
  package var globalName: EntityName?
  /// Dead, the thread is forgotten at once.
  package var forget = false
  /// The thread is held by the connection: when that ends it gets a hang-up, and is ended soon after.
  package var held = false

  package init(
    name: EntityName? = nil,
    in custodian: CustodianPath? = .main,
    argv: [[UInt8]],
    environment: [[UInt8]] = [],
    cwd: [UInt8],
    umask: UInt32 = usualUmask,
    channel: ChannelMode = .none,
    suspendToKill: Bool = false,
    linger: Bool = false,
    limits: ResourceLimits = ResourceLimits(),
    allowSetuid: Bool = false,
    mailboxBounds: MailboxBounds? = nil,
    stdinPipe: Bool = false,
    nested: Bool = false,
    group: ThreadGroupPath? = nil,
    breaksDisabled: Bool = false,
    relay: Relay? = nil
  ) {
    self.name = name
    self.custodian = custodian
    self.argv = argv
    self.environment = environment
    self.cwd = cwd
    self.umask = umask
    self.channel = channel
    self.suspendToKill = suspendToKill
    self.linger = linger
    self.limits = limits
    self.allowSetuid = allowSetuid
    self.mailboxBounds = mailboxBounds
    self.stdinPipe = stdinPipe
    self.nested = nested
    self.group = group
    self.breaksDisabled = breaksDisabled
    self.relay = relay
  }

  /// The mask of a client that names none.
  package static let usualUmask: UInt32 = 0o022
}
