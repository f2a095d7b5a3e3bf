import Glibc

/// `runServer`, in a process of its own, under clients that connect for each line and clients that stay.
struct ServeBenchmarks {
  /// How long each run goes on, in nanoseconds.
  private static let length: UInt64 = 500_000_000

  let runs: Int
  /// Where the limits' programs are.
  let limits: String?
  let report: (Figure) -> Void

  func run() async throws {
    // A thousand clients and as many connections, here and there.
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let server = try BenchServer.startOwn()
    defer { server.end() }
    let other = try limits.map { try BenchServer.startLimit(in: $0) }
    defer { other?.end() }
    for kind in LoadGenerator.Kind.allCases {
      for clients in [1, 64, 1_000] { try await measure(kind, clients, server, other) }
    }
    report(try idleMemory())
  }

  private func measure(
    _ kind: LoadGenerator.Kind,
    _ clients: Int,
    _ server: BenchServer,
    _ other: BenchServer?
  ) async throws {
    let unit: Figure.Unit = kind == .new ? .connectionsPerSecond : .linesPerSecond
    let figure = try await Figure("serve.\(kind).\(clients)", unit: unit, runs: runs) {
      try other.map { try Self.lines(kind, clients, $0) }
    } measure: {
      try Self.lines(kind, clients, server)
    }
    report(figure)
  }

  /// How many lines come back in a second.
  private static func lines(_ kind: LoadGenerator.Kind, _ clients: Int, _ server: BenchServer) throws -> Double {
    var load = try LoadGenerator(kind, clients: clients, port: server.port)
    let lines = try load.run(for: length)
    load.end()
    return lines
  }

  /// What a connection takes that waits for a line, in a server that has never had more: of 1,000, by its resident memory.
  private func idleMemory() throws -> Figure {
    let server = try BenchServer.startOwn()
    defer { server.end() }
    // One for whatever is made once.
    var first = try LoadGenerator(.kept, clients: 1, port: server.port)
    _ = try first.run(for: 100_000_000)
    let before = ProcessMemory.proportional(of: server.pid) ?? 0
    var clients = try LoadGenerator(.kept, clients: 1_000, port: server.port)
    _ = try clients.run(for: Self.length)
    let after = ProcessMemory.proportional(of: server.pid) ?? 0
    clients.end()
    first.end()
    return try Figure("serve.idle.memory", unit: .bytes, samples: [(after - before) / 1_000])
  }
}

/// A line echo in a process of its own.
struct BenchServer {
  let pid: pid_t
  let port: UInt16

  /// This program's own.
  static func startOwn() throws -> BenchServer {
    try startSayingPort([try BenchDaemon.ownPath(), "serve", "--port", "0", "--hold"])
  }

  /// tcpserver(1), which has a process for each connection; nil where there is none.
  static func startTCPServer(_ program: String, connectionsMax: Int, backlog: Int) throws -> BenchServer? {
    // Quiet, without looking up names and without Nagle's delay; it says its port.
    let options = ["-q", "-H", "-R", "-D", "-l", "0", "-1", "-c", "\(connectionsMax)", "-b", "\(backlog)"]
    do { return try startSayingPort(["tcpserver"] + options + ["127.0.0.1", "0", program]) } catch let error
      as BenchError
    {
      guard error.errno == ENOENT else { throw error }
      return nil
    }
  }

  /// Starts a server whose first line is its port.
  private static func startSayingPort(_ words: [String]) throws -> BenchServer {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw BenchError(what: "make a pipe", errno: errno) }
    let started = Result { try spawn(words, standardOutput: ends[1]) }
    close(ends[1])
    defer { close(ends[0]) }
    let pid = try started.get()
    var (line, byte) = ([UInt8](), UInt8(0))
    while unsafe read(ends[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
    guard let port = UInt16(String(decoding: line, as: UTF8.self)) else {
      throw BenchError(what: "start a server, which said: \(String(decoding: line, as: UTF8.self))", errno: 0)
    }
    return BenchServer(pid: pid, port: port)
  }

  /// `uvecho` of the limits' programs.
  static func startLimit(in directory: String) throws -> BenchServer {
    // It wants to be told its port: one that the system would choose, and that is free again in a moment.
    let port = UInt16.random(in: 20_000..<30_000)
    let server = BenchServer(pid: try spawn(["\(directory)/uvecho", "\(port)"]), port: port)
    // It does not say when it listens.
    for _ in 0..<1_000 {
      guard var probe = try? LoadGenerator(.kept, clients: 1, port: port) else { continue }
      let lines = try? probe.run(for: 1_000_000)
      probe.end()
      if lines ?? 0 > 0 { return server }
      usleep(1_000)
    }
    server.end()
    throw BenchError(what: "connect to \(directory)/uvecho; build the limits' programs there", errno: 0)
  }

  func end() {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    unsafe waitpid(pid, &status, 0)
  }

  private static func spawn(_ words: [String], standardOutput: Int32? = nil) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    if let standardOutput { unsafe posix_spawn_file_actions_adddup2(&actions, standardOutput, 1) }
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var pid: pid_t = 0
    let status = unsafe posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
    guard status == 0 else { throw BenchError(what: "start \(words[0])", errno: status) }
    return pid
  }
}
