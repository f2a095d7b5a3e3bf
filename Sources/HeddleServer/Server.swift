internal import HeddleThreads

/// One call of `runServer`: what it accepts with, and what becomes of each connection.
struct Server<Listening: Sendable, Input: Sendable, Output: FlushingPort>: Sendable {
  typealias Accept = @Sendable (Listening) async throws -> (Input, Output)

  let timeout: Duration?
  let onError: @Sendable (any Error) async -> Void
  let accept: Accept?
  let acceptEnablingBreaks: Accept?
  let connection: @Sendable (Input, Output) async throws -> Void

  /// Serves until an error ends it.
  func run(
    port: Int,
    listen: @Sendable (Int, Int, Bool) async throws -> Listening,
    close: @Sendable (Listening) async -> Void
  ) async throws -> Never {
    try check(port)
    let breaks: BreakSetting = LocalThread.areBreaksEnabled ? .enabled : .disabled
    try await LocalThread.withBreaks(.disabled) { () async throws -> Void in
      let listener = try await listen(port, 5, true)
      do { try await serve(listener, breaks) } catch {
        // A killed thread can do nothing, and its custodian has the listener.
        if !(error is Killed) { await close(listener) }
        throw error
      }
    }
    preconditionFailure("a server ends by an error alone")
  }

  private func check(_ port: Int) throws {
    guard (1...65_535).contains(port) else {
      throw NetworkError(.badArgument, "a server cannot run at port \(port); give one from 1 to 65535")
    }
    guard timeout ?? .zero >= .zero else {
      let sentence = "connections cannot be given \(timeout ?? .zero); give zero or more, or nil for no limit"
      throw ThreadError(.negativeDuration, sentence)
    }
    guard accept != nil || acceptEnablingBreaks != nil else {
      throw NetworkError(.badArgument, "a server with its own listener needs an accept of its own; give one of the two")
    }
  }

  /// Called with breaks kept out; `breaks` is the call's own setting.
  private func serve(_ listener: Listening, _ breaks: BreakSetting) async throws -> Never {
    var pause = Pause()
    while true {
      let custodian = try await Custodian()
      do {
        try await Custodian.current.withValue(custodian) {
          let (input, output) = try await next(from: listener, breaks)
          try await LocalThread.tenant(of: custodian, limit: timeout) { try await serve(input, output, breaks) }
        }
        pause = Pause()
      } catch {
        if !(error is Killed) { try await custodian.shutDown() }
        guard let error = error as? NetworkError else { throw error }
        await onError(error)
        if error.code == .exhausted { try await pause.wait(enablingBreaks: breaks == .enabled) }
      }
    }
  }

  private func next(from listener: Listening, _ breaks: BreakSetting) async throws -> (Input, Output) {
    switch (breaks, accept, acceptEnablingBreaks) {
    case (.enabled, _, let accept?), (.disabled, let accept?, _), (.disabled, nil, let accept?):
      return try await accept(listener)
    case (.enabled, let accept?, nil):
      return try await LocalThread.withBreaks(.enabled) { try await accept(listener) }
    case (_, nil, nil): preconditionFailure("a server has one of the two accepts at least")
    }
  }

  // MARK: - A connection

  /// The life of a connection's thread. Breaks are kept out but from the connection itself.
  private func serve(_ input: Input, _ output: Output, _ breaks: BreakSetting) async throws {
    do {
      try await LocalThread.withBreaks(breaks) { try await connection(input, output) }
    } catch let killed as Killed { throw killed } catch {
      await onError(error)
    }
    do { try await output.flush() } catch is NetworkError {
      // The client is gone, and nobody is left to be told.
    }
  }
}

/// How long a server waits while descriptors are lacking: twice as long each time.
private struct Pause {
  private static let longest = Duration.seconds(1)
  private var length = Duration.milliseconds(10)

  mutating func wait(enablingBreaks: Bool) async throws {
    try await sync(after(length), enablingBreaks: enablingBreaks)
    length = min(length * 2, Self.longest)
  }
}
