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
  private nonisolated let loop: EventLoop
  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  private let configuration: DaemonConfiguration
  private let lock: InstanceLock
  private var node: Node
  private var effects: Deque<NodeEffect> = []
  private var isObeying = false
  private var listener: Listener?
  private var keeper: Keeper?
  private var timer: HeddleLoop.Timer?
  private var signals: [SignalWatcher] = []
  private var clients: [ConnectionID: Client] = [:]
  private var bodies: [ThreadID: Body] = [:]
  /// Those that have something to be flushed.
  private var unflushed: Set<ConnectionID> = []
  private var status: Int32?
  /// What `serve` gives; written on the loop, read when the loop has ended.
  private nonisolated let outcome = Mutex<Result<Int32, any Error>>(.success(1))

  /// Runs a supervisor on the calling thread until it ends.
  ///
  /// - Returns: the status to exit with.
  /// - Throws: `DaemonError` or `LoopError` when it could not start: another one is there, or the place is not ours.
  package static func serve(_ configuration: DaemonConfiguration) throws -> Int32 {
    let loop = try EventLoop()
    defer { loop.stop() }
    let daemon = try Daemon(configuration, on: loop)
    loop.perform { daemon.assumeIsolated { $0.begin() } }
    loop.run()
    return try daemon.outcome.withLock { try $0.get() }
  }

  /// Claims the socket's place; nothing runs yet.
  ///
  /// - Throws: `DaemonError` when another daemon is there, or the place is not ours.
  private init(_ configuration: DaemonConfiguration, on loop: EventLoop) throws {
    self.loop = loop
    self.configuration = configuration
    lock = try InstanceLock.claim(socketAt: configuration.socketPath)
    let identity = Node.Identity(
      name: configuration.nodeName,
      incarnation: Self.incarnation,
      pid: getpid(),
      version: configuration.version,
      socketPath: configuration.socketPath
    )
    node = Node(identity, now: Instant(nanoseconds: EventLoop.nanoseconds))
  }

  private func begin() {
    do {
      try start()
    } catch {
      outcome.withLock { $0 = .failure(error) }
      loop.requestStop()
    }
  }

  /// Starts the keeper and listens.
  private func start() throws {
    timer = try HeddleLoop.Timer(on: loop) { [self] in timePassed() }
    for signal in configuration.endSignals {
      signals.append(try SignalWatcher(signal, on: loop) { [self] in askedToEnd() })
    }
    keeper = try Keeper(
      configuration.keeperPath,
      on: loop,
      onReport: { [self] report, streams in handle(report, streams) },
      onLost: { [self] reason in keeperLost(reason) },
      onExit: { [self] in keeperExited() }
    )
    listener = try Listener(path: configuration.socketPath, on: loop) { [self] result in accept(result) }
    configuration.log("listening on \(configuration.socketPath)")
  }

  /// A number that no earlier start on this machine had: the time of the start.
  private static var incarnation: UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  // MARK: - Inputs

  /// One input, and all that follows from it.
  private func step(_ input: (inout Node, inout [NodeEffect]) -> Void) {
    var new: [NodeEffect] = []
    node.timePassed(to: Instant(nanoseconds: EventLoop.nanoseconds), effects: &new)
    input(&node, &new)
    effects.append(contentsOf: new)
    // Doing what was said may be the next input; its effects then come behind these.
    guard !isObeying else { return }
    isObeying = true
    while let effect = effects.popFirst() { obey(effect) }
    isObeying = false
    flush()
    arm()
  }

  private func timePassed() { step { _, _ in } }

  private func askedToEnd() { step { node, effects in node.askedToEnd(effects: &effects) } }

  private func keeperLost(_ reason: String) {
    if status == nil { step { node, effects in node.keeperLost(reason, effects: &effects) } }
  }

  private func accept(_ result: Result<ByteStream, LoopError>) {
    do {
      let stream = try result.get()
      let credentials = try stream.peerCredentials()
      guard credentials.uid == geteuid() || credentials.uid == 0 else {
        configuration.log("refused a connection of user \(credentials.uid)")
        return stream.close()
      }
      let id = node.connectionOpened(by: Peer(pid: credentials.pid, uid: credentials.uid))
      let client = Client(stream)
      clients[id] = client
      try stream.startReading(
        onBytes: { [self] bytes in received(bytes, from: id) },
        onEnd: { [self] _ in disconnect(id) }
      )
      arm()
    } catch {
      configuration.log("a connection was not accepted: \(error)")
    }
  }

  private func received(_ bytes: Span<UInt8>, from id: ConnectionID) {
    guard let client = clients[id] else { return }
    // One step for all that came together: what follows from it is written in one piece.
    step { node, effects in
      do throws(FrameError) {
        try client.read(bytes) { node.received($0, on: id, effects: &effects) }
      } catch {
        node.receivedGarbage(error, on: id, effects: &effects)
      }
      node.framesEnded(on: id, effects: &effects)
    }
  }

  private func disconnect(_ id: ConnectionID) {
    clients.removeValue(forKey: id)?.stream.close()
    step { $0.connectionClosed(id, effects: &$1) }
  }

  private func handle(_ report: KeeperReport, _ streams: [ByteStream]) {
    if case .started(let thread, _, _) = report {
      bodies[thread] = Body(streams) { [self] bytes in
        unsafe bytes.withUnsafeBufferPointer { unsafe node.outputCame($0, from: thread) }
      }
    }
    step { $0.keeperReported(report, effects: &$1) }
  }

  private func keeperExited() {
    keeper?.forget()
    keeper = nil
    if status != nil { loop.requestStop() }
  }

  // MARK: - Effects

  private func obey(_ effect: NodeEffect) {
    switch effect {
    case .send(let id, let outgoing): send(outgoing, to: id)
    case .close(let id): finish(id)
    case .order(let request):
      if let answer = keeper?.send(request) { step { $0.keeperReported(answer, effects: &$1) } }
    case .write(let thread, let bytes): write(bytes, to: thread)
    case .endInput(let thread): bodies[thread]?.endInput()
    case .drainOutput(let thread): drain(thread)
    case .log(let line): configuration.log(line)
    case .exit(let status): leave(status)
    }
  }

  private func send(_ outgoing: Outgoing, to id: ConnectionID) {
    guard let client = clients[id] else { return }
    do throws(FrameError) {
      try client.append(outgoing)
      unflushed.insert(id)
    } catch {
      configuration.log("a frame for a client was not written: \(error)")
    }
  }

  private func finish(_ id: ConnectionID) {
    guard let client = clients[id] else { return }
    unflushed.remove(id)
    _ = client.flush()
    client.finish { [self] in disconnect(id) }
  }

  private func write(_ bytes: [UInt8], to thread: ThreadID) {
    guard let body = bodies[thread] else { return }
    body.write(bytes) { [self] isWritten in
      step { node, effects in
        if isWritten { node.inputWritten(thread, effects: &effects) } else { node.inputFailed(thread) }
      }
    }
  }

  private func drain(_ thread: ThreadID) {
    let onDrained: () -> Void = { [self] in
      bodies[thread] = nil
      step { $0.outputDrained(thread, effects: &$1) }
    }
    if let body = bodies[thread] { body.drain(onDrained: onDrained) } else { onDrained() }
  }

  /// Lets clients have what they were sent, and the keeper end what is left; the loop stops when the keeper is gone.
  private func leave(_ status: Int32) {
    guard self.status == nil else { return }
    self.status = status
    outcome.withLock { $0 = .success(status) }
    listener?.close()
    flush()
    for client in clients.values { client.finish {} }
    guard let keeper else { return loop.requestStop() }
    keeper.close()
  }

  private func flush() {
    for id in unflushed.sorted() where clients[id]?.flush() == false {
      configuration.log("a client does not read what it is sent, and is disconnected")
      disconnect(id)
    }
    unflushed = []
  }

  private func arm() {
    guard let deadline = node.nextDeadline else { timer?.cancel(); return }
    let now = EventLoop.nanoseconds
    timer?.start(after: .nanoseconds(Int64(clamping: deadline.nanoseconds - min(now, deadline.nanoseconds))))
  }
}
