import HeddleServer
import HeddleThreads
import Testing

@Suite("servers that are programs of their own", .timeLimit(.minutes(1)))
struct ProgramTests {
  /// Reads lines until one that has `words`.
  private static func hear(_ words: String, _ port: InputPort) async throws {
    while let line = try await port.line() { if line.contains(words) { return } }
    Issue.record("the end came before \(words)")
  }

  @Test("with descriptors used up a server serves whom it has, lets others wait, and then serves them too")
  func descriptors() async throws {
    let program = try RunningProgram("heddle-test-server")
    var lines = program.lines.makeAsyncIterator()
    let port = try #require(await lines.next().flatMap { UInt16($0) })
    var clients: [Site.Ports] = []
    for number in 0..<60 {
      let client = try await openConnection(to: .internet(host: "127.0.0.1", port: port))
      try await client.output.write("\(number)\n")
      clients.append(client)
    }
    #expect(await lines.next() == "exhausted")
    // Those that were accepted are served, in the order of their coming.
    #expect(try await clients[0].input.line() == "0")
    try await clients[0].output.write("again\n")
    #expect(try await clients[0].input.line() == "again")
    #expect(try await poll(clients[59].input.readable) == nil)
    // Each that leaves lets one more in.
    for (number, client) in clients.enumerated() {
      if number > 0 { #expect(try await client.input.line() == "\(number)") }
      client.output.close()
      #expect(try await client.input.line() == nil)
    }
    withExtendedLifetime(program) {}
  }

  @Test("a chat: rooms, names, and what the others say")
  func chat() async throws {
    let program = try RunningProgram("example-chat", "0")
    var lines = program.lines.makeAsyncIterator()
    let port = try #require(await lines.next()?.split(separator: ":").last.flatMap { UInt16($0) })
    func enter(_ name: String) async throws -> Site.Ports {
      let guest = try await openConnection(to: .internet(host: "127.0.0.1", port: port))
      #expect(try await guest.input.line() == "* your name?")
      try await guest.output.write(name + "\n")
      return guest
    }
    let ada = try await enter("ada")
    #expect(try await ada.input.line() == "* ada is here")
    let ben = try await enter("ada")
    #expect(try await ben.input.line() == "* that name is taken; another?")
    try await ben.output.write("ben\n")
    #expect(try await ada.input.line() == "* ben is here")
    #expect(try await ben.input.line() == "* ben is here")
    try await ben.output.write("hello\n/join garden\n/rooms\n")
    for guest in [ada, ben] {
      #expect(try await guest.input.line() == "ben: hello")
      #expect(try await guest.input.line() == "* ben goes to garden")
    }
    #expect(try await ben.input.line() == "* ben is here")
    #expect(try await ben.input.line() == "* rooms: garden (1), hall (1)")
    try await ada.output.write("alone\n/who\n/join garden\n")
    #expect(try await ada.input.line() == "ada: alone")
    #expect(try await ada.input.line() == "* here: ada")
    #expect(try await ben.input.line() == "* ada is here")
    // A guest who hangs up is gone.
    ada.output.close()
    ada.input.close()
    #expect(try await ben.input.line() == "* ada has left")
    try await ben.output.write("/quit\n")
    try await Self.hear("has left", ben.input)
    #expect(try await ben.input.line() == nil)
    withExtendedLifetime(program) {}
  }

  @Test("in a chat a guest who does not listen is shown out, and the others talk on")
  func deafGuest() async throws {
    let program = try RunningProgram("example-chat", "0")
    var lines = program.lines.makeAsyncIterator()
    let port = try #require(await lines.next()?.split(separator: ":").last.flatMap { UInt16($0) })
    let address = SocketAddress.internet(host: "127.0.0.1", port: port)
    let deaf = try RawSocket(connectedTo: address)
    try deaf.send("deaf\n")
    let ada = try await openConnection(to: address)
    try await ada.output.write("ada\n")
    try await Self.hear("ada is here", ada.input)
    let talker = try await LocalThread {
      let line = String(repeating: "x", count: 990) + "\n"
      // She hears herself, so that she is not shown out.
      while true {
        try await ada.output.write(line)
        _ = try await ada.input.line()
      }
    }
    #expect(await lines.next() == "a guest left: the thread was broken (hangUp)")
    try await talker.kill()
    let ben = try await openConnection(to: address)
    try await ben.output.write("deaf\n")
    try await Self.hear("deaf is here", ben.input)
    withExtendedLifetime((program, deaf)) {}
  }
}
