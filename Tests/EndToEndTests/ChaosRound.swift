import Foundation
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire
import TestPrograms

/// A daemon with some made-up trees of processes, each ended in a way of its own, and with those that are left in the end
/// the daemon itself.
///
/// The seed decides on trees and ways; the kernel's scheduler decides on the rest.
struct ChaosRound {
  static let treesCount = 10
  let rung: Rung
  let seed: UInt64

  /// How a thread ends.
  private enum Ending: CaseIterable {
    case kill
    case custodianShutdown
    /// The end of the connection that it was made on.
    case session
    /// A stranger's SIGKILL to the program.
    case stranger
    /// SIGKILL to the warden, where there is one.
    case warden
    /// By itself: the program exits, and leaves the rest.
    case ownExit
    /// With the daemon.
    case left
  }

  /// How the daemon ends.
  private enum DaemonEnding: CaseIterable {
    case killed
    case keeperKilled
    case rootShutdown
  }

  /// One thread, before it is made.
  private struct Plan {
    let ending: Ending
    let tree: RandomTree
    /// How many dots are awaited before anything is done.
    let dotsAwaited: Int
    let isSuspendedFirst: Bool
    /// The user that forkers become, who has no other process.
    let user: Int
    let processes = MarkedProcesses()
  }

  /// Ends everything, and says what was wrong: nothing, as a rule.
  func run() async throws -> [String] {
    var chance = SeededGenerator(seed: seed)
    let plans = (0..<Self.treesCount).map { _ in plan(using: &chance) }
    let daemonEnding = DaemonEnding.allCases[Int(chance.next() % UInt64(DaemonEnding.allCases.count))]
    let daemon = try DaemonProcess(containment: rung.rawValue)
    let loop = try EventLoop.start()
    defer { loop.stop() }
    let client = try await Supervisor.connect(to: daemon.socketPath, clientName: "chaos", on: loop)
    let stage = Stage(daemon: daemon, keeper: try daemon.keeper, client: client)
    defer { daemon.endIfRunning() }
    var faults = try await live(plans, on: stage)
    faults += await end(stage, daemonEnding)
    for plan in plans where plan.ending == .left {
      guard await !eventually({ plan.processes.all.isEmpty }) else { continue }
      faults.append(text(plan, "\(plan.processes.all) survived the daemon's end: \(daemonEnding)"))
    }
    if await !eventually({ MarkedProcesses.inCgroup(ofKeeper: stage.keeper).isEmpty }) {
      faults.append("a cgroup has members")
    }
    if await !eventually({ ProcStat(stage.keeper)?.isZombie ?? true }) { faults.append("the keeper stays") }
    return faults.map { "seed \(seed) on \(rung): \($0)" }
  }

  /// What the threads of one round share.
  private struct Stage {
    let daemon: DaemonProcess
    let keeper: Int32
    let client: Supervisor
  }

  // MARK: - Plans

  private func plan(using chance: inout SeededGenerator) -> Plan {
    var ending = Ending.allCases[Int(chance.next() % UInt64(Ending.allCases.count))]
    if ending == .warden, !rung.hasWardens { ending = .kill }
    let tree = RandomTree(quits: ending == .ownExit, forks: geteuid() == 0, using: &chance)
    let dots = [0, Int.random(in: 0...tree.dots, using: &chance), tree.dots]
    return Plan(
      ending: ending,
      tree: tree,
      dotsAwaited: tree.quits ? 0 : dots[Int(chance.next() % 3)],
      isSuspendedFirst: !tree.quits && chance.oneIn(4),
      user: Int.random(in: 100_000...1_000_000_000, using: &chance)
    )
  }

  private func text(_ plan: Plan, _ fault: String) -> String {
    "\(plan.tree.spelling), \(plan.isSuspendedFirst ? "suspended, " : "")\(plan.ending): \(fault)"
  }

  // MARK: - Threads

  /// Lets all threads live at once, and end, but for those that are left.
  private func live(_ plans: [Plan], on stage: Stage) async throws -> [String] {
    try await withThrowingTaskGroup(of: [String].self) { group in
      for plan in plans { group.addTask { try await live(plan, on: stage) } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  private func live(_ plan: Plan, on stage: Stage) async throws -> [String] {
    let custodian = try CustodianPath(parsing: "job-\(plan.user)")
    if plan.ending == .custodianShutdown { try await stage.client.custodianNew(custodian) }
    let maker =
      plan.ending == .session
      ? try await Supervisor.connect(to: stage.daemon.socketPath, clientName: "session", on: stage.client.loop)
      : stage.client
    let place: CustodianPath? =
      switch plan.ending {
      case .custodianShutdown: custodian
      case .session: nil
      case .kill, .stranger, .warden, .ownExit, .left: .main
      }
    let (thread, streams) = try await maker.spawn(spawn(plan, in: place), attachedTo: [.standardOutput])
    var seen = 0
    while seen < plan.dotsAwaited, let chunk = try await streams[0].read() { seen += chunk.bytes.count }
    if plan.isSuspendedFirst { try await stage.client.suspend(.id(thread.id)) }
    if plan.ending == .left { return [] }
    let known = plan.processes.all
    try await end(thread, plan, maker, stage)
    _ = try await stage.client.wait(for: .id(thread.id))
    return remains(of: plan, thread.id, known, stage).map { [text(plan, "dead, and there are \($0)")] } ?? []
  }

  private func spawn(_ plan: Plan, in custodian: CustodianPath?) -> Spawn {
    var limits = ResourceLimits()
    limits.processes = 30
    let program = Command.binDirectory.appending(path: "heddle-test-tree").path
    return Spawn(
      in: custodian,
      argv: [program, plan.tree.spelling, "\(plan.user)"].map { Array($0.utf8) },
      environment: [plan.processes.mark, "PATH=/usr/bin:/bin"].map { Array($0.utf8) },
      cwd: Array("/".utf8),
      limits: limits
    )
  }

  private func end(_ thread: ThreadInfo, _ plan: Plan, _ maker: Supervisor, _ stage: Stage) async throws {
    switch plan.ending {
    case .kill: _ = try await stage.client.kill(.id(thread.id), wait: false)
    case .custodianShutdown:
      _ = try await stage.client.custodianShutdown(try CustodianPath(parsing: "job-\(plan.user)"))
    case .session: await maker.close()
    case .stranger: if let pid = thread.pid { Glibc.kill(pid, SIGKILL) }
    case .warden: if let pid = thread.pid, let warden = ProcStat(pid)?.parent { Glibc.kill(warden, SIGKILL) }
    case .ownExit, .left: break
    }
  }

  /// The processes of a dead thread: first those that were there before, since that is the quickest look.
  private func remains(of plan: Plan, _ thread: ThreadID, _ known: [Int32], _ stage: Stage) -> [Int32]? {
    let left =
      known.filter(plan.processes.isMarked) + plan.processes.all
      + MarkedProcesses.inCgroup(ofKeeper: stage.keeper, thread: thread.rawValue)
    return left.isEmpty ? nil : left
  }

  // MARK: - The daemon

  /// Ends the daemon.
  private func end(_ stage: Stage, _ ending: DaemonEnding) async -> [String] {
    let (process, expected): (StartedProgram, Int32) = (
      stage.daemon.process, [.killed: SIGKILL, .keeperKilled: 1][ending] ?? 0
    )
    switch ending {
    case .killed: process.signal(SIGKILL)
    case .keeperKilled: Glibc.kill(stage.keeper, SIGKILL)
    case .rootShutdown: _ = try? await stage.client.custodianShutdown(.root)
    }
    let end = Result { try process.wait().number }
    await stage.client.close()
    return (try? end.get()) == expected ? [] : ["the daemon's end is \(end), not \(expected): \(ending)"]
  }
}

extension Rung {
  /// Whether each program has a process beside it that holds its tree.
  var hasWardens: Bool { self != .cgroup }
}
