import Cluster
import HeddleModel
import HeddleWire
import Supervision

/// A node with clients and a keeper that do what a story says, and what came of it.
struct NodeWorld {
  var node: Node
  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  /// What each connection was sent and has not looked at.
  private(set) var inbox: [ConnectionID: [Outgoing]] = [:]
  private(set) var closed: Set<ConnectionID> = []
  /// What the keeper was asked, and has not answered.
  private(set) var orders: [KeeperRequest] = []
  /// The trees that stand still for the lease's sake, those that will at its deadline, and the deadline.
  private(set) var fenced: Set<ThreadID> = []
  /// What the keeper was asked to start.
  private var programs: [ThreadID: KeeperProgram] = [:]
  private(set) var guarded: Set<ThreadID> = []
  private(set) var fenceDeadline: Instant?
  /// What was written to each program.
  private(set) var written: [ThreadID: String] = [:]
  private(set) var ended: Set<ThreadID> = []
  /// The outputs that are not read at present.
  private(set) var held: [ThreadID: Set<ProgramOutput>] = [:]
  /// The workers to which nothing is to be written at present.
  private(set) var heldWorkers: Set<ConnectionID> = []
  private(set) var exitStatus: Int32?
  private(set) var isListening = false
  /// The directories whose trees were to be ended.
  private(set) var abandoned: [String] = []
  /// What the daemon's own log says.
  private(set) var logLines: [String] = []
  /// The sockets that listen, with whether connections are wanted at each.
  private(set) var listeners: [ListenerID: Bool] = [:]
  /// What could not be listened at is refused with this error.
  var listeningError: Int32?
  /// The connections that were closed without a program.
  private(set) var closedSockets: [SocketID] = []
  /// How many wait at each listener.
  var waiting: Int?
  private var lastSocket: UInt64 = 0
  private var nextRequest: UInt64 = 0
  /// The other nodes that are to be dialed, and by which connections.
  private(set) var dials: [(id: ConnectionID, node: EntityName)] = []
  /// What is written to each connection that is a link.
  private(set) var lines: [ConnectionID: LinkWriter] = [:]
  /// What the registrar's journal was given.
  private(set) var journal: [JournalRecord] = []
  /// Up to which record it is on the disk.
  private var synced = 0
  /// What the wall clock is ahead of the other.
  static let dateOffset: UInt64 = 1_700_000_000_000_000_000

  init(_ name: String = "loom", incarnation: UInt64 = 7) {
    let identity = Node.Identity(name: name, incarnation: incarnation, pid: 42, version: "0", socketPath: "/s")
    node = Node(identity, now: now)
  }

  // MARK: - Clients

  /// A client that has said hello.
  mutating func client(granted grant: CustodianID? = nil) -> ConnectionID { greeted(granted: grant).client }

  /// The same, with what it was welcomed with.
  mutating func greeted(granted grant: CustodianID? = nil) -> (client: ConnectionID, welcome: Welcome?) {
    let id = connect(granted: grant)
    receive(.hello, Hello(clientName: "story", clientVersion: "0").encoded(), on: id)
    for case .welcome(let welcome) in take(id) { return (id, welcome) }
    return (id, nil)
  }

  /// A client that has said nothing yet.
  mutating func connect(granted grant: CustodianID? = nil, from origin: ProcessOrigin = ProcessOrigin()) -> ConnectionID
  {
    node.connectionOpened(by: Peer(pid: 100, uid: 0, origin: origin), granted: grant, at: now)
  }

  /// A client that comes from somewhere, and has said hello.
  mutating func client(from origin: ProcessOrigin) -> ConnectionID {
    let id = connect(from: origin)
    receive(.hello, Hello(clientName: "story", clientVersion: "0").encoded(), on: id)
    _ = take(id)
    return id
  }

  /// A client in a thread's tree of processes.
  mutating func client(in thread: ThreadID) -> ConnectionID {
    client(from: ProcessOrigin(root: Int32(1_000 + thread.rawValue)))
  }

  /// The client is gone.
  mutating func hangUp(_ connection: ConnectionID) { step { $0.connectionClosed(connection, effects: &$1) } }

  /// Sends a frame of a watch or a stream, and gives what came back at once.
  mutating func say(_ kind: FrameKind, _ id: UInt64, _ body: [UInt8] = [], on connection: ConnectionID) -> [Outgoing] {
    receive(kind, body, id: id, on: connection)
    return take(connection)
  }

  mutating func receive(
    _ kind: FrameKind,
    _ body: [UInt8],
    id: UInt64 = 0,
    flags: FrameFlags = [],
    on connection: ConnectionID
  ) {
    let header = FrameHeader(kind, flags: flags, id: id, bodyCount: body.count)
    step { $0.received(Frame(header: header, body: body), on: connection, effects: &$1) }
  }

  /// Asks, and gives what came back at once.
  mutating func ask(
    _ command: Request.Command,
    as authority: CustodianPath? = nil,
    node: EntityName? = nil,
    on connection: ConnectionID
  ) -> [Outgoing] {
    nextRequest += 1
    receive(.request, Request(command, as: authority, on: node).encoded(), id: nextRequest, on: connection)
    return take(connection)
  }

  /// The identifier of the last request.
  var lastRequest: RequestID { RequestID(rawValue: nextRequest) }

  /// Sends mail, one frame a text, and gives the acknowledgement.
  mutating func mail(
    _ texts: [String],
    to thread: ThreadID,
    flags: FrameFlags = [],
    on connection: ConnectionID
  ) -> Ack? {
    for text in texts { receive(.mail, Array(text.utf8), id: thread.rawValue, flags: flags, on: connection) }
    step { $0.framesEnded(on: connection, effects: &$1) }
    for case .ack(let ack) in inbox[connection] ?? [] {
      inbox[connection]?.removeAll { $0 == .ack(ack) }
      return ack
    }
    return nil
  }

  /// What the connection was sent since it last looked.
  mutating func take(_ connection: ConnectionID) -> [Outgoing] {
    defer { inbox[connection] = [] }
    return inbox[connection] ?? []
  }

  // MARK: - Programs

  /// A thread whose program runs.
  mutating func start(
    _ name: String? = nil,
    in custodian: CustodianPath? = .main,
    channel: ChannelMode = .none,
    suspendToKill: Bool = false,
    bounds: MailboxBounds? = nil,
    stdinPipe: Bool = false,
    linger: Bool = false,
    relay: Spawn.Relay? = nil,
    on connection: ConnectionID
  ) throws -> ThreadID {
    let spawn = Spawn(
      name: try name.map { try EntityName($0) },
      in: custodian,
      argv: [Array("program".utf8)],
      cwd: Array("/".utf8),
      channel: channel,
      suspendToKill: suspendToKill,
      linger: linger,
      mailboxBounds: bounds,
      stdinPipe: stdinPipe,
      relay: relay
    )
    let refusals = ask(.spawn(spawn), on: connection)
    guard case .start(let thread, _) = orders.last else { throw Unexpected(refusals) }
    orders.removeLast()
    report(.started(thread, pid: Int32(1_000 + thread.rawValue), descriptors: 3))
    _ = take(connection)
    return thread
  }

  /// The program writes.
  mutating func output(_ text: String, _ output: ProgramOutput = .standardOutput, from thread: ThreadID) {
    step { $0.outputCame(Array(text.utf8), from: thread, output, effects: &$1) }
  }

  /// The program returns, and nothing of its tree is left.
  mutating func exit(_ thread: ThreadID, code: Int32 = 0) {
    report(.exited(thread, .exit(code: code)))
    report(.empty(thread, Stragglers(total: 0, named: [])))
  }

  mutating func report(_ report: KeeperReport) { step { $0.keeperReported(report, effects: &$1) } }

  mutating func takeOrders() -> [KeeperRequest] {
    defer { orders = [] }
    return orders
  }

  /// The keeper does at once what it was asked; trees end with `stragglers` processes beside the program.
  mutating func obeyOrders(stragglers: Int = 0) {
    for order in takeOrders() {
      switch order {
      case .suspend(let thread, let generation): report(.suspended(thread, generation: generation))
      case .resume(let thread, let generation): report(.resumed(thread, generation: generation))
      case .kill(let thread):
        report(.exited(thread, .signal(9, coreDumped: false)))
        report(.empty(thread, Stragglers(total: stragglers, named: [])))
      case .start, .signal, .fence, .unfence, .guardThread, .armFence: break
      }
    }
  }

  /// The keeper of our build says hello.
  mutating func greet(_ containment: Containment) {
    report(.hello(version: KeeperProtocol.version, buildID: KeeperProtocol.buildID, containment))
  }

  /// The program's pipe has taken what was written to it.
  mutating func inputWritten(_ thread: ThreadID) { step { $0.inputWritten(thread, effects: &$1) } }

  // MARK: - Servers

  /// The only listener, which has been asked for.
  var listener: ListenerID? { listeners.count == 1 ? listeners.keys.first : nil }

  private mutating func open(_ id: ListenerID, _ address: ServerAddress) {
    if let listeningError {
      return step { $0.listenerFailed(id, errno: listeningError, "no", effects: &$1) }
    }
    listeners[id] = false
    // The system's choice.
    var address = address
    if case .internet(let host, 0) = address { address = .internet(host: host, port: 4_711) }
    step { [address] in $0.listenerOpened(id, at: address, effects: &$1) }
  }

  /// Somebody connects; the system would keep them waiting while nobody is wanted.
  ///
  /// - Returns: the thread whose program is to serve them; nil if they were turned away.
  mutating func visit(_ listener: ListenerID, port: UInt16 = 9_000) -> ThreadID? {
    lastSocket += 1
    let socket = SocketID(rawValue: lastSocket)
    let visitor = Visitor.internet(
      remote: Visitor.End(host: "192.0.2.1", port: port),
      local: Visitor.End(host: "127.0.0.1", port: 7_000)
    )
    step { $0.connected(socket, from: visitor, at: listener, effects: &$1) }
    guard case .start(let thread, let program) = orders.last, program.connection?.socket == socket else { return nil }
    return thread
  }

  /// Somebody connects, and their program runs.
  mutating func serveVisitor(_ listener: ListenerID) throws -> ThreadID {
    guard let thread = visit(listener) else { throw Unexpected([]) }
    orders.removeLast()
    report(.started(thread, pid: Int32(1_000 + thread.rawValue), descriptors: 1))
    return thread
  }

  // MARK: - Steps

  mutating func pass(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    now = Instant(nanoseconds: now.nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
    step { _, _ in }
  }

  mutating func step(_ input: (inout Node, inout [NodeEffect]) -> Void) {
    var effects: [NodeEffect] = []
    node.timePassed(to: now, date: Moment(nanoseconds: Self.dateOffset + now.nanoseconds), effects: &effects)
    input(&node, &effects)
    node.inputEnded(effects: &effects)
    for effect in effects { perform(effect) }
  }

  private mutating func send(_ outgoing: Outgoing, to id: ConnectionID) {
    let route = node.route(to: id)
    let line = route?.link ?? id
    guard lines[line] != nil else { return inbox[id, default: []].append(outgoing) }
    // What does not fit is told as a refusal, by the shell.
    try? lines[line]?.append(outgoing, for: route?.client)
  }

  /// The connection is one end of a link.
  mutating func layLine(_ id: ConnectionID) { lines[id] = LinkWriter() }

  mutating func takeBytes(of line: ConnectionID) -> [UInt8] { lines[line]?.take() ?? [] }

  /// What the program of a thread has in its environment.
  func environment(of thread: ThreadID) -> [String: String] {
    let words = programs[thread]?.environment.map {
      String(decoding: $0, as: UTF8.self).split(separator: "=", maxSplits: 1)
    }
    return Dictionary((words ?? []).map { (String($0[0]), String($0.last ?? "")) }) { $1 }
  }

  /// Brings the registrar's journal to the disk.
  ///
  /// - Returns: whether there was anything to bring.
  mutating func syncJournal() -> Bool {
    guard synced < journal.count else { return false }
    synced = journal.count
    step { [synced] in $0.journalSynced(UInt64(synced), effects: &$1) }
    return true
  }

  mutating func takeDials() -> [(id: ConnectionID, node: EntityName)] {
    defer { dials = [] }
    return dials
  }

  /// What is for the lease's sake is done at once, since the keeper says nothing of it.
  private mutating func order(_ request: KeeperRequest) {
    switch request {
    case .fence(let thread): fenced.insert(thread)
    case .unfence(let thread): fenced.remove(thread)
    case .guardThread(let thread): guarded.insert(thread)
    case .armFence(let instant): fenceDeadline = instant
    case .start(let thread, let program):
      if program.isGuarded { guarded.insert(thread) }
      programs[thread] = program
      orders.append(request)
    case .suspend, .resume, .signal, .kill: orders.append(request)
    }
  }

  private mutating func perform(_ effect: NodeEffect) {
    switch effect {
    case .send(let id, let outgoing): send(outgoing, to: id)
    case .dial(let id, let node): dials.append((id, node))
    case .close(let id) where node.route(to: id) != nil: hangUp(id)
    case .close(let id), .drop(let id): closed.insert(id)
    case .order(let request): order(request)
    case .holdFrames(let id, true): heldWorkers.insert(id)
    case .holdFrames(let id, false): heldWorkers.remove(id)
    case .write(let thread, let bytes): written[thread, default: ""] += String(decoding: bytes, as: UTF8.self)
    case .endInput(let thread): ended.insert(thread)
    case .holdOutput(let thread, let output, true): held[thread, default: []].insert(output)
    case .holdOutput(let thread, let output, false): held[thread]?.remove(output)
    case .drainOutput(let thread): step { $0.outputDrained(thread, effects: &$1) }
    case .openListener(let id, let address, _): open(id, address)
    case .accept(let id, let isWanted): listeners[id] = isWanted
    case .closeListener(let id): listeners[id] = nil
    case .closeSocket(let socket): closedSockets.append(socket)
    case .countWaiting(_, let count): step { [waiting] in $0.waitingCounted(waiting, for: count, effects: &$1) }
    case .listen: isListening = true
    case .endTrees(let place): abandoned.append(place)
    case .log(let line): logLines.append(line)
    case .exit(let status): exitStatus = status
    case .journal(let record): journal.append(record)
    case .replaceJournal(let snapshot): journal.append(.snapshot(snapshot))
    }
  }
}

struct Unexpected: Error {
  let outgoing: [Outgoing]
  init(_ outgoing: [Outgoing]) { self.outgoing = outgoing }
}

extension [Outgoing] {
  /// The code of the first refusal.
  var refusal: RefusalCode? {
    for case .refusal(let refusal, _) in self { return refusal.code }
    return nil
  }

  /// The first reply.
  var reply: Reply? {
    for case .reply(let reply, _) in self { return reply }
    return nil
  }

  /// The bodies of the mail.
  var mail: [String] {
    var bodies: [String] = []
    for case .mail(let bytes) in self {
      var (reader, offset) = (FrameReader(), 0)
      reader.bodyMax = BodyLimit.usual
      while let frame = (try? reader.next(in: bytes.span, at: &offset)) ?? nil {
        bodies.append(String(decoding: frame.body, as: UTF8.self))
      }
    }
    return bodies
  }

  /// The first reply's thread.
  var info: ThreadInfo? {
    switch reply {
    case .thread(let info), .spawned(let info): info
    default: nil
    }
  }
}
