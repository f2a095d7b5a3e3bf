internal import ArgumentParser
internal import HeddleClient
internal import HeddleLoop
internal import HeddleModel
internal import HeddleWire

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine and this installation, and prove the promise on it.",
    discussion: """
      heddle doctor
      heddle doctor --json | jq '.checks[] | select(.verdict != "VERDICT_GOOD")'

      It needs no daemon: it starts some of its own, on sockets that nobody else knows. One of them gets a program that \
      daemonises itself, whose custodian is shut down; and another, and is killed. Exits with 1 if something failed.
      """
  )

  @OptionGroup var common: CommonOptions

  func run() async throws {
    let progress = Progress(isWanted: !common.quiet && !common.json)
    try await common.limited {
      let report = try await progress.during({ "checking; this takes a few seconds" }) { try await examine() }
      let words = DoctorWords(isUTF8: Environment.isUTF8, palette: common.output.palette)
      common.output.write(
        json: WireJSON.text(report),
        words.lines(about: report).map { $0 + "\n" }.joined()
      )
      if !report.isHealthy { throw ExitCode(ExitStatus.failed.rawValue) }
    }
  }

  private func examine() async throws -> DoctorReport {
    let loop = try EventLoop.start()
    defer { loop.stop() }
    loop.exitOnSignals()
    var checks = [Surroundings.keeper()]
    checks += await trial(on: loop)
    checks += Self.rungs.map(Self.rung)
    checks += [
      Surroundings.pidfd(), Surroundings.descriptors(), Surroundings.processes(),
      Surroundings.socket(common.place.location), Surroundings.libuv(), Surroundings.clock(),
    ]
    return DoctorReport(checks: checks)
  }

  // MARK: - Trials

  /// What a daemon that chooses for itself comes to, and what becomes of orphans under it.
  private func trial(on loop: EventLoop) async -> [DoctorReport.Check] {
    do {
      let daemon = try TrialDaemon(containment: "auto")
      defer { daemon.end() }
      let supervisor = try await Supervisor.connect(to: daemon.socketPath, clientName: "heddle doctor", on: loop)
      let status = try await supervisor.daemonStatus()
      let orphans = OrphanTrial(over: supervisor)
      let checks = [
        Surroundings.containment(status), Surroundings.suddenEnd(status.containment), try await orphans.shutdown(),
        try await orphans.sudden(daemon),
      ]
      await supervisor.close()
      return checks
    } catch let refused as TrialDaemon.Refused {
      return [.init("daemon", .failed, "none can be started: \(refused.reason)")]
    } catch {
      return [.init("daemon", .failed, "the one that was started for a trial fails: \(error)")]
    }
  }

  private static let rungs = ["cgroup", "pidns", "subreaper"]

  /// Whether a daemon can hold trees of processes in this way.
  private static func rung(_ name: String) -> DoctorReport.Check {
    do throws(TrialDaemon.Refused) {
      let daemon = try TrialDaemon(containment: name)
      daemon.end()
      return .init("rung \(name)", .good, "works here")
    } catch {
      // The last one is what is always to be had.
      return .init("rung \(name)", name == "subreaper" ? .failed : .warning, error.reason)
    }
  }
}

/// The report, line by line.
struct DoctorWords {
  let isUTF8: Bool
  var palette = Palette.plain

  func lines(about report: DoctorReport) -> [String] {
    let width = report.checks.map(\.name.count).max() ?? 0
    return report.checks.flatMap { check in
      let name = check.name + String(repeating: " ", count: width - check.name.count)
      let line = "\(glyph(check.verdict)) \(name)  \(check.finding)"
      guard !check.advice.isEmpty, check.verdict != .good else { return [line] }
      return [line, String(repeating: " ", count: width + 4) + check.advice]
    } + [summary(of: report)]
  }

  private func summary(of report: DoctorReport) -> String {
    let failed = report.checks.count { $0.verdict == .failed }
    if failed > 0 { return palette.paint("\(failed) of \(report.checks.count) checks failed", .bad) }
    let warnings = report.checks.count { $0.verdict == .warning }
    return palette.paint(warnings == 0 ? "all is well" : "all is well, and \(warnings) things could be better", .good)
  }

  private func glyph(_ verdict: DoctorReport.Verdict) -> String {
    switch verdict {
    case .good: palette.paint(isUTF8 ? "✓" : "+", .good)
    case .warning: palette.paint("!", .waiting)
    case .failed: palette.paint(isUTF8 ? "✗" : "x", .bad)
    }
  }
}
