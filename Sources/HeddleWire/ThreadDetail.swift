package import HeddleModel

/// All that is known of a thread at one moment, but for its mail and its log.
package struct ThreadDetail: Hashable, Codable, Sendable {
  /// How its program was started.
  package struct Start: Hashable, Codable, Sendable {
    /// The directory.
    package var cwd: [UInt8]
    /// How many variables its environment had, the supervisor's own among them. The others are not kept: there may be
    /// secrets.
    package var environmentCount: Int
    /// Those that the supervisor has set: "HEDDLE_ID=7f3a".
    package var heddleEnvironment: [String]
    package var umask: UInt32
    package var limits: ResourceLimits
    package var suspendToKill: Bool
    package var linger: Bool
    package var allowSetuid: Bool
    package var stdinPipe: Bool

    package init(
      cwd: [UInt8],
      environmentCount: Int,
      heddleEnvironment: [String],
      umask: UInt32,
      limits: ResourceLimits,
      suspendToKill: Bool,
      linger: Bool,
      allowSetuid: Bool,
      stdinPipe: Bool
    ) {
      self.cwd = cwd
      self.environmentCount = environmentCount
      self.heddleEnvironment = heddleEnvironment
      self.umask = umask
      self.limits = limits
      self.suspendToKill = suspendToKill
      self.linger = linger
      self.allowSetuid = allowSetuid
      self.stdinPipe = stdinPipe
    }
  }

  /// Whom it is tied to.
  package struct Ties: Hashable, Codable, Sendable {
    /// The custodian for which it acts; nil if that is gone.
    package var currentCustodian: CustodianPath?
    /// Those that give it their custodians and their resumptions.
    package var benefactors: [ThreadSummary]
    /// Those that it gives its own.
    package var beneficiaries: [ThreadSummary]
    /// The thread that it is nested in.
    package var creator: ThreadSummary?

    package init(
      currentCustodian: CustodianPath? = nil,
      benefactors: [ThreadSummary] = [],
      beneficiaries: [ThreadSummary] = [],
      creator: ThreadSummary? = nil
    ) {
      self.currentCustodian = currentCustodian
      self.benefactors = benefactors
      self.beneficiaries = beneficiaries
      self.creator = creator
    }
  }

  /// How far its mail and its output are.
  package struct Traffic: Hashable, Codable, Sendable {
    /// The messages that it has taken, as far as that is known.
    package var mailTaken: UInt64
    package var isMailEnded: Bool
    /// Of a worker that has said HELLO: the most mail that may be on its way to it.
    package var credit: MailTotals?
    /// What is on its way.
    package var onTheirWay: MailTotals?
    /// In bytes, all that it wrote so far, and what of that is kept in memory.
    package var logWritten: Int
    package var logKept: Int

    package init(
      mailTaken: UInt64,
      isMailEnded: Bool,
      credit: MailTotals?,
      onTheirWay: MailTotals?,
      logWritten: Int,
      logKept: Int
    ) {
      self.mailTaken = mailTaken
      self.isMailEnded = isMailEnded
      self.credit = credit
      self.onTheirWay = onTheirWay
      self.logWritten = logWritten
      self.logKept = logKept
    }
  }

  /// Where its processes are.
  package struct Place: Hashable, Codable, Sendable {
    /// "cgroup", "pidns" or "subreaper".
    package var containment: String
    /// The cgroup's directory; empty on another rung, and of a thread that is dead.
    package var cgroup: String
    /// How many processes the tree has, and which warden holds it; nil from a supervisor, which does not look.
    package var processes: Int?
    package var warden: Int32?

    package init(containment: String, cgroup: String = "", processes: Int? = nil, warden: Int32? = nil) {
      self.containment = containment
      self.cgroup = cgroup
      self.processes = processes
      self.warden = warden
    }
  }

  package var thread: ThreadInfo
  /// When it was made, and when its state last changed.
  package var made: Moment
  package var changed: Moment
  package var start: Start
  package var ties: Ties
  /// The break that waits for it.
  package var pendingBreak: BreakKind?
  package var traffic: Traffic
  package var place: Place

  package init(
    thread: ThreadInfo,
    made: Moment,
    changed: Moment,
    start: Start,
    ties: Ties,
    pendingBreak: BreakKind?,
    traffic: Traffic,
    place: Place
  ) {
    self.thread = thread
    self.made = made
    self.changed = changed
    self.start = start
    self.ties = ties
    self.pendingBreak = pendingBreak
    self.traffic = traffic
    self.place = place
  }
}
