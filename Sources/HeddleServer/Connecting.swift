internal import HeddleLoop
internal import HeddleThreads

/// Connects to a TCP or Unix socket. The ports are registered with the current custodian. Racket: `tcp-connect`.
///
/// - Throws: `NetworkError`, such as `refused`. A thread that is broken or killed meanwhile, and a task that is cancelled,
///   gives the attempt up.
public func openConnection(to address: SocketAddress) async throws -> (input: InputPort, output: OutputPort) {
  let attempt = Attempt(on: try ServerLoop.shared())
  do {
    let endpoint = try await attempt.connect(to: address)
    try endpoint.register()
    return (InputPort(endpoint), OutputPort(endpoint))
  } catch {
    attempt.giveUp()
    throw error
  }
}

/// The two ends of a new pipe of the system: what is written to one is read from the other. The ports are registered with
/// the current custodian. Racket: `make-pipe`, with a bound.
///
/// - Throws: `NetworkError` with `exhausted` when there is none to be had.
public func openPipe() async throws -> (input: InputPort, output: OutputPort) {
  let loop = try ServerLoop.shared()
  let made = Promise<Result<(reading: Endpoint, writing: Endpoint), NetworkError>>()
  loop.perform {
    made.fulfillInNobodysName(
      Result { () throws(LoopError) in
        let (reading, writing) = try ByteStream.pipe(on: loop)
        return (try Endpoint(reading, writes: false), try Endpoint(writing, reads: false))
      }.mapError { NetworkError($0) }
    )
  }
  let (reading, writing) = try await sync(made).get()
  try reading.register()
  try writing.register()
  return (InputPort(reading), OutputPort(writing))
}

/// One attempt to connect.
private final class Attempt: Sendable {
  private let loop: EventLoop
  private let outcome = Promise<Result<Endpoint, NetworkError>>()
  /// While it is under way. The loop's.
  private nonisolated(unsafe) var stream: ByteStream?

  init(on loop: EventLoop) { self.loop = loop }

  func connect(to address: SocketAddress) async throws -> Endpoint {
    loop.perform { [self] in begin(address) }
    return try await sync(outcome).get()
  }

  private func begin(_ address: SocketAddress) {
    do throws(LoopError) {
      let onConnected = { [self] (error: LoopError?) in connected(error) }
      switch address {
      case .unix(let path): unsafe stream = try ByteStream.connect(to: path, on: loop, onConnected: onConnected)
      case .internet(let host, let port):
        let address = InternetAddress(host: host, port: port)
        unsafe stream = try ByteStream.connect(to: address, on: loop, onConnected: onConnected)
      }
    } catch { outcome.fulfillInNobodysName(.failure(NetworkError(error))) }
  }

  private func connected(_ error: LoopError?) {
    guard let stream = unsafe stream.take() else { return }
    let result = Result { () throws(LoopError) in
      if let error { throw error }
      return try Endpoint(stream)
    }
    outcome.fulfillInNobodysName(result.mapError { NetworkError($0) })
  }

  /// Nobody waits for it any more.
  func giveUp() { loop.perform { [self] in unsafe stream.take()?.close() } }
}
