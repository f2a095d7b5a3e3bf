import HeddleModel
import HeddleWire

/// One value or more of every case that goes over the wire.
enum Samples {
  static let id = ThreadID(rawValue: 0x7F3A)
  static let byID = ThreadReference.id(id)
  static let byName = ThreadReference.name(name("worker-3"))
  static let job = path("/main/job")

  static let hello = Hello(versions: 1...3, clientName: "heddle", clientVersion: "0.1.0", bodyMax: 65_536)
  static let welcome = Welcome(
    version: 1,
    bodyMax: 65_536,
    node: "loom",
    incarnation: 42,
    daemonPID: 1_234,
    daemonVersion: "0.1.0",
    grant: .root,
    session: path("/session-3")
  )

  static let limits: ResourceLimits = {
    var limits = ResourceLimits()
    limits.openFiles = 64
    limits.processes = 0
    limits.addressSpace = 1 << 40
    limits.processorTime = .max
    limits.coreFile = 1
    return limits
  }()

  static let spawn = Spawn(
    name: name("worker-3"),
    in: job,
    argv: [bytes("sh"), bytes("-c"), [0xFF, 0x20]],
    environment: [bytes("A=b=c")],
    cwd: bytes("/tmp"),
    umask: 0o077,
    channel: .lines,
    suspendToKill: true,
    linger: true,
    limits: limits,
    allowSetuid: true,
    mailboxBounds: MailboxBounds(messagesMax: 10, bytesMax: nil)
  )

  static let boundSpawn: Spawn = {
    var spawn = Spawn(in: nil, argv: [bytes("true")], cwd: bytes("/"))
    spawn.timeout = .seconds(90)
    spawn.forget = true
    spawn.held = true
    return spawn
  }()

  static let groupedSpawn = Spawn(argv: [bytes("true")], cwd: bytes("/"), group: group)

  static let group: ThreadGroupPath = {
    do { return try ThreadGroupPath(parsing: "/render/tiles") } catch { preconditionFailure("\(error)") }
  }()

  static let relayingSpawn = Spawn(
    argv: [bytes("true")],
    cwd: bytes("/"),
    relay: Spawn.Relay(to: byName, passesEnd: true)
  )

  static let nestedSpawn = Spawn(in: job, argv: [bytes("true")], cwd: bytes("/"), nested: true, breaksDisabled: true)

  static let serve: Serve = {
    var serve = Serve(
      Spawn(name: name("echo"), in: job, argv: [bytes("cat")], environment: [bytes("A=b")], cwd: bytes("/tmp")),
      at: .internet(host: "::1", port: 7_000)
    )
    serve.connectionTimeout = .seconds(5)
    (serve.connectionsMax, serve.backlog, serve.descriptor) = (64, 128, 3)
    return serve
  }()

  static let unixServe: Serve = {
    var spawn = Spawn(in: nil, argv: [bytes("cat")], cwd: bytes("/"))
    spawn.held = true
    return Serve(spawn, at: .unix(path: bytes("/run/echo.sock")))
  }()

  static let servingInfo: ThreadInfo = {
    var thread = info(.running)
    var counts = ServerInfo.Counts()
    (counts.accepted, counts.timedOut, counts.killed, counts.failed, counts.pauses) = (12, 3, 2, 1, 4)
    thread.server = ServerInfo(
      address: .internet(host: "127.0.0.1", port: 7_000),
      stage: .full,
      connections: 2,
      connectionsMax: 2,
      connectionTimeout: .seconds(5),
      counts: counts,
      waiting: 0
    )
    return thread
  }()

  static let visitInfo: ThreadInfo = {
    var thread = info(.running)
    thread.peer = "192.0.2.1:4711"
    return thread
  }()

  static let commands: [Request.Command] =
    [
      .spawn(spawn), .spawn(Spawn(argv: [bytes("true")], cwd: bytes("/"))),
      .spawn(Spawn(in: nil, argv: [bytes("true")], cwd: bytes("/"), stdinPipe: true)),
      .spawn(nestedSpawn), .spawn(groupedSpawn), .spawn(relayingSpawn), .spawn(boundSpawn),
      .spawn(Spawn(argv: [bytes("true")], cwd: bytes("/"), relay: Spawn.Relay(to: byID))),
      .receive(most: 1, wait: true), .receive(most: 40, wait: false), .confirmMail(through: .max), .rewind([]),
      .rewind([bytes("a\nb"), []]), .mailWait, .becomeThread(name("inbox")),
      .find(byID), .find(byName),
      .list(includeDead: true), .list(includeDead: false, after: id),
      .suspend(byName), .resume(byID),
      .resume(byID, benefactor: .thread(byName)), .resume(byID, benefactor: .custodian(job)),
      .kill(byName, wait: true, really: false), .kill(byName, wait: false, really: true),
      .endMail(byID), .wait(byName), .cancel(RequestID(rawValue: .max)),
      .logs(byID), .logs(byID, tailLines: 0), .logs(byID, tailLines: 10),
      .custodianNew(job), .sessionCustodianNew(name("build")), .custodianTree(.root),
      .custodianShutdown(job, follow: true), .custodianShutdown(.main, follow: false),
      .custodianWait(job), .barrier, .daemonStatus, .logs(byID, since: .seconds(10)), .stopDaemon(grace: nil),
      .stopDaemon(grace: .zero), .stopDaemon(grace: .milliseconds(1_500)),
      .custodianShutdown(job, follow: true, grace: .seconds(10)), .show(byName), .shutdownPlan(job), .nodes, .names,
      .fenceNode(node), .shareCustodian(job, adopt: true), .shareCustodian(job, adopt: false), .spawn(clusterSpawn),
      .find(elsewhere), .resume(byID, benefactor: .thread(elsewhere)), .serve(serve), .serve(unixServe),
    ] + historyQueries.map { .history($0) } + BreakKind.allCases.map { .sendBreak(byID, $0) }
    + StateEvent.Kind.allCases.map { .event($0, of: byName) }

  static let historyQueries = [
    HistoryQuery(),
    HistoryQuery(after: 17, since: .age(.seconds(600)), kinds: [.dead, .failed], thread: byID, newest: 0, waits: true),
    HistoryQuery(since: .time(Moment(nanoseconds: 1_700_000_000_000_000_000)), thread: byName, newest: 20),
  ]

  static let happenings: [Happening] = {
    let whats: [Happening.What] =
      [
        .spawned(in: job), .spawned(in: nil), .started(pid: 4_170), .suspended, .resumed, .ending(with: job),
        .ending(with: nil), .mailEnded, .logDegraded("x: no space"), .logRestored("x: again"), .custodianMade(job),
        .graceBegun(job), .shutdownBegun(job), .shutdownComplete(job, nil),
        .shutdownComplete(job, ShutdownReport(threads: 3, processes: 9, leftSuspended: 1, duration: .milliseconds(12))),
        .daemonStarted(containment: "cgroup"), .daemonEnding,
      ] + Happening.NodeChange.allCases.map { .node(node, $0) }
      + BreakKind.allCases.map { .broken($0) }
      + causes.map { cause in
        let death = DeathRecord(cause: cause, unreadMail: 2)
        if case .failedToStart = cause { return .failed(death) }
        return .dead(death)
      }
    return whats.enumerated().map { place, what in
      Happening(
        number: UInt64(place + 1),
        time: Moment(nanoseconds: 1_700_000_000_000_000_000 + UInt64(place)),
        instant: Instant(nanoseconds: UInt64(place)),
        what: what,
        thread: place % 3 == 0 ? nil : .init(id: id, name: place % 3 == 1 ? name("worker-3") : nil),
        by: place % 2 == 0 ? "pid 4170" : ""
      )
    }
  }()

  static let history = HistoryPage(happenings: happenings, through: 40, hasMore: true, lost: 3)

  static let detail = ThreadDetail(
    thread: info(.running),
    made: Moment(nanoseconds: 1_700_000_000_000_000_000),
    changed: Moment(nanoseconds: 1_700_000_001_000_000_000),
    start: ThreadDetail.Start(
      cwd: bytes("/srv"),
      environmentCount: 30,
      heddleEnvironment: ["HEDDLE_ID=7f3a"],
      umask: 0o027,
      limits: limits,
      suspendToKill: true,
      linger: true,
      allowSetuid: true,
      stdinPipe: true
    ),
    ties: ThreadDetail.Ties(
      currentCustodian: job,
      benefactors: summaries,
      beneficiaries: [summaries[0]],
      creator: summaries[1]
    ),
    pendingBreak: .hangUp,
    traffic: ThreadDetail.Traffic(
      mailTaken: 12,
      isMailEnded: true,
      credit: .usualCredit,
      onTheirWay: .zero,
      logWritten: 1 << 20,
      logKept: 1 << 18
    ),
    place: ThreadDetail.Place(containment: "cgroup", cgroup: "/sys/fs/cgroup/heddle/7", processes: 3, warden: 99)
  )

  /// With as little in it as there can be.
  static let bareDetail = ThreadDetail(
    thread: info(.starting),
    made: .epoch,
    changed: .epoch,
    start: ThreadDetail.Start(
      cwd: bytes("/"),
      environmentCount: 0,
      heddleEnvironment: [],
      umask: 0,
      limits: ResourceLimits(),
      suspendToKill: false,
      linger: false,
      allowSetuid: false,
      stdinPipe: false
    ),
    ties: ThreadDetail.Ties(),
    pendingBreak: nil,
    traffic: ThreadDetail.Traffic(
      mailTaken: 0,
      isMailEnded: false,
      credit: nil,
      onTheirWay: nil,
      logWritten: 0,
      logKept: 0
    ),
    place: ThreadDetail.Place(containment: "")
  )

  static let plan = ShutdownPlan(
    custodians: [.main, job],
    ended: [summaries[1]],
    leftSuspended: [summaries[2]],
    surviving: [summaries[0]]
  )

  static let events = [
    StateEvent(thread: id, kind: .suspension, generation: 3), StateEvent(thread: id, kind: .death, generation: 0),
    StateEvent(thread: id, kind: .resumption, generation: StateEvent.never),
  ]

  static let attachments = [
    Attach(.log, of: .thread(byName), from: 4_096), Attach(.standardInput, of: .thread(byID)),
    Attach(.standardOutput, of: .spawn(RequestID(rawValue: 3)), holdsProgram: true),
    Attach(.standardError, of: .thread(byID), from: 0),
  ]

  static let totals = MailTotals(messages: 40_000, bytes: 3 << 30)

  static let workerHello = Hello(clientName: "worker", clientVersion: "1", mailCredit: .usualCredit)

  static let workerWelcome = Welcome(
    version: 1,
    bodyMax: BodyLimit.usual,
    node: "loom",
    incarnation: 42,
    daemonPID: 1_234,
    daemonVersion: "0.1.0",
    grant: job,
    session: path("/main/job/session-4"),
    worker: Welcome.Worker(thread: id, name: name("words"), credit: .usualCredit, breaksDisabled: true)
  )

  static let attached = Attached(thread: id, offset: 65_536)

  static let requests =
    commands.map { Request($0) } + [
      Request(.barrier, as: job), Request(.suspend(byID), as: .root), Request(.custodianTree(job), on: name("b")),
    ]

  static let causes: [DeathCause] = [
    .exited(code: 0), .exited(code: 255), .signalled(number: 9, coreDumped: false),
    .signalled(number: 11, coreDumped: true), .failedToStart(errorNumber: 2, stage: "exec"), .killed(by: "id:2"),
    .custodianShutDown(job), .daemonEnded,
  ]

  static let infos =
    [info(.starting), info(.running), info(.suspended), info(.ending)]
    + causes.map { info(.dead, death: DeathRecord(cause: $0, unreadMail: 3)) } + [info(.running, in: group)]

  static let relayingInfo = {
    var relaying = info(.running)
    relaying.relay = ThreadInfo.Relay(to: id, name: name("words"), passesEnd: true, waitingLines: 12)
    return relaying
  }()

  static let summaries = ThreadInfo.State.allCases.map { ThreadSummary(id: id, name: name("x"), state: $0) }

  static let tree = CustodianListing(
    path: .root,
    state: .open,
    children: [
      CustodianListing(
        path: .main,
        state: .open,
        children: [CustodianListing(path: job, state: .shuttingDown, children: [], threads: summaries)],
        threads: []
      )
    ],
    threads: [ThreadSummary(id: id, name: nil, state: .running)]
  )

  static let status = DaemonStatus(
    pid: 7,
    version: "0.1.0",
    socketPath: bytes("/run/user/0/heddle/socket"),
    node: "loom",
    incarnation: 42,
    uptime: .seconds(90),
    counts: .init(livingThreads: 1, deadThreads: 2, custodians: 3, connections: 4),
    containment: "cgroup"
  )

  static let contained = {
    var contained = status
    contained.containmentPlace = "/sys/fs/cgroup/heddle"
    contained.containmentReasons = "cgroup: not delegated"
    return contained
  }()

  static let leavingStatus: DaemonStatus = {
    var leaving = status
    leaving.leavesAfter = .seconds(600)
    leaving.logPath = bytes("/root/.local/state/heddle/daemon.log")
    return leaving
  }()

  static let replies: [Reply] =
    [
      .history(history), .history(HistoryPage(happenings: [], through: 0)), .threadDetail(detail),
      .threadDetail(bareDetail), .shutdownPlan(plan), .daemonStatus(contained),
      .log(LogText(text: [0x0A], droppedBytes: 5, offset: 9)),
      .spawned(servingInfo), .thread(visitInfo),
      .done, .spawned(infos[0]), .thread(infos[1]), .threads([], more: false), .threads(infos, more: true),
      .died(id, DeathRecord(cause: causes[0], unreadMail: 0)),
      .log(LogText(text: [0, 0xFF, 0x0A], droppedBytes: 1 << 40)), .log(LogText(text: [], droppedBytes: 0)),
      .custodianTree(tree),
      .shutDown(ShutdownReport(threads: 3, processes: 9, leftSuspended: 1, duration: .milliseconds(12))),
      .daemonStatus(status), .daemonStatus(leavingStatus),
      .died(id, DeathRecord(cause: .timedOut(after: .seconds(90)), unreadMail: 0)),
      .died(id, DeathRecord(cause: .nodeLost(node), unreadMail: 0)), .names(globalNames), .custodianShared(job),
      .nestedEnded(nestedEnd), .thread(relayingInfo), .received(messages: 3, isEnd: false),
      .received(messages: 0, isEnd: true),
      .nestedEnded(NestedEnd(thread: id, death: DeathRecord(cause: causes[1], unreadMail: 0), isValueLost: false)),
    ] + events.map { .stateEvent($0) } + [KillOutcome.ending, .died, .suspended, .wasDead].map { .killed($0) }

  static let nestedEnd = NestedEnd(
    thread: id,
    death: DeathRecord(cause: .killed(by: "thread id:2"), unreadMail: 1),
    isValueLost: true
  )

  static let notices: [Notice] =
    [
      .threadDead(summaries[4], after: .nanoseconds(1_500_000), ended: ended),
      .threadDead(summaries[4], after: .zero, ended: EndedProcesses(program: nil, stragglers: [], total: 0)),
      .leftSuspended([]), .leftSuspended(summaries), .started(infos[1]),
      .threadEnded(summaries[4], after: .milliseconds(3), DeathRecord(cause: .exited(code: 0), unreadMail: 1)),
    ] + GraceStage.allCases.map { .grace($0, $0 == .over ? [] : summaries, left: .seconds(5)) }

  static let ended = EndedProcesses(
    program: .init(pid: 4_170, name: "sh"),
    stragglers: [
      .init(pid: 4_173, name: "sleep", inOtherSession: false), .init(pid: 4_172, name: "sleep", inOtherSession: true),
    ],
    total: 3
  )

  static let refusals =
    RefusalCode.allCases.map {
      WireRefusal($0, attempted: "suspend", subject: "thread x", reason: "it is dead", advice: "", errorNumber: nil)
    } + [WireRefusal(.cannotStart, attempted: "start", subject: "x", reason: "r", advice: "a", errorNumber: 2)]

  static let acks = [
    Ack(through: 0), Ack(through: .max),
    Ack(through: 9, refused: [.init(number: 3, code: .mailboxFull), .init(number: 9, code: .dead)]),
  ]

  static func info(
    _ state: ThreadInfo.State,
    death: DeathRecord? = nil,
    in group: ThreadGroupPath = .root
  ) -> ThreadInfo {
    ThreadInfo(
      id: id,
      name: name("worker-3"),
      argv: [bytes("sleep"), [0xFE]],
      custodians: [.main, job],
      state: state,
      age: .seconds(3_600),
      sinceChange: .nanoseconds(1),
      lastChange: .init(what: "suspended", by: "/main/job"),
      pid: state == .running ? 4_321 : nil,
      channel: .lines,
      mail: .init(messages: 2, bytes: 130, bounds: .supervised),
      death: death,
      group: group
    )
  }

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  static func name(_ text: String) -> EntityName {
    do { return try EntityName(text) } catch { preconditionFailure("\(text): \(error)") }
  }

  static func path(_ text: String) -> CustodianPath {
    do { return try CustodianPath(parsing: text) } catch { preconditionFailure("\(text): \(error)") }
  }
}
