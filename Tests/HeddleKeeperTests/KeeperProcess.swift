import Glibc
import HeddleModel
import Supervision
import Testing

/// A running `heddle-keeper`, and the daemon's side of it.
final class KeeperProcess {
  let pid: Int32
  let mark = Mark()
  private var socket: Descriptor?
  private var reader = KeeperReportReader()
  private var descriptors: [Descriptor] = []
  /// Reports about other entities than the one that was asked for, oldest first.
  private var kept: [KeeperReport] = []
  private var status: Int32?

  let rung: Rung
  /// What the keeper said of itself.
  let hello: KeeperReport
  let containment: Containment

  /// Starts it, and skips the test where the machine does not have the rung.
  ///
  /// - Parameters:
  ///   - instance: which daemons it shares leftovers with.
  ///   - limit: with no descriptor of that number or above, as by `ulimit -n`.
  ///   - launcher: the words in front of its command line.
  convenience init(
    on rung: Rung,
    instance: String = "test-\(UInt64.random(in: 0...UInt64.max))",
    descriptorLimit limit: Int? = nil,
    launcher: [String] = []
  ) throws {
    do {
      try self.init(asked: rung.rawValue, instance, limit, launcher)
    } catch let error as Unusable {
      try Test.cancel("this machine has not the rung \(rung): \(error.reason)")
    }
  }

  /// Starts it. Throws `Unusable` if it says so.
  init(asked: String, _ instance: String, _ limit: Int? = nil, _ launcher: [String] = []) throws {
    var pair: [Int32] = [-1, -1]
    _ = try check(
      "socketpair",
      unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair)
    )
    let ours = Descriptor(pair[0])
    let theirs = Descriptor(pair[1])
    let words = (launcher.isEmpty ? [Self.built("heddle-keeper")] : launcher) + [asked, instance]
    pid = try Self.spawn(theirs, limit, words, environment: ["PATH=/usr/bin:/bin", mark.entry])
    socket = ours
    // Inline, since `report` needs all of self.
    var reader = KeeperReportReader()
    var hello: KeeperReport?
    while hello == nil {
      guard ours.isReadable(within: deadline) else { throw SystemError(call: "poll", errno: ETIMEDOUT) }
      reader.append(try ours.receive().bytes)
      hello = try reader.nextReport()
    }
    if case .unusable(let reason) = hello {
      _ = waitpid(pid, nil, 0)
      throw Unusable(reason: reason)
    }
    guard let hello, case .hello(_, _, let containment) = hello, let rung = Rung(rawValue: containment.rung) else {
      throw SystemError(call: "recvmsg", errno: EPIPE)
    }
    self.hello = hello
    self.containment = containment
    self.rung = rung
    self.reader = reader
  }

  deinit {
    socket = nil
    if status == nil { _ = waitpid(pid, nil, 0) }
  }

  /// The path of a built executable: beside the test bundle.
  static func built(_ name: String) -> String {
    var bytes = [CChar](repeating: 0, count: 4096)
    let size = unsafe readlink("/proc/self/exe", &bytes, bytes.count)
    let bundle = String(decoding: bytes.prefix(max(size, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return bundle.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(name)"
  }

  private static func spawn(
    _ socket: Descriptor,
    _ limit: Int?,
    _ command: [String],
    environment: [String]
  ) throws -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, socket.number, 3)
    let script = (limit.map { "ulimit -n \($0); " } ?? "") + "exec \"$0\" \"$@\""
    let words = ["sh", "-c", script] + command
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    var environment = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer {
      for index in unsafe arguments.indices { unsafe free(arguments[index]) }
      for index in unsafe environment.indices { unsafe free(environment[index]) }
    }
    var pid: Int32 = 0
    let error = unsafe posix_spawn(&pid, "/bin/sh", &actions, nil, &arguments, &environment)
    guard error == 0 else { throw SystemError(call: "posix_spawn /bin/sh", errno: error) }
    return pid
  }

  // MARK: requests and reports

  func send(_ request: KeeperRequest) throws { try send(try request.encoded()) }
  func send(_ bytes: [UInt8]) throws { try socket?.write(bytes) }

  /// Sends bytes with a descriptor that comes with the first of them.
  func send(_ bytes: [UInt8], passing descriptor: Descriptor) throws { try socket?.write(bytes, passing: descriptor) }

  /// As the death of the daemon: its end of the socket pair closes.
  func closeDaemonEnd() { socket = nil }

  /// The next report about `entity`; a fault counts as one about all.
  func report(_ entity: ThreadID) throws -> KeeperReport {
    if let index = kept.firstIndex(where: { $0.concerns(entity) }) { return kept.remove(at: index) }
    while true {
      while let report = try reader.nextReport() {
        if report.concerns(entity) { return report }
        kept.append(report)
      }
      guard let socket, socket.isReadable(within: deadline) else { throw SystemError(call: "poll", errno: ETIMEDOUT) }
      let (bytes, descriptors) = try socket.receive()
      guard !bytes.isEmpty else { throw SystemError(call: "recvmsg", errno: EPIPE) }
      reader.append(bytes)
      self.descriptors += descriptors
    }
  }

  /// Whether a report about `entity` came while others were asked for.
  func hasKept(_ entity: ThreadID) -> Bool { kept.contains { $0.concerns(entity) } }

  /// Waits for the keeper's exit. Returns its exit status, or minus the signal that killed it.
  func waitForExit() throws -> Int32 {
    var status: Int32 = 0
    _ = try check("waitpid", unsafe waitpid(pid, &status, 0))
    self.status = status
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
  }

  // MARK: programs

  /// The processes of the programs, which the keeper and the wardens are not.
  var programs: [ProcessState] {
    mark.bearers.filter {
      guard let name = contents(of: "/proc/\($0.pid)/comm") else { return false }
      return !name.hasPrefix("heddle-keeper") && !name.hasPrefix("heddle-warden")
    }
  }

  /// A program that carries the mark.
  func program(_ arguments: [String], path: String = "/usr/bin:/bin", in directory: String = "/") -> KeeperProgram {
    KeeperProgram(
      arguments: arguments.map { Array($0.utf8) },
      environment: [Array("PATH=\(path)".utf8), Array(mark.entry.utf8)],
      directory: Array(directory.utf8),
    )
  }

  /// Starts `program` and returns its pid and descriptors, once it is executed.
  func start(_ entity: ThreadID, _ program: KeeperProgram) throws -> StartedProgram {
    try send(.start(entity, program))
    return try started(entity, program)
  }

  /// What a start that was sent before came to. Starts must be asked for in the order of their reports.
  func started(_ entity: ThreadID, _ program: KeeperProgram) throws -> StartedProgram {
    let report = try report(entity)
    guard case .started(_, let pid, _, let count) = report, count <= descriptors.count else {
      throw Unexpected(report: report)
    }
    var ends = Array(descriptors.prefix(count))
    descriptors.removeFirst(count)
    // Standard output is the connection: what stands for it here is at its end.
    if count == 1 { ends.insert(Descriptor(try check("open", unsafe open("/dev/null", O_RDONLY))), at: 0) }
    let input = program.standardInput == .pipe ? ends.first : nil
    let outputs = program.hasChannel ? ends.dropLast() : ends[...]
    return StartedProgram(
      pid: pid,
      input: input,
      output: outputs[outputs.endIndex - 2],
      errors: outputs[outputs.endIndex - 1],
      channel: program.hasChannel ? ends.last : nil
    )
  }

  /// Starts a shell script.
  func start(_ entity: ThreadID, script: String, lingers: Bool = false) throws -> StartedProgram {
    var program = program(["sh", "-c", script])
    program.lingers = lingers
    return try start(entity, program)
  }

  /// Starts a tree with a daemonised grandchild; also suspended, if asked to.
  func startTree(_ entity: ThreadID, suspended: Bool = false) throws -> StartedProgram {
    let program = try start(entity, script: TreeTests.daemonise + "sleep 1000")
    _ = try program.output.read(until: { $0 == "daemon\n" })
    if suspended {
      try send(.suspend(entity, generation: 1))
      #expect(try report(entity) == .suspended(entity, generation: 1))
    }
    return program
  }

  /// Kills the tree and takes its last reports.
  func end(_ entity: ThreadID) throws -> (exit: KeeperReport, empty: KeeperReport) {
    try send(.kill(entity))
    return (try report(entity), try report(entity))
  }
}

struct StartedProgram {
  let pid: Int32
  var input: Descriptor?
  let output: Descriptor
  let errors: Descriptor
  var channel: Descriptor?

  /// The warden: the program's parent.
  var warden: Int32? { ProcessState(pid: pid)?.parent }
}

/// The ladder of containment. What this machine has not is skipped, by name.
enum Rung: String, CaseIterable, Sendable {
  case cgroup
  case pidns
  case subreaper

  /// Those that have a process beside each program.
  static let withWardens: [Rung] = [.pidns, .subreaper]
}

/// The keeper says that it can't hold processes together as it was asked to.
struct Unusable: Error {
  let reason: String
}

/// A report that the test did not call for.
struct Unexpected: Error {
  let report: KeeperReport
}

extension KeeperReport {
  func concerns(_ asked: ThreadID) -> Bool {
    switch self {
    case .hello, .unusable, .fault: true
    case .fenced: asked == .fence
    case .started(let entity, _, _, _), .startFailed(let entity, _, _), .suspended(let entity, _),
      .resumed(let entity, _),
      .exited(let entity, _), .empty(let entity, _):
      entity == asked
    }
  }
}

extension ThreadID {
  /// What `KeeperProcess.report` is asked for the reports that speak of all guarded trees.
  static let fence = ThreadID(rawValue: .max)
}

extension ThreadID: ExpressibleByIntegerLiteral {
  package init(integerLiteral value: UInt64) { self.init(rawValue: value) }
}
