internal import Glibc
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

/// The promise put to the test: a program that daemonises itself is ended with its custodian, and with the daemon.
struct OrphanTrial {
  private let supervisor: Supervisor
  /// In the environment of all that the trial starts.
  private let mark = "LOOM_TRIAL=\(getpid())-\(EventLoop.nanoseconds)"
  private static let patience = Duration.seconds(5)

  init(over supervisor: Supervisor) { self.supervisor = supervisor }

  /// Starts a troublemaker in a custodian, and shuts that down.
  func shutdown() async throws -> DoctorReport.Check {
    let name = "shutdown leaves nothing"
    let path = try CustodianPath(parsing: "doctor")
    try await supervisor.custodianNew(path)
    guard try await start(in: path) else { return Self.noTrouble(name) }
    let report = try await supervisor.custodianShutdown(path)
    return verdict(
      name,
      left: marked(),
      "a custodian's shutdown ended \(report.processes) processes, one of which had daemonised itself"
    )
  }

  /// Starts a troublemaker, and kills the daemon.
  func sudden(_ daemon: TrialDaemon) async throws -> DoctorReport.Check {
    let name = "SIGKILL leaves nothing"
    guard try await start(in: .main) else { return Self.noTrouble(name) }
    kill(daemon.pid, SIGKILL)
    _ = try await until { marked().isEmpty }
    return verdict(name, left: marked(), "a daemon that was killed took the processes of its threads with it")
  }

  private func verdict(_ name: String, left: [Int32], _ finding: String) -> DoctorReport.Check {
    guard !left.isEmpty else { return .init(name, .good, finding) }
    let pids = left.map(String.init).joined(separator: " ")
    return .init(
      name,
      .failed,
      "\(left.count) processes are left: \(pids)",
      advice: "end them by kill \(pids), and report this with the output of heddle doctor --json"
    )
  }

  private static func noTrouble(_ name: String) -> DoctorReport.Check {
    .init(
      name,
      .failed,
      "the program that was to daemonise itself did not within \(patience.spelled)",
      advice: "look whether setsid and sleep are in /usr/bin or /bin"
    )
  }

  /// Starts a program with a daemonised child.
  ///
  /// - Returns: whether both are there.
  private func start(in custodian: CustodianPath) async throws -> Bool {
    let script = "setsid sleep 98989 & exec sleep 98989"
    let spawn = Spawn(
      in: custodian,
      argv: ["/bin/sh", "-c", script].map { Array($0.utf8) },
      environment: [mark, "PATH=/usr/bin:/bin"].map { Array($0.utf8) },
      cwd: Array("/".utf8)
    )
    _ = try await supervisor.spawn(spawn)
    return try await until { Set(marked().compactMap { getsid($0) }).count > 1 }
  }

  /// Whether it is so in time. There is no event for what becomes of others' processes.
  private func until(_ condition: () -> Bool) async throws -> Bool {
    let end = EventLoop.now + Self.patience
    while !condition() {
      guard EventLoop.now < end else { return false }
      try await Task.sleep(for: .milliseconds(10))
    }
    return true
  }

  private func marked() -> [Int32] {
    ProcessTree().all.filter { SmallFile.text(at: "/proc/\($0)/environ")?.contains(mark) == true }
  }
}
