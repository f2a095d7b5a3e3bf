import Cluster
import DequeModule
package import HeddleModel
package import HeddleWire

/// A whole supervisor but its input and output: the thread model, the programs that are the threads' bodies, the names,
/// the clients and what they wait for.
///
/// One method an input. What is to be done goes to the end of `effects`, in order; time is an argument. The same inputs
/// give the same effects on every run. Nothing that a client or a program does makes it trap.
package struct Node: Sendable {
  package typealias Effects = [NodeEffect]

  /// Who this supervisor is.
  package struct Identity: Equatable, Codable, Sendable {
    package let name: String
    /// Which start of the supervisor this is; identifiers are never used twice within one.
    package let incarnation: UInt64
    package let pid: Int32
    package let version: String
    package let socketPath: String
    /// The file that its own log goes to; empty if that is standard error.
    package let logPath: String

    package init(
      name: String,
      incarnation: UInt64,
      pid: Int32,
      version: String,
      socketPath: String,
      logPath: String = ""
    ) {
      self.name = name
      self.incarnation = incarnation
      self.pid = pid
      self.version = version
      self.socketPath = socketPath
      self.logPath = logPath
    }
  }

  /// How far the supervisor's own end is.
  enum Ending: Equatable, Codable, Sendable {
    case no
    /// The threads were asked to end by themselves; then they are ended.
    case grace(until: Instant)
    /// The root custodian is shut down; the supervisor leaves when that is complete.
    case shuttingDown
  }

  let identity: Identity
  let startedAt: Instant
  package internal(set) var kernel = Kernel()
  /// For each of the kernel's threads, under the same identifier.
  var entities = IDTable<ThreadID, Entity>()
  var custodians: CustodianNames
  /// The living holder of each name, else the latest dead one.
  var names: [EntityName: ThreadID] = [:]
  /// The dead that are remembered, oldest death first.
  var dead: Deque<ThreadID> = []
  var ending = Ending.no
  /// What happened, for those who ask.
  var history = History()
  /// The number of the last session; none has the number of another.
  var lastSession: UInt64 = 0
  var now: Instant
  /// What the wall clock showed when the time was last told.
  var date = Moment.epoch

  /// As the keeper of this start has it, nil until it has said so; not part of a snapshot.
  var containment: Containment?

  // What belongs to the connections, and is not part of a snapshot.
  var connections = IDTable<ConnectionID, Connection>()
  /// The connection that is a thread's own, on its program's descriptor 3.
  var workers: [ThreadID: ConnectionID] = [:]
  /// The threads that are known by a process of theirs: a warden, or the program.
  var roots: [Int32: ThreadID] = [:]
  /// The connections of clients that descend from the keeper, from a program of which nothing is known yet.
  var unplaced: Set<ConnectionID> = []
  /// The threads that may have lines to send on, and whether that is being done.
  var relaysDue: Deque<ThreadID> = []
  var isRelaying = false
  /// Whose session custodian has, or will have, this path.
  var sessions: [CustodianPath: ConnectionID] = [:]
  /// Which request waits for each of the kernel's waits.
  var answers: [WaitID: Answer] = [:]
  /// The threads whose programs are being started.
  var spawns: [ThreadID: PendingSpawn] = [:]
  var shutdowns: [ShutdownJob] = []
  /// The servers that are to be made when they listen, and those that are not over.
  var openings: [ListenerID: Opening] = [:]
  var servers: [ListenerID: Server] = [:]
  /// Those that are over, as they were last, until their threads are forgotten.
  var endedServers: [ThreadID: ServerInfo] = [:]
  /// The threads that serve connections of servers, until they are forgotten.
  var visits: [ThreadID: Visit] = [:]
  /// The custodians of connections of which something is left.
  var visited: [CustodianID: ListenerID] = [:]
  /// The number of the last listener; none has the number of another.
  var lastListener: UInt64 = 0
  /// How many watches and streams refer to a thread, where any do.
  var references: [ThreadID: Int] = [:]
  /// The dead that would be forgotten if nothing referred to them.
  var overdue: Set<ThreadID> = []
  /// The dead that are forgotten when this input has been answered.
  var transients: [ThreadID] = []
  /// The connections that are gone while threads that they held have a moment to end.
  var departures: [Departure] = []
  /// Of the threads that have one.
  var timeouts = ThreadAlarms()
  /// Of threads that serve connections: when each is broken, and then when it is ended.
  var visitTimeouts = ThreadAlarms()
  /// Of a supervisor that leaves by itself.
  var idleness: Idleness?
  /// The streams of each thread that has any, in the order of their attachment.
  var attachments: [ThreadID: [Attachment]] = [:]
  /// The connections with barriers that wait.
  var barred: Set<ConnectionID> = []
  var greetings: Deque<ConnectionID> = []
  var begunFrames = BegunFrames()
  /// The connections that wait to be told of what happens, and up to where all were told.
  var followers: Set<ConnectionID> = []
  var toldThrough: UInt64 = 0
  /// The other nodes; nil of a supervisor that is in no cluster.
  var cluster: Cluster?
  /// This node's part in what the cluster agrees on; there whenever `cluster` is.
  var membership: Membership?
  /// Whoever's request is being carried out, in words; empty between requests.
  var asker = ""
  /// Whose request is being carried out; nil between requests.
  var serving: ConnectionID?

  package init(_ identity: Identity, now: Instant) {
    self.identity = identity
    self.now = now
    startedAt = now
    custodians = CustodianNames(root: kernel.root)
  }

  // MARK: - Time

  /// When `timePassed` has something to do next; nil when nothing waits for time. May be early. The dead are forgotten with
  /// whatever happens next, before anybody can see that they were not.
  package var nextDeadline: Instant? {
    var next: Instant?
    func consider(_ instant: Instant) { next = min(next ?? instant, instant) }
    for deadline in graceDeadlines { consider(deadline) }
    if case .grace(let until) = ending { consider(until) }
    if let departure = departures.first { consider(departure.until) }
    if let first = timeouts.first { consider(first) }
    if let first = visitTimeouts.first { consider(first) }
    for server in servers.values { if let retry = server.nextDeadline { consider(retry) } }
    if let leaving { consider(leaving) }
    if let deadline = cluster?.deadline { consider(deadline) }
    if let deadline = membershipDeadline { consider(deadline) }
    if let look = begunFrames.nextLook { consider(look) }
    for id in greetings {
      guard case .greeting(let until?) = connections.look(id, { $0.phase }) else { continue }
      consider(until)
      break
    }
    return next
  }

  /// The clock stands at `instant`, and the wall clock at `date`; nil is where it was.
  ///
  /// - Parameter leases: what the leases' clock shows, CLOCK_BOOTTIME; nil is as much later as `instant` is.
  package mutating func timePassed(
    to instant: Instant,
    date: Moment? = nil,
    leases: Instant? = nil,
    effects: inout Effects
  ) {
    if let clock = membership?.clock { membership?.clock = max(clock, leases ?? clock.advanced(by: instant - now)) }
    noteUse(until: max(now, instant), effects: &effects)
    now = max(now, instant)
    self.date = date ?? self.date
    graceTimePassed(effects: &effects)
    if case .grace(let until) = ending, until <= now { shutDownRoot(effects: &effects) }
    endTimedOut(effects: &effects)
    endOverdueVisits(effects: &effects)
    endPauses(effects: &effects)
    endDepartures(effects: &effects)
    membershipTimePassed(effects: &effects)
    linkTimePassed(effects: &effects)
    refuseSlowFrames(effects: &effects)
    while let first = greetings.first {
      guard case .greeting(let until?) = connections[first]?.phase else {
        greetings.removeFirst()
        continue
      }
      guard until <= now else { break }
      greetings.removeFirst()
      refuseConnection(first, Sentences.tooSlow, effects: &effects)
    }
    forgetOldDead()
  }

  // MARK: - Connections

  /// A client has connected, now.
  ///
  /// - Parameter grant: the custodian that it speaks for; nil is the root.
  package mutating func connectionOpened(
    by peer: Peer,
    granted grant: CustodianID? = nil,
    at instant: Instant
  ) -> ConnectionID {
    now = max(now, instant)
    let session = newSession(below: grant ?? kernel.root)
    let id = connections.insert(
      Connection(peer: peer, phase: .greeting(until: now + Limits.handshake), session: session)
    )
    if let path = session.path { sessions[path] = id }
    greetings.append(id)
    place(id)
    return id
  }

  /// The connection is gone: what it waited for is given up, and its session custodian is shut down.
  package mutating func connectionClosed(_ id: ConnectionID, effects: inout Effects) {
    guard let connection = connections[id] else { return }
    connections.remove(id)
    if connection.phase == .link { endLink(id, "the connection has ended", effects: &effects) }
    if let guest = connection.guest { forgetGuest(guest) }
    endDealings(of: id, effects: &effects)
    withdrawPetitions(nil, of: id)
    defer { depart(connection, effects: &effects) }
    workerLeft(connection, effects: &effects)
    endWatches(of: connection, effects: &effects)
    for stream in connection.streams.keys.sorted() {
      detach(stream, on: id, thread: connection.streams[stream]?.thread, effects: &effects)
    }
    barred.remove(id)
    begunFrames.note(nil, on: id, at: now)
    for thread in connection.receipts.heldBack { entities[thread]?.awaitingRoom.removeAll { $0 == id } }
    for (_, wait) in connection.waits.sorted(by: { $0.key < $1.key }) {
      // The thread of a nested call goes on in it: only its own end, or the nested thread's, ends that.
      if dropAnswer(toCall: wait) { continue }
      answers[wait] = nil
      step(effects: &effects) { $0.withdraw(wait, effects: &$1) }
    }
    unplaced.remove(id)
    putBackMail(of: connection, effects: &effects)
    endThread(of: id, connection.own, effects: &effects)
    for index in shutdowns.indices { shutdowns[index].clients.removeAll { $0.connection == id } }
    for (thread, spawn) in spawns where spawn.connection == id { spawns[thread]?.connection = nil }
  }

  /// A frame has come. After the last of those that came together, `framesEnded` is to follow.
  package mutating func received(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    switch (connections.look(id, { $0.phase }), frame.header.kind) {
    case (.open, .mail):
      let (run, bytes) = frame.asRun()
      received(run, in: bytes.span, on: id, effects: &effects)
    case (.open, .ack) where frame.body.isEmpty: ackAsked(frame, on: id, effects: &effects)
    case (.open, .request): handleRequest(frame, on: id, effects: &effects)
    case (.open, .watch): watch(frame, on: id, effects: &effects)
    case (.open, .unwatch):
      if forwardOfMatter(frame, on: id, effects: &effects) { return }
      unwatch(WatchID(rawValue: frame.header.id), on: id, effects: &effects)
    case (.open, .attach): attach(frame, on: id, effects: &effects)
    case (.open, .data), (.open, .end), (.open, .close), (.open, .taken):
      streamFrameCame(frame, on: id, effects: &effects)
    case (.greeting, .hello): greet(frame, on: id, effects: &effects)
    case (.greeting, .linkHello): acceptLink(frame, on: id, effects: &effects)
    case (.link, _): linkFrameCame(frame, on: id, effects: &effects)
    case (.open, .credit), (.open, .mark): workerFrameCame(frame, on: id, effects: &effects)
    case (.open, .break): breakGivenBack(frame, on: id, effects: &effects)
    case (.open, _), (.greeting, _), (.closing, _), (nil, _):
      receivedOutOfPlace(frame.header.kind, on: id, effects: &effects)
    }
  }

  /// A frame of this kind has come that has no meaning now. What comes after the connection was refused is not looked at.
  mutating func receivedOutOfPlace(_ kind: FrameKind, on id: ConnectionID, effects: inout Effects) {
    refuseConnection(id, Sentences.outOfPlace(kind), effects: &effects)
  }

  /// No more frames are at hand: what the client is owed for its mail goes out.
  package mutating func framesEnded(on id: ConnectionID, effects: inout Effects) {
    let phase = connections.look(id) { $0.phase }
    guard phase == .open else {
      if phase == .link { linkFramesEnded(on: id, effects: &effects) }
      return
    }
    if let ack = connections.change(id, { $0.receipts.take() }) ?? nil { effects.append(.send(id, .ack(ack))) }
  }

  /// The client's bytes are no frames: it is told, and the connection is closed.
  package mutating func receivedGarbage(_ error: FrameError, on id: ConnectionID, effects: inout Effects) {
    refuseConnection(id, WireRefusal(error), effects: &effects)
  }

  private mutating func greet(_ frame: Frame, on id: ConnectionID, effects: inout Effects) {
    do throws(WireRefusal) {
      let hello = try decodeHello(frame)
      guard connections[id]?.isForLinks == false else { throw Sentences.linkOutOfPlace(.hello) }
      guard let version = hello.sharedVersion() else {
        return refuseConnection(id, Sentences.noSharedVersion(hello.versions), effects: &effects)
      }
      let worker = try welcomeWorker(hello, on: id)
      connections[id]?.phase = .open
      connections[id]?.bodyMax = min(hello.bodyMax, BodyLimit.usual)
      var welcome = Welcome(
        version: version,
        bodyMax: min(hello.bodyMax, BodyLimit.usual),
        node: identity.name,
        incarnation: identity.incarnation,
        daemonPID: identity.pid,
        daemonVersion: identity.version,
        grant: connections[id].flatMap { custodians.path(of: $0.session.grant) },
        session: connections[id]?.session.path,
        worker: worker
      )
      welcome.cluster = cluster?.configuration.name
      effects.append(.send(id, .welcome(welcome)))
      if let worker {
        deliverBreak(to: worker.thread, effects: &effects)
        pumpWorker(worker.thread, effects: &effects)
      }
    } catch {
      refuseConnection(id, error, effects: &effects)
    }
  }

  private func decodeHello(_ frame: Frame) throws(WireRefusal) -> Hello {
    do throws(WireDecodingError) { return try Hello(decoding: frame.body) } catch { throw WireRefusal(error) }
  }

  mutating func refuseConnection(_ id: ConnectionID, _ refusal: WireRefusal, effects: inout Effects) {
    guard let phase = connections.look(id, { $0.phase }), phase != .closing else { return }
    // What is owed for the mail that came before is told before the end.
    connections.change(id) { $0.receipts.ask() }
    framesEnded(on: id, effects: &effects)
    let isForLinks = connections.look(id) { $0.isForLinks } == true
    if phase == .link || isForLinks { linkRefused(id, refusal, effects: &effects) }
    connections[id]?.phase = .closing
    effects.append(.send(id, .refusal(refusal, nil)))
    effects.append(.close(id))
  }

  // MARK: - The model

  /// One step of the model, and all that follows from it.
  mutating func step<Failure: Error>(
    effects: inout Effects,
    _ body: (inout Kernel, inout [Effect]) throws(Failure) -> Void
  ) throws(Failure) {
    var answers: [Effect] = []
    defer { obey(answers, effects: &effects) }
    try body(&kernel, &answers)
  }
}

extension Instant {
  static func + (instant: Instant, duration: Duration) -> Instant {
    let (seconds, attoseconds) = duration.components
    return Instant(
      nanoseconds: instant.nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    )
  }

  /// So much earlier, but not before the clock's origin.
  func before(_ span: Duration) -> Instant {
    let (seconds, attoseconds) = span.components
    let nanoseconds = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !nanoseconds.overflow else { return Instant(nanoseconds: 0) }
    let earlier = nanoseconds.partialValue.addingReportingOverflow(UInt64(clamping: attoseconds / 1_000_000_000))
    return Instant(
      nanoseconds: self.nanoseconds - min(self.nanoseconds, earlier.overflow ? .max : earlier.partialValue)
    )
  }

  /// The time from `earlier` to `later`; zero if it is not earlier.
  static func - (later: Instant, earlier: Instant) -> Duration {
    .nanoseconds(Int64(clamping: later.nanoseconds - min(earlier.nanoseconds, later.nanoseconds)))
  }
}

// MARK: - Snapshots

extension Node: Codable {
  private enum CodingKeys: String, CodingKey {
    case identity
    case startedAt
    case kernel
    case entities
    case custodians
    case names
    case dead
    case ending
    case history
    case lastSession
    case now
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    identity = try values.decode(Identity.self, forKey: .identity)
    startedAt = try values.decode(Instant.self, forKey: .startedAt)
    kernel = try values.decode(Kernel.self, forKey: .kernel)
    entities = try values.decode(IDTable<ThreadID, Entity>.self, forKey: .entities)
    custodians = try values.decode(CustodianNames.self, forKey: .custodians)
    names = try values.decode([EntityName: ThreadID].self, forKey: .names)
    dead = try values.decode(Deque<ThreadID>.self, forKey: .dead)
    ending = try values.decode(Ending.self, forKey: .ending)
    history = try values.decode(History.self, forKey: .history)
    lastSession = try values.decode(UInt64.self, forKey: .lastSession)
    now = try values.decode(Instant.self, forKey: .now)
    for thread in kernel.threads.ids {
      learnRoots(of: thread)
      if kernel.threads[thread]?.life.isAlive == true { startTimeout(of: thread) }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(identity, forKey: .identity)
    try values.encode(startedAt, forKey: .startedAt)
    try values.encode(kernel, forKey: .kernel)
    try values.encode(entities, forKey: .entities)
    try values.encode(custodians, forKey: .custodians)
    try values.encode(names, forKey: .names)
    // Nothing will refer to them.
    try values.encode(Deque(overdue.sorted()) + transients + dead, forKey: .dead)
    try values.encode(ending, forKey: .ending)
    try values.encode(history, forKey: .history)
    try values.encode(lastSession, forKey: .lastSession)
    try values.encode(now, forKey: .now)
  }
}
