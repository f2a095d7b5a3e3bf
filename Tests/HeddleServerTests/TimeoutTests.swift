import HeddleServer
import HeddleThreads
import Testing

@Suite("run-server's time limits", .timeLimit(.minutes(1)))
struct TimeoutTests {
  @Test("RS-09: a connection is broken when its time is over, not before")
  func broken() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(timeout: .seconds(10)) { input, output in
        try await output.write("begun\n")
        do { _ = try await input.read() } catch is BreakError { try await output.write("broken\n") }
      }
      let client = try await site.connect()
      #expect(try await client.input.line() == "begun")
      try await stage.advance(by: .seconds(9.999))
      try await stage.settle()
      #expect(try await client.input.readAvailable().isEmpty)
      try await stage.advance(by: .seconds(0.001))
      #expect(try await client.input.text() == "broken\n")
    }
  }

  @Test("RS-09: a connection that ends in time is not disturbed, nor is what comes after it")
  func early() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(timeout: .seconds(10), onError: { stage.log.note("\($0)") }) { input, output in
        try await output.write(input.line() ?? "end")
      }
      for _ in 0..<3 {
        let client = try await site.connect()
        try await stage.advance(by: .seconds(9))
        try await client.output.write("in time\n")
        #expect(try await client.input.text() == "in time")
        try await stage.advance(by: .seconds(11))
      }
      #expect(stage.log.all.isEmpty && site.thread.isRunning)
    }
  }

  /// What a connection may do about its break.
  enum Deafness: CaseIterable {
    case breaksDisabled
    case handlesBreaks
    case suspended
  }

  @Test("RS-10: after twice its time a connection is shut down, whatever it does", arguments: Deafness.allCases)
  func shutDown(deafness: Deafness) async throws {
    try await inWorld { stage in
      let thread = Promise<LocalThread>()
      let breaks: BreakSetting = deafness == .breaksDisabled ? .disabled : .enabled
      let site = try await Site.serve(timeout: .seconds(10), breaks: breaks) { _, output in
        thread.fulfill(.current)
        try await output.write("begun\n")
        while true { do { try await sync(never(Void.self)) } catch is BreakError {} }
      }
      let client = try await site.connect()
      #expect(try await client.input.line() == "begun")
      try await stage.settle()
      if deafness == .suspended { try await sync(thread).suspend() }
      try await stage.advance(by: .seconds(10))
      try await stage.advance(by: .seconds(9.999))
      try await stage.settle()
      #expect(try await !sync(thread).isDead)
      try await stage.advance(by: .seconds(0.001))
      #expect(try await client.input.text().isEmpty)
      try await sync(thread).wait()
    }
  }

  @Test("RS-12: without a limit a connection has all the time that it wants")
  func unlimited() async throws {
    try await inWorld { stage in
      let site = try await Site.serve { input, output in try await output.write(input.line() ?? "end") }
      let client = try await site.connect()
      try await stage.advance(by: .seconds(1_000_000_000))
      try await client.output.write("patient\n")
      #expect(try await client.input.text() == "patient")
    }
  }

  @Test("RS-12: a limit of zero is legal: the connection is broken and shut down at once")
  func zero() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(timeout: .zero) { _, _ in try await sync(never(Void.self)) }
      #expect(try await site.connect().input.text().isEmpty)
    }
  }

  @Test("RS-22: a break of the time limit that is not caught is an error for the handler")
  func uncaught() async throws {
    try await inWorld { stage in
      let site = try await Site.serve(timeout: .seconds(1), onError: { stage.log.note("\($0)") }) { input, output in
        try await output.write("begun\n")
        _ = try await input.read()
      }
      let client = try await site.connect()
      #expect(try await client.input.line() == "begun")
      try await stage.advance(by: .seconds(1))
      #expect(try await client.input.text().isEmpty)
      #expect(stage.log.all == ["the thread was broken (interrupt)"])
    }
  }

  @Test("RS-22: the flush for a client that never reads ends with twice the time, and holds up nobody else")
  func flush() async throws {
    try await inWorld { stage in
      let thread = Promise<LocalThread>()
      let site = try await Site.serve(timeout: .seconds(1)) { input, output in
        guard try await input.line() == "deaf" else { return try await output.write("hello") }
        thread.fulfill(.current)
        while try await poll(output.writable) != nil { try await output.write([UInt8](repeating: 0, count: 60_000)) }
      }
      let deaf = try await site.connect()
      try await deaf.output.write("deaf\n")
      _ = try await sync(thread)
      // It has written all that goes.
      try await stage.settle()
      try await stage.advance(by: .seconds(1))
      try await stage.settle()
      #expect(try await !sync(thread).isDead)
      let honest = try await site.connect()
      try await honest.output.write("honest\n")
      #expect(try await honest.input.text() == "hello")
      try await stage.advance(by: .seconds(1))
      try await sync(thread).wait()
    }
  }

  @Test("clients that say nothing, read nothing or hang up rudely cost their own time, and nobody else's")
  func hostile() async throws {
    try await inWorld { stage in
      let opened = Promise<Listener>()
      let server = try await Custodian()
      _ = try await Custodian.current.withValue(server) {
        try await LocalThread {
          try await runServer(
            port: 1,
            connectionTimeout: .seconds(5),
            listen: { _, _, _ in
              let listener = try await Listener(port: 0, host: "127.0.0.1")
              opened.fulfill(listener)
              return listener
            },
            connection: { input, output in
              guard let line = try await input.line() else { return }
              while line == "flood" { try await output.write([UInt8](repeating: 0, count: 10_000)) }
              try await output.write(line)
            }
          )
        }
      }
      let address = try await sync(opened).address
      var rude: [RawSocket] = []
      for number in 0..<60 {
        let client = try RawSocket(connectedTo: address)
        switch number % 4 {
        case 0: break
        case 1: try client.send("flood\n")
        case 2: try client.send("half a l")
        default:
          try client.send("flood\n")
          client.reset()
        }
        rude.append(client)
      }
      for _ in 0..<20 {
        let honest = try await openConnection(to: address)
        try await honest.output.write("honest\n")
        #expect(try await honest.input.text() == "honest")
      }
      try await stage.advance(by: .seconds(5))
      try await stage.advance(by: .seconds(5))
      try await stage.settle()
      #expect(try await server.managed().custodians.count == 1)
      withExtendedLifetime(rude) {}
    }
  }
}
