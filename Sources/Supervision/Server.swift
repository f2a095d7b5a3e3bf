package import HeddleModel
package import HeddleWire

/// When a server accepts connections, and when it is over: its listener and its connections, as far as they are counted.
///
/// One method an input; the answer is what is to be done, in order. Connections that are not accepted wait in the system's
/// backlog.
package struct Server: Equatable, Sendable {
  package enum Effect: Equatable, Sendable {
    /// Accept who comes, or leave them to the backlog.
    case accept(Bool)
    /// Listen no more.
    case close
    /// The listener is closed and no connection is left: the thread has ended so.
    case over(ProgramEnd)
  }

  private enum Course: Equatable {
    case serving
    /// Broken: nothing is listened to, and the connections go on.
    case finishing(BreakKind)
    /// It is being ended, and so are its connections.
    case ending
    case over
  }

  /// A time in which descriptors or processes run out again and again.
  private struct Shortage: Equatable {
    /// The length of the pause that began last.
    var pause: Duration
    var began: Instant
    /// When it is over; nil when it is.
    var retryAt: Instant?
  }

  package let thread: ThreadID
  /// Holds the thread, and the custodians of the connections.
  package let custodian: CustodianID
  /// What was asked for, with the server's name, and with an environment that is ready but for what is the connection's.
  package let plan: Serve
  /// Where it listens.
  package let address: ServerAddress
  private var course = Course.serving
  private var isSuspended = false
  /// Its node's lease can't be renewed.
  private var isFenced = false
  private var shortage: Shortage?
  /// Whether it was said last that who comes is to be accepted.
  private var isAccepting = false
  /// The connections that were accepted and of which something is left.
  private var connections = 0
  /// Of them, those whose programs are being started, each of which takes some descriptors for a moment.
  private var starting = 0
  private var counts = ServerInfo.Counts()

  package init(thread: ThreadID, custodian: CustodianID, plan: Serve, address: ServerAddress) {
    self.thread = thread
    self.custodian = custodian
    self.plan = plan
    self.address = address
  }

  /// When `timePassed` has something to do; nil when nothing waits for time.
  package var nextDeadline: Instant? { shortage?.retryAt }

  package var info: ServerInfo {
    ServerInfo(
      address: address,
      stage: stage,
      connections: connections,
      connectionsMax: plan.connectionsMax,
      connectionTimeout: plan.connectionTimeout,
      counts: counts
    )
  }

  private var stage: ServerInfo.Stage {
    if course != .serving { return .closed }
    if isSuspended || isFenced { return .suspended }
    if shortage?.retryAt != nil { return .short }
    return connections >= plan.connectionsMax ? .full : .listening
  }

  /// Once enough are being started, some have to run before there are more.
  private var wantsMore: Bool {
    stage == .listening && starting < (isAccepting ? Limits.startsMax : Limits.startsMax / 2)
  }

  // MARK: - Inputs

  /// The listener is there.
  package mutating func opened() -> [Effect] { adjusted() }

  /// A connection was accepted.
  ///
  /// - Returns: its number, from 1, and what is to be done; nil when it is not wanted, and to be closed.
  package mutating func arrived(at now: Instant) -> (number: UInt64, effects: [Effect])? {
    guard wantsMore else { return nil }
    if let began = shortage?.began, began + Limits.shortageMemory <= now { shortage = nil }
    connections += 1
    starting += 1
    counts.accepted += 1
    return (counts.accepted, adjusted())
  }

  /// A connection's program runs, or will not.
  package mutating func startEnded() -> [Effect] {
    starting -= 1
    return adjusted()
  }

  /// Nothing is left of a connection.
  package mutating func departed() -> [Effect] {
    connections -= 1
    // What it had is there again.
    shortage?.retryAt = nil
    return adjusted()
  }

  /// A connection's time was up, and it was broken.
  package mutating func noteTimeout() { counts.timedOut += 1 }

  /// A connection's program has ended, or never ran.
  package mutating func noteDeath(_ cause: DeathCause) {
    switch cause {
    case .exited, .signalled: break
    case .failedToStart: counts.failed += 1
    case .killed, .custodianShutDown, .timedOut, .daemonEnded, .nodeLost: counts.killed += 1
    }
  }

  /// A connection could not be served, and no thread was made for it.
  mutating func noteTurnedAway() { counts.failed += 1 }

  /// Descriptors have run out, or processes: a pause, and each time a longer one.
  ///
  /// - Returns: whether that is news.
  package mutating func fellShort(at now: Instant) -> (isNews: Bool, effects: [Effect]) {
    guard course == .serving, shortage?.retryAt == nil else { return (false, []) }
    let pause = shortage.map { min($0.pause * 2, Limits.shortagePauseMax) } ?? Limits.shortagePause
    let isNews = shortage == nil
    shortage = Shortage(pause: pause, began: now, retryAt: now + pause)
    counts.pauses += 1
    return (isNews, adjusted())
  }

  package mutating func timePassed(to now: Instant) -> [Effect] {
    guard let retryAt = shortage?.retryAt, retryAt <= now else { return [] }
    shortage?.retryAt = nil
    return adjusted()
  }

  /// Its node's lease can't be renewed, or was: who comes waits meanwhile.
  mutating func fence(_ isFenced: Bool) -> [Effect] {
    self.isFenced = isFenced
    return adjusted()
  }

  /// The thread is suspended: its connections are not concerned.
  package mutating func suspended() -> [Effect] {
    isSuspended = true
    return adjusted()
  }

  package mutating func resumed() -> [Effect] {
    isSuspended = false
    return adjusted()
  }

  /// A break closes the listener; the connections go on. The second one has no effect.
  package mutating func broken(_ kind: BreakKind) -> [Effect] {
    guard course == .serving else { return [] }
    course = .finishing(kind)
    return [.close] + overIfDone()
  }

  /// The thread is ended; its connections are ended by whoever says so.
  package mutating func ended() -> [Effect] {
    let wasOpen = course == .serving
    guard course != .over else { return [] }
    course = .ending
    return (wasOpen ? [.close] : []) + overIfDone()
  }

  /// What follows from the figures.
  private mutating func adjusted() -> [Effect] {
    guard course == .serving else { return overIfDone() }
    let accepts = wantsMore
    guard accepts != isAccepting else { return [] }
    isAccepting = accepts
    return [.accept(accepts)]
  }

  private mutating func overIfDone() -> [Effect] {
    guard connections == 0 else { return [] }
    switch course {
    case .serving, .over: return []
    case .finishing(let kind):
      course = .over
      return [.over(.signal(kind.signal, coreDumped: false))]
    case .ending:
      course = .over
      return [.over(.lost)]
    }
  }
}
