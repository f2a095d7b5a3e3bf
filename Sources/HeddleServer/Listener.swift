internal import HeddleLoop
public import HeddleThreads
internal import Synchronization

/// A socket that waits for connections. Racket: a TCP listener.
///
/// Connections that nobody has accepted wait in the kernel's backlog, but for up to 16 that are taken over ahead. A
/// descriptor is held in reserve: when descriptors run out, an accept says so (`exhausted`), nobody's connection is closed
/// for it, and the next accept tries again.
///
/// The listener is registered with the custodian that was current where it was made, whose shutdown closes it.
public final class Listener: CustodianManaged {
  private struct State {
    /// Oldest first.
    var arrivals: [Endpoint] = []
    /// Why there are no more, until somebody was told.
    var trouble: NetworkError?
    /// Whether the loop accepts; it pauses with enough arrivals, and in trouble.
    var isAccepting = true
    var isClosed = false
    /// Kept when there is something for an accept.
    var arrival: Promise<Void>?

    var hasNews: Bool { isClosed || trouble != nil || !arrivals.isEmpty }
  }

  /// How many connections are taken over ahead.
  private static let arrivalsMax = 16

  private let loop: EventLoop
  private let socket: ListeningSocket
  private let state = Mutex(State())
  /// The loop's; nil before it has begun, and when the listener is closed.
  private nonisolated(unsafe) var acceptor: Acceptor?
  private let custodian: Custodian
  /// Where it listens: with the port that the system chose for 0.
  public let address: SocketAddress

  /// Listens at a TCP port, by default on all of the machine's addresses. Racket: `tcp-listen`.
  ///
  /// - Parameters:
  ///   - port: 0 is one of the system's choice.
  ///   - host: the number of one address of the machine; nil is all of them, of IPv6 and IPv4.
  ///   - backlog: how many connections the kernel lets wait.
  ///   - reusesAddress: whether the port can be had although old connections linger there.
  /// - Throws: `NetworkError`: `addressInUse`, `badAddress`, `notPermitted`, `badArgument` for a port that is none.
  ///   `ThreadError` with `custodianShutDown`.
  public convenience init(
    port: Int,
    host: String? = nil,
    backlog: Int = 128,
    reusesAddress: Bool = true
  ) async throws {
    guard let number = UInt16(exactly: port) else {
      throw NetworkError(.badArgument, "cannot listen at port \(port); give one from 1 to 65535, or 0 for any")
    }
    let socket: ListeningSocket
    let backlog = Int32(clamping: backlog)
    do throws(LoopError) {
      if let host {
        let address = InternetAddress(host: host, port: number)
        socket = try ListeningSocket(address: address, backlog: backlog, reusesAddress: reusesAddress)
      } else {
        socket = try ListeningSocket(port: number, backlog: backlog, reusesAddress: reusesAddress)
      }
    } catch { throw NetworkError(error) }
    let address = try? socket.localAddress
    try await self.init(socket, at: address.map { SocketAddress($0) } ?? .internet(host: host ?? "::", port: number))
  }

  /// Listens at a Unix socket's path, for this user alone (the file's mode is 0600). The file goes with the listener.
  ///
  /// - Throws: `NetworkError` with `addressInUse` if there is a file already, whoever listens there; as the other, too.
  public convenience init(path: String, backlog: Int = 128) async throws {
    let socket: ListeningSocket
    do throws(LoopError) { socket = try ListeningSocket(path: path, backlog: Int32(clamping: backlog)) } catch {
      throw NetworkError(error)
    }
    try await self.init(socket, at: .unix(path: path))
  }

  private init(_ socket: ListeningSocket, at address: SocketAddress) async throws {
    self.socket = socket
    self.address = address
    custodian = Custodian.current.value
    do { loop = try ServerLoop.shared() } catch {
      socket.discard()
      throw error
    }
    loop.perform { [self] in begin() }
    do { try await custodian.manage(self) } catch {
      close()
      throw error
    }
  }

  deinit {
    guard !state.withLock(\.isClosed) else { return }
    let handle = unsafe acceptor.map { Confined($0) }
    loop.perform { [socket] in Self.dispose(of: handle?.handle, socket) }
    custodian.release(self)
  }

  // MARK: - Accepting

  /// The port; nil for a Unix socket.
  public var port: Int? { if case .internet(_, let port) = address { Int(port) } else { nil } }

  /// Waits for a connection and takes it, with the current custodian as what closes it. Racket: `tcp-accept`.
  ///
  /// - Throws: `NetworkError`: `exhausted`, `closed`, or what else the system says. Nothing was taken then, nor when a break,
  ///   a kill or a cancellation ends the wait.
  public func accept() async throws -> (input: InputPort, output: OutputPort) {
    try await accept(enablingBreaks: false)
  }

  /// As `accept()`, with breaks let in while it waits: either a connection is taken or the break is thrown, never both.
  /// Racket: `tcp-accept/enable-break`.
  public func acceptEnablingBreaks() async throws -> (input: InputPort, output: OutputPort) {
    try await accept(enablingBreaks: true)
  }

  private func accept(enablingBreaks: Bool) async throws -> (input: InputPort, output: OutputPort) {
    while true {
      try await LocalThread.checkpoint()
      // Also in a flood of connections a break comes first.
      if enablingBreaks, let kind = LocalThread.takeKeptBreak() { throw BreakError(kind) }
      if let endpoint = try next() {
        try endpoint.register()
        return (InputPort(endpoint), OutputPort(endpoint))
      }
      try await sync(acceptable, enablingBreaks: enablingBreaks)
    }
  }

  /// Ready when an accept would not wait. Another may be first. Racket: a TCP listener as an event.
  public var acceptable: AnyEvent<Void> {
    guarded { [self] in
      let promise = state.withLock { state -> Promise<Void>? in
        if state.hasNews { return nil }
        let promise = state.arrival ?? Promise()
        state.arrival = promise
        return promise
      }
      goOnIfPaused()
      return promise?.erased ?? always(())
    }
  }

  private func next() throws -> Endpoint? {
    defer { goOnIfPaused() }
    return try state.withLock { state throws(NetworkError) in
      if state.isClosed { throw .closed("accept on", socket.name) }
      if !state.arrivals.isEmpty { return state.arrivals.removeFirst() }
      if let trouble = state.trouble.take() { throw trouble }
      return nil
    }
  }

  private func goOnIfPaused() {
    let goesOn = state.withLock { state in
      guard !state.isAccepting, state.trouble == nil, state.arrivals.count < Self.arrivalsMax / 2 else { return false }
      state.isAccepting = true
      return true
    }
    if goesOn { loop.perform { [self] in unsafe acceptor?.goOn() } }
  }

  // MARK: - The loop

  private func begin() {
    guard !state.withLock(\.isClosed) else { return }
    do throws(LoopError) {
      let acceptor = try Acceptor(
        socket,
        on: loop,
        onConnection: { [weak self] in self?.arrived($0) ?? false },
        onTrouble: { [weak self] in self?.failed($0) }
      )
      unsafe self.acceptor = acceptor
      acceptor.goOn()
    } catch { failed(error) }
  }

  /// Closes the socket, which is the acceptor's if there is one.
  private static func dispose(of acceptor: Acceptor?, _ socket: ListeningSocket) {
    if let acceptor { acceptor.close() } else { socket.discard() }
  }

  private func arrived(_ stream: ByteStream) -> Bool {
    let endpoint: Endpoint
    do throws(LoopError) { endpoint = try Endpoint(stream) } catch {
      failed(error)
      return false
    }
    let (promise, goesOn) = state.withLock { state in
      if !state.isClosed { state.arrivals.append(endpoint) }
      state.isAccepting = state.arrivals.count < Self.arrivalsMax && !state.isClosed
      return (state.arrival.take(), state.isAccepting)
    }
    promise?.fulfillInNobodysName(())
    return goesOn
  }

  private func failed(_ error: LoopError) {
    let promise = state.withLock { state in
      state.trouble = NetworkError(error)
      state.isAccepting = false
      return state.arrival.take()
    }
    promise?.fulfillInNobodysName(())
  }

  // MARK: - End

  /// Listens no more: who connects is refused, and so are those that wait to be accepted. Connections that were accepted
  /// stay. No effect the second time. Racket: `tcp-close`.
  public func close() {
    guard end() else { return }
    custodian.release(self)
  }

  public func custodianShutDown() { _ = end() }

  private func end() -> Bool {
    let (wasOpen, promise, left) = state.withLock { state -> (Bool, Promise<Void>?, [Endpoint]) in
      if state.isClosed { return (false, nil, []) }
      state.isClosed = true
      // Inside the lock, and before the loop can discard it.
      socket.refuse()
      return (true, state.arrival.take(), exchange(&state.arrivals, with: []))
    }
    guard wasOpen else { return false }
    for endpoint in left { endpoint.custodianShutDown() }
    loop.perform { [self] in unsafe Self.dispose(of: acceptor.take(), socket) }
    promise?.fulfillInNobodysName(())
    return true
  }
}
