/// Serves TCP connections at a port, each in a thread of its own under a custodian of its own, until it is broken or
/// killed. Racket: `run-server` (mzlib/thread).
///
/// ```swift
/// try await runServer(port: port, connectionTimeout: .seconds(60)) { input, output in
///   for try await line in input.lines { try await output.write(line + [UInt8(ascii: "\n")]) }
/// }
/// ```
///
/// **A connection.** `connection` is called with what comes from the client and what goes to it, in a new thread with the
/// parameters and the break setting of this call. Its current custodian is the connection's own, directly below the one
/// that is current here. When the thread ends in whatever way, that custodian is shut down: the ports are closed, helper
/// threads end. What was written before a return or a thrown error goes out first; a kill or a shutdown drops it.
///
/// **Time.** `connectionTimeout` after its start a connection's thread is broken, if it is still there; after twice that
/// its custodian is shut down, also when breaks are kept out there, and when the thread is suspended.
///
/// **Errors.** `onError` is told of an error that `connection` throws, a break that it did not catch among them, in the
/// connection's thread, whose custodian is current and not shut down yet; a kill is no error. It is told of a
/// `NetworkError` of an accept in the calling thread, and then the server goes on: while descriptors are lacking, after a
/// pause that grows from 10 milliseconds to a second. Breaks are kept out of `onError`.
///
/// **End.** A break of the calling thread closes the listener, and comes out of the call; connections go on. So does any
/// other error of an accept. An error of `listen` comes out. When the calling thread is killed the listener stays open, for
/// its custodian to close, and connections go on. That custodian's shutdown ends everything.
///
/// - Parameters:
///   - port: from 1 to 65535.
///   - connectionTimeout: nil is no limit; zero or more.
///   - onError: told of errors; by default they are ignored.
///   - listen: called with the port, 5, and true: how many connections may wait, and that the port may have been in use.
///   - close: called once, when a break or an error ends the call.
///   - accept: takes the next connection, with the connection's custodian as the current one, where breaks are kept out.
///   - acceptEnablingBreaks: the same, and lets breaks in while it waits: used when breaks are enabled in this call, and
///     otherwise `accept` is. Of the two, one that is given alone is used for both; `accept` then with breaks enabled.
///   - connection: the life of a connection's thread.
/// - Throws: `NetworkError` with `badArgument`; `ThreadError` with `negativeDuration`. Nothing was called then.
public func runServer(
  port: Int,
  connectionTimeout: Duration? = nil,
  onError: @escaping @Sendable (any Error) async -> Void = { _ in },
  listen: @Sendable (_ port: Int, _ backlog: Int, _ reusesAddress: Bool) async throws -> Listener = {
    try await Listener(port: $0, backlog: $1, reusesAddress: $2)
  },
  close: @Sendable (Listener) async -> Void = { $0.close() },
  accept: (@Sendable (Listener) async throws -> (InputPort, OutputPort))? = nil,
  acceptEnablingBreaks: (@Sendable (Listener) async throws -> (InputPort, OutputPort))? = nil,
  connection: @escaping @Sendable (_ input: InputPort, _ output: OutputPort) async throws -> Void
) async throws -> Never {
  let isReplaced = accept != nil || acceptEnablingBreaks != nil
  let server = Server(
    timeout: connectionTimeout,
    onError: onError,
    accept: isReplaced ? accept : { @Sendable in try await $0.accept() },
    acceptEnablingBreaks: isReplaced ? acceptEnablingBreaks : { @Sendable in try await $0.acceptEnablingBreaks() },
    connection: connection
  )
  try await server.run(port: port, listen: listen, close: close)
}

/// As the other `runServer`, over a transport of one's own: TLS, or a fake. Its listener and ports may be of any types.
///
/// What `accept` gives is to be registered with the current custodian, so that it is closed with its connection. At least
/// one of the two accepts has to be given; their errors that are not to end the server are of the type `NetworkError`.
public func runServer<Listening: Sendable, Input: Sendable, Output: FlushingPort>(
  port: Int,
  connectionTimeout: Duration? = nil,
  onError: @escaping @Sendable (any Error) async -> Void = { _ in },
  listen: @Sendable (_ port: Int, _ backlog: Int, _ reusesAddress: Bool) async throws -> Listening,
  close: @Sendable (Listening) async -> Void,
  accept: (@Sendable (Listening) async throws -> (Input, Output))? = nil,
  acceptEnablingBreaks: (@Sendable (Listening) async throws -> (Input, Output))? = nil,
  connection: @escaping @Sendable (_ input: Input, _ output: Output) async throws -> Void
) async throws -> Never {
  let server = Server(
    timeout: connectionTimeout,
    onError: onError,
    accept: accept,
    acceptEnablingBreaks: acceptEnablingBreaks,
    connection: connection
  )
  try await server.run(port: port, listen: listen, close: close)
}
