import Glibc
import HeddleModel
import Supervision
import Testing

@Suite("heddle-keeper hands connections to programs", .serialized) struct ConnectionTests {
  /// A connection, as the daemon has it: non-blocking.
  private func connection() throws -> (server: Descriptor, client: Descriptor) {
    var pair: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    _ = try check("socketpair", unsafe socketpair(AF_UNIX, type, 0, &pair))
    _ = try check("fcntl", fcntl(pair[0], F_SETFL, O_NONBLOCK))
    return (Descriptor(pair[0]), Descriptor(pair[1]))
  }

  private func program(_ keeper: KeeperProcess, _ script: String, at descriptor: Int? = nil) -> KeeperProgram {
    var program = keeper.program(["sh", "-c", script])
    program.connection = KeeperProgram.Connection(socket: SocketID(rawValue: 1), descriptor: descriptor)
    return program
  }

  /// Starts a program with a connection, of which only the program's end is left.
  private func start(_ keeper: KeeperProcess, _ id: ThreadID, _ program: KeeperProgram) throws -> Descriptor {
    let (server, client) = try connection()
    try keeper.send(KeeperRequest.start(id, program).encoded(), passing: server)
    return client
  }

  @Test(
    "a connection is the program's standard input and output, and blocks; its exit ends it",
    arguments: Rung.allCases
  )
  func standardStreams(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    // With O_NONBLOCK the first read would fail.
    let program = program(keeper, "read -r line; echo \"got $line\"; echo oh >&2")
    let client = try start(keeper, 1, program)
    let started = try keeper.started(1, program)
    try client.write(Array("word\n".utf8))
    #expect(try client.readToEnd() == "got word\n")
    #expect(try started.errors.readToEnd() == "oh\n")
  }

  @Test("a program that closes its connection ends it, whoever watches over it", arguments: Rung.allCases)
  func closed(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = program(keeper, "exec 0<&- 1>&-; sleep 1000")
    let client = try start(keeper, 1, program)
    _ = try keeper.started(1, program)
    #expect(try client.readToEnd() == "")
    _ = try keeper.end(1)
  }

  @Test(
    "a connection may be another descriptor, and is then the only one above 2",
    arguments: Rung.allCases,
    [3, 4, 5, 9]
  )
  func otherDescriptor(rung: Rung, number: Int) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = program(keeper, "echo said; echo heard >&\(number); exec ls /proc/self/fd >&\(number)", at: number)
    let client = try start(keeper, 1, program)
    let started = try keeper.started(1, program)
    // And the directory that is listed.
    let listed = [0, 1, 2, number, number == 3 ? 4 : 3].sorted().map { "\($0)\n" }.joined()
    #expect(try client.readToEnd() == "heard\n" + listed)
    #expect(try started.output.readToEnd() == "said\n")
  }

  @Test(
    "a start that fails says why, also with a connection at the number of the keeper's own",
    arguments: Rung.allCases
  )
  func failure(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var program = keeper.program(["no-such-program"])
    program.connection = KeeperProgram.Connection(socket: SocketID(rawValue: 1), descriptor: 4)
    let client = try start(keeper, 1, program)
    #expect(try keeper.report(1) == .startFailed(1, errno: ENOENT, .execute))
    #expect(try client.readToEnd() == "")
  }

  @Test("many connections go each to the program that it came with, and none is left in the keeper")
  func many() throws {
    let keeper = try KeeperProcess(on: .subreaper)
    let before = names(in: "/proc/\(keeper.pid)/fd")
    var clients: [Descriptor] = []
    for id in 1...20 {
      // Some of them so long that they come in pieces.
      let padding = String(repeating: "x", count: id * 1_000)
      clients.append(try start(keeper, ThreadID(rawValue: UInt64(id)), program(keeper, "echo \(id); : \(padding)")))
    }
    for (index, client) in clients.enumerated() { #expect(try client.readToEnd() == "\(index + 1)\n") }
    for id in 1...20 {
      // Started, exited, empty.
      for _ in 0..<3 { _ = try keeper.report(ThreadID(rawValue: UInt64(id))) }
    }
    #expect(eventually { names(in: "/proc/\(keeper.pid)/fd") == before })
  }

  @Test("a start whose connection does not come is a fault, and so is a connection at a number that is none")
  func faults() throws {
    let keeper = try KeeperProcess(on: .subreaper)
    try keeper.send(KeeperRequest.start(1, program(keeper, "true")).encoded())
    #expect(try keeper.report(1) == .fault(reason: "a connection did not come"))
    let other = try KeeperProcess(on: .subreaper)
    let (server, _) = try connection()
    var bytes = try KeeperRequest.start(1, program(other, "true")).encoded()
    bytes[15] = 2
    try other.send(bytes, passing: server)
    #expect(try other.report(1) == .fault(reason: "an unknown place of a connection"))
  }
}
