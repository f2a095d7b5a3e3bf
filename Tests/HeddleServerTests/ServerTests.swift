import HeddleServer
import HeddleThreads
import Testing

@Suite("run-server's call", .timeLimit(.minutes(1)))
struct ServerTests {
  private static let echo: Site.Connection = { input, output in
    for try await line in input.lines { try await output.write(line + [UInt8(ascii: "\n")]) }
  }

  @Test("RS-15: a break closes the listener once and comes out; connections go on, new ones are refused")
  func broken() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(Self.echo)
      let client = try await site.connect()
      try await client.output.write("one\n")
      #expect(try await client.input.line() == "one")
      try await site.thread.sendBreak()
      #expect(try await sync(site.outcome) is BreakError)
      #expect(site.closings.value == 1)
      let error = await #expect(throws: NetworkError.self) { _ = try await site.connect() }
      #expect(error?.code == .refused)
      try await client.output.write("two\n")
      #expect(try await client.input.line() == "two")
    }
  }

  @Test("RS-15: a break comes first when connections come as fast as they are accepted")
  func brokenInFlood() async throws {
    try await inWorld { stage in
      let closed = Count()
      let served = Promise<Void>()
      let server = try await LocalThread {
        try await runServer(
          port: 1,
          listen: { _, _, _ in try await Listener(port: 0, host: "127.0.0.1") },
          close: { listener in
            closed.increase()
            listener.close()
          },
          acceptEnablingBreaks: { listener in
            _ = try await openConnection(to: listener.address)
            return try await listener.acceptEnablingBreaks()
          },
          connection: { _, _ in served.fulfill(()) }
        )
      }
      try await sync(served)
      try await server.sendBreak()
      try await server.wait()
      #expect(closed.value == 1)
    }
  }

  @Test("RS-16: the shutdown of the call's custodian ends the loop and all connections")
  func shutDown() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(Self.echo)
      let client = try await site.connect()
      try await client.output.write("one\n")
      #expect(try await client.input.line() == "one")
      try await site.custodian.shutDown()
      #expect(site.thread.isDead && site.closings.value == 0)
      #expect(try await client.input.text().isEmpty)
      let error = await #expect(throws: NetworkError.self) { _ = try await site.connect() }
      #expect(error?.code == .refused)
    }
  }

  @Test("RS-19: a kill of the server's thread leaves the listener to its custodian, and connections go on")
  func killed() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(timeout: .seconds(10), Self.echo)
      let client = try await site.connect()
      try await client.output.write("one\n")
      #expect(try await client.input.line() == "one")
      try await site.thread.kill()
      #expect(site.closings.value == 0)
      try await client.output.write("two\n")
      #expect(try await client.input.line() == "two")
      let waiting = try await site.connect()
      try await stage.advance(by: .seconds(10))
      // The time limit holds without the server's thread.
      #expect(try await client.input.text().isEmpty)
      try await site.custodian.shutDown()
      #expect(try await waiting.input.text().isEmpty)
    }
  }

  @Test("RS-20: what listen throws comes out of the call, and the handler is not called")
  func listenFails() async throws {
    try await inWorld { stage in
      await #expect(throws: Mishap.self) {
        try await runServer(
          port: 1,
          onError: { stage.log.note("\($0)") },
          listen: { _, _, _ in throw Mishap() },
          connection: { _, _ in }
        )
      }
      let listener = try await Listener(port: 0, host: "127.0.0.1")
      let error = await #expect(throws: NetworkError.self) {
        try await runServer(
          port: 1,
          onError: { stage.log.note("\($0)") },
          listen: { _, _, _ in try await Listener(port: listener.port ?? 0, host: "127.0.0.1") },
          connection: { _, _ in }
        )
      }
      #expect(error?.code == .addressInUse && stage.log.all.isEmpty)
    }
  }

  @Test("RS-21: arguments are checked at the call, before anything is done")
  func arguments() async throws {
    try await inWorld { stage in
      for port in [-1, 0, 65_536] {
        let error = await #expect(throws: NetworkError.self) {
          try await runServer(port: port, listen: stage.noListening, connection: { _, _ in })
        }
        #expect(error?.code == .badArgument)
      }
      let error = await #expect(throws: ThreadError.self) {
        try await runServer(
          port: 1,
          connectionTimeout: .seconds(-1),
          listen: stage.noListening,
          connection: { _, _ in }
        )
      }
      #expect(error?.code == .negativeDuration)
      let another = await #expect(throws: NetworkError.self) {
        try await FakeServer(stage.log).run(accept: nil, acceptEnablingBreaks: nil)
      }
      #expect(another?.code == .badArgument && stage.log.all.isEmpty)
    }
  }

  @Test("RS-17: listen gets the port, 5 and true")
  func listen() async throws {
    try await inWorld { stage in
      await #expect(throws: Mishap.self) {
        try await runServer(
          port: 7_000,
          listen: { port, backlog, reuses in
            stage.log.note("\(port) \(backlog) \(reuses)")
            throw Mishap()
          },
          connection: { _, _ in }
        )
      }
      #expect(stage.log.all == ["7000 5 true"])
    }
  }

  @Test(
    "RS-17: with breaks enabled one accept is used, and called with breaks off; else only the other",
    arguments: [true, false]
  )
  func accepts(breaksAreEnabled: Bool) async throws {
    try await inWorld { stage in
      let fake = FakeServer(stage.log)
      let server = try await LocalThread {
        try await LocalThread.withBreaks(breaksAreEnabled ? .enabled : .disabled) {
          try await fake.run(accept: fake.accept("accept"), acceptEnablingBreaks: fake.accept("with breaks"))
        }
      }
      try await server.wait()
      #expect(stage.log.all == ["listens", breaksAreEnabled ? "with breaks, false" : "accept, false", "closed"])
    }
  }

  @Test("RS-17: one accept that is given alone is used for both; the plain one then with the call's breaks")
  func oneAccept() async throws {
    try await inWorld { stage in
      for setting in [BreakSetting.enabled, .disabled] {
        let fake = FakeServer(stage.log)
        let server = try await LocalThread {
          try await LocalThread.withBreaks(setting) {
            do { try await fake.run(accept: fake.accept("accept"), acceptEnablingBreaks: nil) } catch is Mishap {}
            try await fake.run(accept: nil, acceptEnablingBreaks: fake.accept("with breaks"))
          }
        }
        try await server.wait()
      }
      let (first, second) = (["listens", "accept, true", "closed"], ["listens", "accept, false", "closed"])
      let other = ["listens", "with breaks, false", "closed"]
      #expect(stage.log.all == first + other + second + other)
    }
  }

  @Test(
    "RS-13, RS-18: a network's error of an accept goes to the handler, in the server's thread and under its custodian"
  )
  func acceptFails() async throws {
    try await inWorld { stage in
      let custodian = try await Custodian()
      let fake = FakeServer(stage.log)
      let errors: [any Error] = [NetworkError(.disconnected, "first"), NetworkError(.other, "second"), Mishap()]
      let calls = Count()
      let server = try await Custodian.current.withValue(custodian) {
        try await LocalThread {
          let server = LocalThread.current
          try await fake.run(
            onError: { error in
              let isHere = LocalThread.current == server && Custodian.current.value == custodian
              stage.log.note("\(error), \(isHere), \(LocalThread.areBreaksEnabled)")
            },
            acceptEnablingBreaks: { _ in
              defer { calls.increase() }
              #expect(Custodian.current.value != custodian)
              throw errors[calls.value]
            }
          )
        }
      }
      try await server.wait()
      #expect(stage.log.all == ["listens", "first, true, false", "second, true, false", "closed"])
      #expect(stage.reports.all == ["\(errors[2])"])
    }
  }

  @Test("RS-13: while descriptors are lacking the server waits, twice as long each time, and can be broken")
  func exhausted() async throws {
    try await inWorld { stage in
      let fake = FakeServer(stage.log)
      let calls = Count()
      let server = try await LocalThread {
        try await fake.run(acceptEnablingBreaks: { _ in
          calls.increase()
          throw NetworkError(.exhausted, "no descriptors")
        })
      }
      for (count, milliseconds) in [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000].enumerated() {
        try await stage.advance(by: .milliseconds(milliseconds - 1))
        try await stage.settle()
        #expect(calls.value == count + 1)
        try await stage.advance(by: .milliseconds(1))
        try await stage.settle()
        #expect(calls.value == count + 2)
      }
      try await server.sendBreak()
      try await server.wait()
      #expect(stage.log.all == ["listens", "closed"])
    }
  }
}

/// A server whose accepts do as they are told.
private struct FakeServer: Sendable {
  typealias Accept = @Sendable (Log) async throws -> (NoInput, NoOutput)

  /// Nothing comes.
  struct NoInput: Sendable {}
  /// Nobody reads it.
  struct NoOutput: FlushingPort {
    func flush() async throws {}
  }

  private let log: Log

  init(_ log: Log) { self.log = log }

  /// Notes its call, and ends the server.
  func accept(_ name: String) -> Accept {
    { log in
      log.note("\(name), \(LocalThread.areBreaksEnabled)")
      throw Mishap()
    }
  }

  func run(
    onError: @escaping @Sendable (any Error) async -> Void = { _ in },
    accept: Accept? = nil,
    acceptEnablingBreaks: Accept?
  ) async throws {
    try await runServer(
      port: 1,
      onError: onError,
      listen: { [log] _, _, _ in
        log.note("listens")
        return log
      },
      close: { $0.note("closed") },
      accept: accept,
      acceptEnablingBreaks: acceptEnablingBreaks,
      connection: { _, _ in }
    )
  }
}

extension Stage {
  /// For a call that is not to come so far.
  fileprivate var noListening: @Sendable (Int, Int, Bool) async throws -> Listener {
    { [log] _, _, _ in
      log.note("listened")
      throw Mishap()
    }
  }
}
