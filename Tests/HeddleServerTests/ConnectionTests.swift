import HeddleServer
import HeddleThreads
import Testing

@Suite("run-server's connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
  @Test("RS-01, RS-03: a connection gets its ports, and they are closed for it", arguments: Site.Transport.allCases)
  func ports(transport: Site.Transport) async throws {
    try await inWorld { _ in
      let site = try await Site.serve(over: transport) { input, output in
        try await output.write("echo " + (input.line() ?? "nothing") + "\n")
      }
      let client = try await site.connect()
      try await client.output.write("hello\n")
      #expect(try await client.input.text() == "echo hello\n")
    }
  }

  @Test(
    "RS-02: connections are served at the same time, each in a thread of its own",
    arguments: Site.Transport.allCases
  )
  func concurrent(transport: Site.Transport) async throws {
    try await inWorld { stage in
      let meeting = Channel<String>()
      let site = try await Site.serve(over: transport) { input, output in
        switch try await input.line() {
        case "give": try await meeting.put("\(LocalThread.current)")
        default: try await output.write("\(meeting.get()), \(LocalThread.current)")
        }
      }
      let taker = try await site.connect()
      try await taker.output.write("take\n")
      let giver = try await site.connect()
      try await giver.output.write("give\n")
      let names = try await taker.input.text().split(separator: ", ")
      #expect(Set(names).count == 2 && !names.contains("\(site.thread)"))
    }
  }

  @Test("RS-04: one connection after the other is served, and the call goes on")
  func forEver() async throws {
    try await inWorld { stage in
      let site = try await Site.serve { _, output in try await output.write("served") }
      for _ in 0..<40 { #expect(try await site.connect().input.text() == "served") }
      try await stage.settle()
      #expect(site.thread.isRunning && site.outcome.value == nil)
    }
  }

  @Test("RS-05, RS-07: each connection has a custodian of its own, directly below the one of the call")
  func custodians() async throws {
    try await inWorld { stage in
      let site = try await Site.serve { input, output in
        try await output.write("here\n")
        _ = try await input.read()
      }
      let clients = try await (0..<3).asyncMap { _ in try await site.connect() }
      for client in clients { #expect(try await client.input.line() == "here") }
      try await stage.settle()
      let members = try await site.custodian.managed()
      // One more is there for the next connection.
      #expect(members.custodians.count == 4 && members.threads == [site.thread])
      let resources = try await members.custodians.asyncMap { try await $0.managed().resources.count }
      #expect(resources.sorted() == [0, 1, 1, 1])
    }
  }

  @Test(
    "RS-06: however a connection's thread ends, its custodian is shut down: helpers and ports go",
    arguments: ["return", "raise", "kill"]
  )
  func ending(how: String) async throws {
    try await inWorld { stage in
      let helper = Promise<LocalThread>()
      let site = try await Site.serve { input, output in
        helper.fulfill(try await LocalThread { try await sync(never(Void.self)) })
        let command = try await input.line()
        if command == "raise" { throw Mishap() }
        if command == "kill" { try await LocalThread.current.kill() }
      }
      let client = try await site.connect()
      #expect(try await !sync(helper).isDead)
      try await client.output.write(how + "\n")
      #expect(try await client.input.text().isEmpty)
      try await sync(helper).wait()
      #expect(stage.reports.all.isEmpty)
    }
  }

  @Test("RS-08: the connection's custodian is current in its thread: who shuts it down ends, and the ports with it")
  func ownCustodian() async throws {
    try await inWorld { stage in
      let site = try await Site.serve { _, output in
        try await output.write("before")
        try await output.flush()
        do { try await Custodian.current.value.shutDown() } catch {}
        stage.log.note("goes on")
        try await output.write("after")
        stage.log.note("wrote")
      }
      #expect(try await site.connect().input.text() == "before")
      try await stage.settle()
      #expect(!stage.log.all.contains("wrote"))
      #expect(site.thread.isRunning)
    }
  }

  @Test("RS-11: breaks are enabled in a connection exactly if they are in the call", arguments: [true, false])
  func breaks(areEnabled: Bool) async throws {
    try await inWorld { _ in
      let site = try await Site.serve(breaks: areEnabled ? .enabled : .disabled) { _, output in
        try await output.write("\(LocalThread.areBreaksEnabled)")
      }
      #expect(try await site.connect().input.text() == "\(areEnabled)")
    }
  }

  @Test("RS-18: connections have the parameters of the call, and each its own from then on")
  func parameters() async throws {
    try await inWorld { _ in
      let color = Parameter("none")
      let site = try await color.withValue("blue") {
        try await Site.serve { input, output in
          let new = try await input.line() ?? "end"
          try await output.write(color.value + " ")
          try await color.withValue(new) { try await LocalThread { try await output.write(color.value) }.wait() }
        }
      }
      for new in ["red", "green"] {
        let client = try await site.connect()
        try await client.output.write(new + "\n")
        #expect(try await client.input.text() == "blue " + new)
      }
    }
  }

  @Test(
    "RS-14: an error that a connection does not catch goes to the handler, in its thread, its custodian not shut down"
  )
  func errors() async throws {
    try await inWorld { stage in
      let thread = Promise<LocalThread>()
      let site = try await Site.serve(
        onError: { error in
          let isInThread = LocalThread.current == thread.value
          stage.log.note("\(error is Mishap) \(isInThread) \(LocalThread.areBreaksEnabled)")
          stage.log.note("\(Custodian.current.value.isShutDown)")
        },
        { _, output in
          thread.fulfill(.current)
          try await output.write("words")
          throw Mishap()
        }
      )
      #expect(try await site.connect().input.text() == "words")
      #expect(stage.log.all == ["true true false", "false"])
      #expect(stage.reports.all.isEmpty)
    }
  }

  @Test("RS-22: a kill of a connection is no error for the handler")
  func kill() async throws {
    try await inWorld { stage in
      let thread = Promise<LocalThread>()
      let site = try await Site.serve(onError: { stage.log.note("\($0)") }) { input, _ in
        thread.fulfill(.current)
        _ = try await input.read()
      }
      let client = try await site.connect()
      try await sync(thread).kill()
      #expect(try await client.input.text().isEmpty)
      #expect(stage.log.all.isEmpty)
    }
  }

  /// More than the kernel takes for a client that does not read.
  private static let much = [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 20)

  @Test(
    "RS-22: what was written before a return or an error goes out",
    arguments: [false, true],
    Site.Transport.allCases
  )
  func flushed(raises: Bool, transport: Site.Transport) async throws {
    try await inWorld { _ in
      let site = try await Site.serve(over: transport) { input, output in
        let writer = try await LocalThread { try await output.write(Self.much) }
        _ = try await input.line()
        try await writer.wait()
        try await output.write("end")
        if raises { throw Mishap() }
      }
      let client = try await site.connect()
      try await client.output.write("go\n")
      var count = 0
      var last: [UInt8] = []
      while let bytes = try await client.input.read() {
        count += bytes.count
        last = (last + bytes).suffix(3)
      }
      #expect(count == Self.much.count + 3 && last.text == "end")
    }
  }

  @Test("RS-22: a kill drops what the client did not take")
  func dropped() async throws {
    try await inWorld { stage in
      let thread = Promise<LocalThread>()
      let site = try await Site.serve { _, output in
        thread.fulfill(.current)
        try await output.write(Self.much)
      }
      let client = try await site.connect()
      let writer = try await sync(thread)
      try await stage.settle()
      try await writer.kill()
      var count = 0
      while let bytes = try? await client.input.read() { count += bytes.count }
      #expect(count < Self.much.count)
    }
  }
}
