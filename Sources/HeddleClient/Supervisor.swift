package import HeddleLoop
package import HeddleModel
internal import HeddleThreads
package import HeddleWire
internal import Synchronization

/// A supervisor, as a client knows it: one connection, over which requests and mail go without waiting for one another.
///
/// It lives on an event loop. Whoever has connected calls `close()` in the end; until then the loop keeps the connection.
/// The end of the connection fails whatever is open, and is final: reconnecting is the caller's to decide.
public actor Supervisor {
  /// How far the connection is.
  private enum Phase {
    /// Nothing was attempted yet.
    case idle
    case connecting(CheckedContinuation<Result<Void, ClientError>, Never>)
    /// HELLO is on its way.
    case greeting(CheckedContinuation<Result<Void, ClientError>, Never>)
    case open
    case ended(ClientError)
  }

  package nonisolated let loop: EventLoop
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

  /// Where it was connected to.
  package nonisolated let socketPath: String
  /// The custodian whose authority the requests have; nil is what the connection was granted.
  package nonisolated let authority: CustodianPath?
  private nonisolated let greeting = Mutex<Welcome?>(nil)
  /// What the supervisor said of itself; nil until it is connected.
  package nonisolated var welcome: Welcome? { greeting.withLock(\.self) }

  private var phase = Phase.idle
  private var stream: ByteStream?
  /// Ends the attempt when the supervisor does not answer HELLO.
  private var impatience: Timer?
  var reader = FrameReader()
  private var writer = FrameWriter()
  /// Whether what `writer` holds will be written before the loop sleeps.
  private var willFlush = false
  var requests = OpenRequests()
  var watches = OpenWatches()
  var streams = OpenStreams()
  var outboxes: Outboxes
  /// What only a worker has; nil for other clients.
  var channel: WorkerChannel?
  var arrivals = OpenReceives()
  /// How many writes the system has not taken yet, and who waits for the last of them.
  private var writesCount = 0
  private var drainers: [CheckedContinuation<Void, Never>] = []
  /// Who waits for the end of the connection.
  private var mourners: [CheckedContinuation<Void, Never>] = []

  private init(
    on loop: EventLoop,
    socketPath: String,
    as authority: CustodianPath?,
    windowBytesMax: Int = SendWindow.bytesUsual
  ) {
    self.loop = loop
    self.socketPath = socketPath
    self.authority = authority
    outboxes = Outboxes(bytesMax: windowBytesMax)
  }

  // MARK: Connecting

  /// Connects to the supervisor at `socketPath`, and agrees with it on how to speak.
  ///
  /// - Parameters:
  ///   - clientName: who we are, for the supervisor's log.
  ///   - authority: the custodian whose authority the requests have; nil is what the connection is granted.
  ///   - windowBytesMax: how much posted mail may wait for its fate.
  ///   - patience: how long the supervisor may take to answer.
  package static func connect(
    to socketPath: String,
    clientName: String,
    clientVersion: String = "",
    as authority: CustodianPath? = nil,
    windowBytesMax: Int = SendWindow.bytesUsual,
    answeredWithin patience: Duration = .seconds(10),
    on loop: EventLoop
  ) async throws(ClientError) -> Supervisor {
    let supervisor = Supervisor(on: loop, socketPath: socketPath, as: authority, windowBytesMax: windowBytesMax)
    let hello = Hello(clientName: clientName, clientVersion: clientVersion)
    try await supervisor.connect(answeredWithin: patience) { $0.open(hello) }
    return supervisor
  }

  /// Speaks over a descriptor that is connected to the supervisor; it is the connection's from here on.
  ///
  /// - Parameters:
  ///   - mailbox: where the mail goes that comes for this process.
  ///   - main: the thread that its breaks go to.
  static func adopt(
    _ descriptor: Int32,
    mailTo mailbox: WorkerMailbox,
    breaksTo main: LocalThread,
    clientName: String,
    answeredWithin patience: Duration = .seconds(10),
    on loop: EventLoop
  ) async throws(ClientError) -> Supervisor {
    let supervisor = Supervisor(on: loop, socketPath: "descriptor \(descriptor)", as: nil)
    let hello = Hello(clientName: clientName, clientVersion: "")
    try await supervisor.connect(answeredWithin: patience) {
      $0.adopt(descriptor, WorkerChannel(mailbox: mailbox, main: main), hello)
    }
    return supervisor
  }

  /// - Parameter begin: sets off what leads to `greet`, or to the end.
  private func connect(
    answeredWithin patience: Duration?,
    _ begin: @Sendable (isolated Supervisor) -> Void
  ) async throws(ClientError) {
    try await withCheckedContinuation {
      phase = .connecting($0)
      begin(self)
      if let patience { expectAnswer(within: patience) }
    }.get()
  }

  private func adopt(_ descriptor: Int32, _ channel: WorkerChannel, _ hello: Hello) {
    self.channel = channel
    do throws(LoopError) {
      stream = try ByteStream(adopting: descriptor, on: loop)
      greet(hello)
    } catch {
      end(.connectFailed(socketPath: socketPath, error))
    }
  }

  /// A supervisor that is stopped takes a connection, and says nothing.
  private func expectAnswer(within patience: Duration) {
    guard case .connecting = phase else { return }
    do throws(LoopError) {
      impatience = try Timer(on: loop) {
        guard case .greeting = self.phase else { return }
        self.end(.handshake(socketPath: self.socketPath, reason: "it has not answered within \(patience)"))
      }
      impatience?.start(after: patience)
    } catch {
      end(.connectFailed(socketPath: socketPath, error))
    }
  }

  private func open(_ hello: Hello) {
    do throws(LoopError) {
      stream = try ByteStream.connect(to: socketPath, on: loop) { error in
        if let error { self.end(.connectFailed(socketPath: self.socketPath, error)) } else { self.greet(hello) }
      }
    } catch {
      end(.connectFailed(socketPath: socketPath, error))
    }
  }

  private func greet(_ hello: Hello) {
    guard case .connecting(let task) = phase else { return }
    phase = .greeting(task)
    do throws(LoopError) {
      try stream?.startReading {
        self.receive($0)
      } onEnd: {
        self.streamEnded($0)
      }
    } catch {
      return end(.connectFailed(socketPath: socketPath, error))
    }
    do throws(FrameError) {
      try write { writer throws(FrameError) in try writer.hello(hello) }
    } catch {
      end(.handshake(socketPath: socketPath, reason: error.description))
    }
  }

  func welcomed(_ welcome: Welcome) {
    guard case .greeting(let task) = phase else { return broken("it sent WELCOME twice") }
    guard Hello.supportedVersions ~= welcome.version else {
      return end(
        .handshake(socketPath: socketPath, reason: "it chose version \(welcome.version), which was not offered")
      )
    }
    greeting.withLock { $0 = welcome }
    reader.bodyMax = welcome.bodyMax
    writer.bodyMax = welcome.bodyMax
    streams.pieceMax = min(streams.pieceMax, welcome.bodyMax)
    phase = .open
    impatience?.close()
    impatience = nil
    task.resume(returning: .success(()))
  }

  // MARK: Ending

  /// Ends the connection. What is open fails with `connectionLost`; closing again has no effect.
  public func close() {
    writeOut()
    end(.connectionLost(reason: "the connection was closed by its own side"))
  }

  /// The first reason why the connection ends is the one that everybody is told.
  func end(_ error: ClientError) {
    switch phase {
    case .ended: return
    case .connecting(let task), .greeting(let task): task.resume(returning: .failure(error))
    case .idle, .open: break
    }
    phase = .ended(error)
    impatience?.close()
    impatience = nil
    stream?.close()
    stream = nil
    requests.failAll(with: error)
    watches.failAll(with: error)
    streams.failAll(with: error)
    outboxes.failAll(with: error)
    channel?.fail(with: error)
    resumeDrainers()
    for mourner in mourners { mourner.resume() }
    mourners = []
  }

  /// Returns when the connection is over.
  package func ended() async {
    guard !isEnded else { return }
    await withCheckedContinuation { mourners.append($0) }
  }

  /// The supervisor does not speak the protocol.
  func broken(_ reason: String) {
    if case .greeting = phase {
      end(.handshake(socketPath: socketPath, reason: "what answers there is no supervisor: \(reason)"))
    } else {
      let refusal = WireRefusal(.badRequest, attempted: "read", subject: "a frame", reason: reason)
      say { writer throws(FrameError) in try writer.refusal(refusal, of: nil) }
      writeOut()
      end(.protocolBroken(reason: reason))
    }
  }

  /// The supervisor has refused the whole connection, and closes it.
  func refused(_ refusal: WireRefusal) {
    if case .greeting = phase {
      end(.handshake(socketPath: socketPath, reason: refusal.description))
    } else if refusal.code == .dead {
      // The connection was a thread.
      end(.refused(refusal))
    } else {
      end(.connectionLost(reason: refusal.description))
    }
  }

  private func streamEnded(_ end: ByteStream.End) {
    let reason =
      switch end {
      case .endOfStream: reader.isBetweenFrames ? "it closed the connection" : "the connection ended within a frame"
      case .failed(let error): error.description
      }
    lost(reason)
  }

  /// A supervisor that is short of descriptors, or does not want this user, closes the connection without a word.
  private func lost(_ reason: String) {
    guard case .greeting = phase else { return end(.connectionLost(reason: reason)) }
    let advice = "it may be short of descriptors (ulimit -n), or be another user's"
    end(.handshake(socketPath: socketPath, reason: "\(reason); \(advice)"))
  }

  // MARK: Writing

  /// Why nothing can be asked any more; nil while the connection is open, and the caller can act.
  var failure: ClientError? {
    switch phase {
    case .open where LocalThread.isCallerKilled:
      .refused(.cancelled, "ask", "the supervisor", "the thread that wants it was killed")
    case .open: nil
    case .ended(let error): error
    case .idle, .connecting, .greeting: .connectionLost(reason: "it is not connected yet")
    }
  }

  var isEnded: Bool {
    if case .ended = phase { true } else { false }
  }

  /// The longest body that the supervisor takes, in bytes.
  package var bodyMax: Int { writer.bodyMax }

  /// Adds frames to what goes out next. What tasks ask for in one round of the loop is written together.
  ///
  /// - Throws: why the supervisor would not take the frame; nothing of it is written then.
  func write(_ frame: (inout FrameWriter) throws(FrameError) -> Void) throws(FrameError) {
    try frame(&writer)
    guard !willFlush else { return }
    willFlush = true
    loop.perform { self.assumeIsolated { $0.writeOut() } }
  }

  private func writeOut() {
    willFlush = false
    guard let stream, !writer.bytes.isEmpty else { return }
    do throws(LoopError) {
      if try stream.write(writer.take(), onWritten: { self.written($0) }) == .later { writesCount += 1 }
    } catch {
      lost(error.description)
    }
  }

  private func written(_ error: LoopError?) {
    writesCount -= 1
    if let error { lost(error.description) }
    if writesCount == 0 { resumeDrainers() }
  }

  /// Returns when the system has taken all that was written, or the connection is over.
  func drain() async {
    writeOut()
    guard writesCount > 0, !isEnded else { return }
    await withCheckedContinuation { drainers.append($0) }
  }

  private func resumeDrainers() {
    let waiting = drainers
    drainers = []
    for drainer in waiting { drainer.resume() }
  }
}
