package import HeddleModel

/// Something that happened in a supervisor, as its history keeps it: neither mail nor output.
package struct Happening: Hashable, Codable, Sendable {
  /// What kind of thing happened, in the order of a life.
  package enum Kind: UInt8, Hashable, Codable, Sendable, CaseIterable {
    case spawned = 1
    case started = 2
    case failed = 3
    case suspended = 4
    case resumed = 5
    case broken = 6
    case ending = 7
    case dead = 8
    case mailEnded = 9
    case logDegraded = 10
    case logRestored = 11
    case custodianMade = 12
    case graceBegun = 13
    case shutdownBegun = 14
    case shutdownComplete = 15
    case daemonStarted = 16
    case daemonEnding = 17
    case nodeJoined = 18
    case nodeUnreachable = 19
    case nodeReachable = 20
    case nodeLost = 21
    case nodeFenced = 22
    case nodeRenewed = 23
  }

  /// What became of a node of the cluster.
  package enum NodeChange: Hashable, Codable, Sendable, CaseIterable {
    /// It has a stay in the cluster.
    case joined
    /// There is no link to it. A suspicion: nothing has ended.
    case unreachable
    case reachable
    /// Its stay has ended, and all that depended on it.
    case lost
    /// This node's lease was not renewed in time: what depends on it stands still.
    case fenced
    /// This node's lease was renewed after that.
    case renewed

    package var kind: Kind {
      switch self {
      case .joined: .nodeJoined
      case .unreachable: .nodeUnreachable
      case .reachable: .nodeReachable
      case .lost: .nodeLost
      case .fenced: .nodeFenced
      case .renewed: .nodeRenewed
      }
    }
  }

  /// What happened, with what belongs to that alone.
  package enum What: Hashable, Codable, Sendable {
    /// A thread was made in a custodian, and its program is being started.
    case spawned(in: CustodianPath?)
    /// The thread's program runs.
    case started(pid: Int32)
    /// The program could not be started, and the thread is forgotten.
    case failed(DeathRecord)
    /// The thread is to stand still from now on.
    case suspended
    /// The thread is to run again from now on.
    case resumed
    /// A break was sent to the thread.
    case broken(BreakKind)
    /// The thread is being ended, perhaps by a custodian's shutdown.
    case ending(with: CustodianPath?)
    /// The thread can never act again.
    case dead(DeathRecord)
    /// The end of the thread's mail was announced.
    case mailEnded
    /// The thread's log can't be written to its file, for a reason: it is kept in memory alone.
    case logDegraded(String)
    /// The thread's log is written to its file again.
    case logRestored(String)
    case custodianMade(CustodianPath)
    /// A custodian is to end, and its threads are asked to.
    case graceBegun(CustodianPath)
    /// Nothing new starts in the custodian, and its threads are ending.
    case shutdownBegun(CustodianPath)
    /// The custodian is gone; with what that came to, if its own shutdown was asked for.
    case shutdownComplete(CustodianPath, ShutdownReport?)
    /// The supervisor takes requests; how it holds trees of processes together.
    case daemonStarted(containment: String)
    /// The supervisor was told to end.
    case daemonEnding
    /// A node of the cluster, this one or another.
    case node(EntityName, NodeChange)

    package var kind: Kind {
      switch self {
      case .spawned: .spawned
      case .started: .started
      case .failed: .failed
      case .suspended: .suspended
      case .resumed: .resumed
      case .broken: .broken
      case .ending: .ending
      case .dead: .dead
      case .mailEnded: .mailEnded
      case .logDegraded: .logDegraded
      case .logRestored: .logRestored
      case .custodianMade: .custodianMade
      case .graceBegun: .graceBegun
      case .shutdownBegun: .shutdownBegun
      case .shutdownComplete: .shutdownComplete
      case .daemonStarted: .daemonStarted
      case .daemonEnding: .daemonEnding
      case .node(_, let change): change.kind
      }
    }
  }

  /// The thread that it happened to, as it was called then.
  package struct Subject: Hashable, Codable, Sendable {
    package let id: ThreadID
    package let name: EntityName?

    package init(id: ThreadID, name: EntityName?) {
      self.id = id
      self.name = name
    }
  }

  /// Its place in the supervisor's history: 1, 2, 3 ... without gaps.
  package let number: UInt64
  package let time: Moment
  /// By a clock that nobody sets, with an origin of the supervisor's choice.
  package let instant: Instant
  package let what: What
  /// nil if it happened to no thread.
  package let thread: Subject?
  /// Who asked for it: "pid 4170"; empty when nobody did.
  package let by: String

  package init(
    number: UInt64,
    time: Moment,
    instant: Instant,
    what: What,
    thread: Subject? = nil,
    by: String = ""
  ) {
    self.number = number
    self.time = time
    self.instant = instant
    self.what = what
    self.thread = thread
    self.by = by
  }

  package var kind: Kind { what.kind }

  /// The custodian that it happened to or by, if any.
  package var custodian: CustodianPath? {
    switch what {
    case .spawned(let path), .ending(let path): path
    case .custodianMade(let path), .graceBegun(let path), .shutdownBegun(let path), .shutdownComplete(let path, _): path
    case .started, .failed, .suspended, .resumed, .broken, .dead, .mailEnded, .logDegraded, .logRestored: nil
    case .daemonStarted, .daemonEnding, .node: nil
    }
  }
}
