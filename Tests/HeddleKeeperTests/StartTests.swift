import Glibc
import HeddleModel
import HeddleWire
import Supervision
import Testing

@Suite("heddle-keeper starts programs", .serialized) struct StartTests {
  @Test("the keeper's hello carries this build's id", arguments: Rung.allCases)
  func hello(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let place = keeper.containment.place
    let containment = Containment(rung: rung.rawValue, place: place)
    #expect(
      keeper.hello == .hello(version: KeeperProtocol.version, buildID: KeeperProtocol.buildID, containment)
    )
    #expect(place.isEmpty == (rung != .cgroup))
  }

  @Test(
    "a program that can't be executed is a start that failed, with its errno",
    arguments: Rung.allCases,
    [("no-such-program", ENOENT), ("/etc/passwd", EACCES), ("/", EACCES), ("", ENOENT)]
  )
  func executionFails(rung: Rung, program: (name: String, errno: Int32)) throws {
    let keeper = try KeeperProcess(on: rung)
    try keeper.send(.start(1, keeper.program([program.name])))
    #expect(try keeper.report(1) == .startFailed(1, errno: program.errno, .execute))
  }

  @Test("a directory that is not there is a start that failed, with that stage", arguments: Rung.allCases)
  func directoryFails(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    try keeper.send(.start(1, keeper.program(["true"], in: "/no/such/directory")))
    #expect(try keeper.report(1) == .startFailed(1, errno: ENOENT, .changeDirectory))
  }

  @Test("a start that failed leaves no process and no descriptor in the keeper", arguments: Rung.allCases)
  func failureLeavesNothing(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let before = names(in: "/proc/\(keeper.pid)/fd")
    for id in 1...20 {
      let entity = ThreadID(rawValue: UInt64(id))
      try keeper.send(.start(entity, keeper.program(["no-such-program"])))
      _ = try keeper.report(entity)
    }
    #expect(eventually { names(in: "/proc/\(keeper.pid)/fd") == before })
    #expect(eventually { keeper.mark.bearers.map(\.pid) == [keeper.pid] })
  }

  @Test(
    "a name is looked up in the PATH of the given environment, relative entries from the given directory",
    arguments: Rung.allCases
  )
  func pathLookUp(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    #expect(try keeper.start(1, keeper.program(["echo", "one"], path: "/nowhere:/bin")).output.readToEnd() == "one\n")
    #expect(
      try keeper.start(2, keeper.program(["echo", "two"], path: "bin", in: "/usr")).output.readToEnd() == "two\n"
    )
    try keeper.send(.start(3, keeper.program(["echo"], path: "/nowhere")))
    #expect(try keeper.report(3) == .startFailed(3, errno: ENOENT, .execute))
  }

  @Test("a program has exactly the descriptors 0, 1 and 2", arguments: Rung.allCases)
  func descriptors(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let earlier = try keeper.start(1, keeper.program(["sleep", "1000"]))
    let cat = try startCat(keeper, 2)
    #expect(names(in: "/proc/\(cat.pid)/fd") == ["0", "1", "2"])
    withExtendedLifetime(earlier) {}
  }

  @Test(
    "a program with a channel has the descriptors 0 to 3, and 3 is a socket whose other end is the daemon's",
    arguments: Rung.allCases
  )
  func channel(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let earlier = try keeper.start(1, keeper.program(["sleep", "1000"]))
    // cat(1) reads the channel as a file, and what it reads comes out at the channel again.
    var program = keeper.program(["sh", "-c", "exec cat <&3 >&3"])
    program.hasChannel = true
    let cat = try keeper.start(2, program)
    #expect(eventually { names(in: "/proc/\(cat.pid)/fd") == ["0", "1", "2", "3"] })
    let channel = try #require(cat.channel)
    #expect(fcntl(channel.number, F_GETFL) & O_NONBLOCK != 0)
    try channel.write(Array("there and back".utf8))
    #expect(shutdown(channel.number, Int32(SHUT_WR)) == 0)
    #expect(try channel.readToEnd() == "there and back")
    withExtendedLifetime(earlier) {}
  }

  @Test("only the daemon's ends of the pipes are non-blocking", arguments: Rung.allCases)
  func blocking(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let cat = try startCat(keeper, 1)
    for descriptor in [cat.input, cat.output, cat.errors] {
      #expect(fcntl(try #require(descriptor).number, F_GETFL) & O_NONBLOCK != 0)
    }
    for number in 0...2 {
      let info = try #require(contents(of: "/proc/\(cat.pid)/fdinfo/\(number)"))
      let flags = try #require(info.split(separator: "\n").first { $0.hasPrefix("flags:") })
      #expect(try #require(Int32(flags.split(separator: "\t")[1], radix: 8)) & O_NONBLOCK == 0)
    }
  }

  @Test("standard input that is not a pipe is /dev/null", arguments: Rung.allCases)
  func nullInput(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    #expect(try keeper.start(1, keeper.program(["cat"])).output.readToEnd() == "")
    #expect(try keeper.report(1) == .exited(1, .exit(code: 0)))
  }

  @Test("environment, directory, umask, session and signals are as given, not the keeper's", arguments: Rung.allCases)
  func surroundings(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var program = keeper.program(["cat"], in: "/usr")
    program.environment.append(Array("ODD ONE".utf8))
    program.umask = 0o027
    let cat = try startCat(keeper, 1, program)
    let environment = try #require(contents(of: "/proc/\(cat.pid)/environ"))
    #expect(environment.split(separator: "\0").map { Array($0.utf8) } == program.environment)
    #expect(try status(of: cat, "Umask") == "0027")
    #expect(getsid(cat.pid) == cat.pid)
    #expect(try status(of: cat, "SigBlk") == "0000000000000000")
    #expect(try status(of: cat, "SigIgn") == "0000000000000000")
    #expect(names(in: "/proc/\(cat.pid)/cwd") == names(in: "/usr"))
  }

  @Test("a program gains no privileges, unless it is allowed to", arguments: Rung.allCases, [false, true])
  func privileges(rung: Rung, allowed: Bool) throws {
    let keeper = try KeeperProcess(on: rung)
    var program = keeper.program(["cat"])
    program.allowsSetuid = allowed
    #expect(try status(of: try startCat(keeper, 1, program), "NoNewPrivs") == (allowed ? "0" : "1"))
  }

  @Test("an exit is reported with its code, and then the tree empty", arguments: Rung.allCases)
  func exitCode(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    _ = try keeper.start(1, script: "exit 42")
    #expect(try keeper.report(1) == .exited(1, .exit(code: 42)))
    #expect(try keeper.report(1) == .empty(1, Stragglers(total: 0, named: [])))
  }

  @Test("a signal ordered for an entity reaches its program's whole process group", arguments: Rung.allCases)
  func signal(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let program = try keeper.start(1, script: "trap 'exit 7' USR1; sleep 1000 & echo up; wait")
    _ = try program.output.read(until: { $0 == "up\n" })
    try keeper.send(.signal(1, SIGUSR1))
    #expect(try keeper.report(1) == .exited(1, .exit(code: 7)))
    // sleep, of the same group, died of SIGUSR1 and was no straggler; or had not yet, and was.
    guard case .empty = try keeper.report(1) else { throw Unexpected(report: try keeper.report(1)) }
    _ = try keeper.start(2, keeper.program(["sleep", "1000"]))
    try keeper.send(.signal(2, SIGTERM))
    #expect(try keeper.report(2) == .exited(2, .signal(SIGTERM, coreDumped: false)))
  }

  @Test("arguments and environment of a megabyte arrive whole", arguments: Rung.allCases)
  func large(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    let long = [UInt8](repeating: 65, count: 100_000)
    var program = keeper.program(["sh", "-c", "echo ${#1} ${#A} $#", "sh"])
    program.arguments += Array(repeating: long, count: 9)
    program.environment.append(Array("A=".utf8) + long)
    #expect(try keeper.start(1, program).output.readToEnd() == "100000 100000 9\n")
  }

  @Test("a program has the limits that it is given, and otherwise the keeper's", arguments: Rung.allCases)
  func limits(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var program = keeper.program(["cat"])
    program.limits.openFiles = 77
    program.limits.processes = 4_000
    program.limits.addressSpace = 1 << 40
    program.limits.processorTime = 5
    program.limits.coreFile = 0
    let limited = try startCat(keeper, 1, program)
    let text = try #require(contents(of: "/proc/\(limited.pid)/limits"))
    for (name, soft, hard) in [
      ("Max open files", "77", "77"), ("Max processes", "4000", "4000"),
      ("Max address space", "1099511627776", "1099511627776"),
      ("Max cpu time", "5", "6"), ("Max core file size", "0", "0"),
    ] {
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name) })
      #expect(line.dropFirst(name.count).split(separator: " ").prefix(2) == [Substring(soft), Substring(hard)])
    }
    let plain = try startCat(keeper, 2)
    let inherited = try #require(contents(of: "/proc/\(plain.pid)/limits"))
    #expect(inherited.split(separator: "\n")[7] == contents(of: "/proc/self/limits")?.split(separator: "\n")[7])
    // Dropped, they would lose their standard inputs and end.
    withExtendedLifetime((limited, plain)) {}
  }

  @Test("a limit that can't be set is a start that failed, with that stage", arguments: Rung.allCases)
  func limitFails(rung: Rung) throws {
    let keeper = try KeeperProcess(on: rung)
    var program = keeper.program(["true"])
    program.limits.openFiles = .max  // more than the system lets anybody have
    try keeper.send(.start(1, program))
    #expect(try keeper.report(1) == .startFailed(1, errno: EPERM, .limits))
  }

  /// Starts a program that copies, and lets it copy a byte: then its loader is done with its files.
  private func startCat(_ keeper: KeeperProcess, _ entity: ThreadID, _ program: KeeperProgram? = nil) throws
    -> StartedProgram
  {
    var program = program ?? keeper.program(["cat"])
    program.standardInput = .pipe
    let cat = try keeper.start(entity, program)
    try cat.input?.write([65])
    #expect(try cat.output.read(until: { $0 == "A" }) == "A")
    return cat
  }

  /// One field of /proc/PID/status.
  private func status(of program: StartedProgram, _ field: String) throws -> String {
    let lines = try #require(contents(of: "/proc/\(program.pid)/status")).split(separator: "\n")
    return String(try #require(lines.first { $0.hasPrefix("\(field):") }).split(separator: "\t")[1])
  }
}
