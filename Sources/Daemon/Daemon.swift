internal import DequeModule
internal import Glibc
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire
internal import Supervision
internal import Synchronization

/// A supervisor at work: a `Node`, and the loop, sockets, pipes and keeper that do what it says.
///
/// It lives on its loop: each callback is one input, `Node` decides in one synchronous step, and what it says is done in
/// order before the next input. That is the whole of its concurrency.
package actor Daemon {
  nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  let configuration: DaemonConfiguration
  private let lock: InstanceLock
  /// The socket that a service manager has bound for us; -1 once it is the listener's, or if there is none.
  private var handedOver: Int32
  var node: Node
  private var effects: Deque<NodeEffect> = []
  private var isObeying = false
  private var listener: Listener?
  /// Where other nodes dial this one.
  var linkListener: Listener?
  var linkLock: LinkLock?
  /// The commands over which links go.
  var linkCommands: [ConnectionID: CommandStream] = [:]
  var lastLinkLine = ""
  /// The cluster's, where this node is its registrar.
  var journal: JournalFile?
  private(set) var keeper: Keeper?
  private var timer: HeddleLoop.Timer?
  /// What the timer is armed for.
  private var deadline: Instant?
  private var logStore: LogStore?
  private var signals: [SignalWatcher] = []
  var clients: [ConnectionID: Client] = [:]
  private var bodies: [ThreadID: Body] = [:]
  var listeners: [ListenerID: ServerListener] = [:]
  /// The connections that were accepted and that no program has yet.
  var sockets: [SocketID: ByteStream] = [:]
  var lastSocket: UInt64 = 0
  /// Those that have something to be flushed, each once.
  private var unflushed: [(id: ConnectionID, client: Client)] = []
  /// The status to leave with, once that is decided.
  private var status: Int32?
  private var isLeaving = false
  private var hasToldEnding = false
  /// How long clients and keeper may take when the daemon leaves.
  private static let leavingMax = Duration.seconds(5)
  /// What `serve` gives; written on the loop, read when the loop has ended.
  private nonisolated let outcome = Mutex<Result<Int32, any Error>>(.success(1))
  /// What a keeper that is gone has left; written on the loop, removed when the loop has ended.
  private nonisolated let abandoned = Mutex<AbandonedTrees?>(nil)

  /// Runs a supervisor on the calling thread until it ends.
  ///
  /// - Returns: the status to exit with.
  /// - Throws: `DaemonError` or `LoopError` when it could not start: another one is there, or the place is not ours.
  package static func serve(_ configuration: DaemonConfiguration) throws -> Int32 {
    ProcessSetup.unblockSignals()
    ProcessSetup.raiseDescriptorLimit()
    let loop = try EventLoop()
    defer { loop.stop() }
    let daemon = try Daemon(configuration, on: loop)
    loop.perform { daemon.assumeIsolated { $0.begin() } }
    loop.run()
    daemon.abandoned.withLock { $0?.remove() }
    return try daemon.outcome.withLock { try $0.get() }
  }

  /// Claims the socket's place; nothing runs yet.
  ///
  /// - Throws: `DaemonError` when another daemon is there, or the place is not ours.
  private init(_ configuration: DaemonConfiguration, on loop: EventLoop) throws {
    self.loop = loop
    self.configuration = configuration
    handedOver = try configuration.serviceManager?.listener(at: configuration.socketPath) ?? -1
    lock = try InstanceLock.claim(
      socketAt: configuration.socketPath,
      keepsSocket: handedOver >= 0,
      // One that leaves by itself is started in place of one that is just leaving.
      patience: configuration.leavesAfter == nil ? .zero : Self.leavingMax
    )
    let identity = Node.Identity(
      name: configuration.nodeName,
      incarnation: Self.incarnation,
      pid: getpid(),
      version: configuration.version,
      socketPath: configuration.socketPath,
      logPath: configuration.logPath
    )
    node = Node(identity, now: Instant(nanoseconds: EventLoop.nanoseconds))
    if let patience = configuration.leavesAfter { node.startedByClient(leavingAfter: patience) }
    if let cluster = configuration.cluster { try Self.join(cluster, at: configuration.socketPath, as: &node) }
  }

  private func begin() {
    do {
      try start()
    } catch {
      outcome.withLock { $0 = .failure(error) }
      loop.requestStop()
    }
  }

  /// Starts the keeper; its first report is what lets clients in.
  private func start() throws {
    timer = try HeddleLoop.Timer(on: loop) { [self] in timePassed() }
    for signal in configuration.endSignals {
      signals.append(try SignalWatcher(signal, on: loop) { [self] in askedToEnd() })
    }
    if let directory = configuration.stateDirectory {
      logStore = try LogStore(in: directory, on: loop, log: configuration.log) { [self] name, isLost, sentence in
        step { node, _ in node.logFileChanged(name, isLost: isLost, sentence) }
      }
    }
    keeper = try Keeper(
      configuration.keeperPath,
      arguments: [configuration.containment.rawValue, Self.instance(of: configuration.socketPath)],
      on: loop,
      onReport: { [self] report, streams in handle(report, streams) },
      onLost: { [self] reason in keeperLost(reason) },
      onExit: { [self] in keeperExited() }
    )
  }

  /// Makes the socket. Only now: what a daemon that was here before has left is ended by the keeper's start.
  private func listen() {
    do {
      listener = try makeListener()
      try openJournal()
      try listenForLinks()
      configuration.log("listening on \(configuration.socketPath)")
      configuration.serviceManager?.tell("READY=1\nSTATUS=listening on \(configuration.socketPath)")
      configuration.onReady()
      // Who started it may want it to leave when nobody comes at all.
      arm()
    } catch {
      outcome.withLock { $0 = .failure(error) }
      loop.requestStop()
    }
  }

  private func makeListener() throws(LoopError) -> Listener {
    let path = configuration.socketPath
    guard handedOver >= 0 else { return try Listener(path: path, on: loop) { [self] in accept($0) } }
    let listener = try Listener(adopting: handedOver, path: path, on: loop) { [self] in accept($0) }
    handedOver = -1
    return listener
  }

  /// What names the daemons of one socket, and in practice no others': the user, and FNV-1a of the path.
  private static func instance(of socketPath: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in socketPath.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return "\(geteuid())-\(String(hash, radix: 16))"
  }

  /// A number that no earlier start on this machine had: the time of the start.
  private static var incarnation: UInt64 { Moment.now.nanoseconds }

  // MARK: - Inputs

  /// One input, and all that follows from it.
  func step(_ input: (inout Node, inout [NodeEffect]) -> Void) {
    var new: [NodeEffect] = []
    if configuration.cluster != nil { Self.addChance(to: &node) }
    let leases = configuration.cluster == nil ? nil : Instant(nanoseconds: EventLoop.bootNanoseconds)
    node.timePassed(to: Instant(nanoseconds: EventLoop.nanoseconds), date: .now, leases: leases, effects: &new)
    input(&node, &new)
    node.inputEnded(effects: &new)
    effects.append(contentsOf: new)
    // Doing what was said may be the next input; its effects then come behind these.
    guard !isObeying else { return }
    isObeying = true
    while let effect = effects.popFirst() { obey(effect) }
    isObeying = false
    flush()
    if Self.isEnding(&node) { tellEnding() }
    if status == nil { arm() } else { leave() }
  }

  /// In place, as `nextDeadline` looks.
  private static func addChance(to node: inout Node) {
    if node.wantsEntropy { node.addEntropy(chance()) }
  }

  private func timePassed() {
    deadline = nil
    if isLeaving { loop.requestStop() } else { step { _, _ in } }
  }

  private static func isEnding(_ node: inout Node) -> Bool { node.isEnding }

  /// Tells, once, who started it as a service.
  private func tellEnding() {
    guard !hasToldEnding else { return }
    hasToldEnding = true
    configuration.serviceManager?.tell("STOPPING=1\nSTATUS=ending its threads")
  }

  private func askedToEnd() { step { node, effects in node.askedToEnd(effects: &effects) } }

  private func keeperLost(_ reason: String) {
    if !isLeaving { step { node, effects in node.keeperLost(reason, effects: &effects) } }
  }

  private func handle(_ report: KeeperReport, _ streams: [ByteStream]) {
    var channel: ByteStream?
    if case .started(let thread, _, _, let count) = report {
      guard streams.count == count else { return endUnreachable(thread, report, streams) }
      var streams = streams
      channel = node.isWorker(thread) ? streams.popLast() : nil
      let logName = node.logName(of: thread) ?? "\(thread)"
      bodies[thread] = Body(streams) { [self] bytes, output in
        logStore?.append(bytes, to: logName)
        unsafe bytes.withUnsafeBufferPointer { bytes in
          step { unsafe $0.outputCame(bytes, from: thread, output, effects: &$1) }
        }
      }
    }
    step { $0.keeperReported(report, effects: &$1) }
    if case .started(let thread, _, _, _) = report, let channel { serveWorker(thread, on: channel) }
  }

  /// A program runs whose streams could not be received, for want of descriptors: it is ended.
  private func endUnreachable(_ thread: ThreadID, _ report: KeeperReport, _ streams: [ByteStream]) {
    for stream in streams { stream.close() }
    step {
      $0.keeperReported(report, effects: &$1)
      $0.outputLost(thread, effects: &$1)
    }
  }

  private func keeperExited() {
    keeper?.close()
    keeper = nil
    stopIfLeft()
  }

  // MARK: - Effects

  private func obey(_ effect: NodeEffect) {
    switch effect {
    case .send(let id, let outgoing): send(outgoing, to: id)
    case .dial(let id, let name): dial(id, name)
    case .close(let id): finish(id)
    case .drop(let id): disconnect(id)
    case .holdFrames(let id, let isHeld): holdFrames(isHeld, to: id)
    case .order(let request): order(request)
    case .write(let thread, let bytes): write(bytes, to: thread)
    case .endInput(let thread): bodies[thread]?.endInput()
    case .holdOutput(let thread, let output, let isHeld): bodies[thread]?.hold(output, isHeld)
    case .drainOutput(let thread): drain(thread)
    case .openListener(let id, let address, let backlog): openListener(id, address, backlog: backlog)
    case .accept(let id, let isWanted): listeners[id]?.accept(isWanted)
    case .closeListener(let id): closeListener(id)
    case .closeSocket(let id): sockets.removeValue(forKey: id)?.close()
    case .countWaiting(let id, let count): countWaiting(at: id, for: count)
    case .journal(let record): journal?.append([record])
    case .replaceJournal(let snapshot): journal?.replace(with: snapshot)
    case .listen: listen()
    case .endTrees(let place):
      let trees = AbandonedTrees(place: place)
      trees.kill()
      abandoned.withLock { $0 = trees }
    case .log(let line): configuration.log(line)
    case .exit(let status): if self.status == nil { self.status = status }
    }
  }

  private func send(_ outgoing: Outgoing, to id: ConnectionID) {
    guard let client = clients[id] else {
      if let (link, guest) = node.route(to: id) { send(outgoing, to: link, for: guest) }
      return
    }
    send(outgoing, over: client, id, for: nil)
  }

  private func send(_ outgoing: Outgoing, to link: ConnectionID, for guest: UInt64) {
    if let client = clients[link] { send(outgoing, over: client, link, for: guest) }
  }

  /// - Parameter guest: the client of another node that it is for, where the connection is a link.
  private func send(_ outgoing: Outgoing, over client: Client, _ id: ConnectionID, for guest: UInt64?) {
    do throws(FrameError) {
      try client.append(outgoing, for: guest)
      guard !client.willBeFlushed else { return }
      client.willBeFlushed = true
      unflushed.append((id, client))
    } catch {
      configuration.log("a frame for a client was not written: \(error)")
    }
  }

  private func finish(_ id: ConnectionID) {
    guard let client = clients[id] else {
      // One whose frames come over a link is gone as soon as it was told.
      if node.route(to: id) != nil { step { $0.connectionClosed(id, effects: &$1) } }
      return
    }
    client.release()
    client.flush {}
    client.finish { [self] in disconnect(id) }
  }

  private func write(_ bytes: [UInt8], to thread: ThreadID) {
    guard let body = bodies[thread] else { return }
    body.write(bytes) { [self] isWritten in
      step { node, effects in
        if isWritten {
          node.inputWritten(thread, effects: &effects)
        } else {
          node.inputFailed(thread, effects: &effects)
        }
      }
    }
  }

  private func drain(_ thread: ThreadID) {
    let onDrained: () -> Void = { [self] in
      bodies[thread] = nil
      step { $0.outputDrained(thread, effects: &$1) }
    }
    let drainWorker: () -> Void = { [self] in self.drainWorker(thread, onDrained: onDrained) }
    if let body = bodies[thread] { body.drain(onDrained: drainWorker) } else { drainWorker() }
  }

  /// Lets clients have what they were sent, and the keeper end what is left; the loop stops when both are gone, or when
  /// they take too long.
  private func leave() {
    guard let status, !isLeaving else { return }
    isLeaving = true
    outcome.withLock { $0 = .success(status) }
    listener?.close()
    linkListener?.close()
    for listener in listeners.values { listener.acceptor.close() }
    keeper?.endAll()
    timer?.start(after: Self.leavingMax)
    logStore?.finish { [self] in
      logStore = nil
      stopIfLeft()
    }
    journal?.finish { [self] in
      journal = nil
      stopIfLeft()
    }
    for (id, client) in clients {
      client.finish { [self] in remove(id) }
    }
    stopIfLeft()
  }

  func stopIfLeft() {
    if isLeaving, clients.isEmpty, keeper == nil, logStore == nil, journal == nil { loop.requestStop() }
  }

  private func flush() {
    for (id, client) in unflushed {
      client.willBeFlushed = false
      client.flush { [self] in goOnReading(id) }
    }
    let links = configuration.cluster == nil ? [] : unflushed.filter(\.client.isLink)
    unflushed.removeAll(keepingCapacity: true)
    for (id, _) in links { tellLoad(of: id) }
  }

  func arm() {
    let next = Self.nextDeadline(of: &node)
    // Mostly it is the one before.
    guard next != deadline else { return }
    deadline = next
    guard let next else { timer?.cancel(); return }
    let now = EventLoop.nanoseconds
    timer?.start(after: .nanoseconds(Int64(clamping: next.nanoseconds - min(now, next.nanoseconds))))
  }

  /// Looks at the node where it is. To read it as a property would copy it, which costs more than to route a message.
  private static func nextDeadline(of node: inout Node) -> Instant? { node.nextDeadline }
}
