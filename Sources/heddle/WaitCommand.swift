internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleWire

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait for threads' deaths, and exit as their programs did.",
    discussion: """
      heddle wait build && heddle run -d -- ./deploy
      heddle wait id:7f3a
      heddle wait 'step.*' --timeout 1m

      Exits with the program's own status, with 128 and the number of the signal that ended it, with 137 if heddle \
      killed the thread, and with 125 when heddle itself fails; of several threads, as the first of them that did not \
      exit with 0. A thread is \(Selector.forms).
      """
  )

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads, dead or alive.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func run() async throws {
    do {
      try await common.withSupervisor { supervisor in
        let causes = try await wait(over: supervisor)
        let failed = causes.map(Self.status).first { $0.rawValue != 0 }
        throw ExitCode(failed?.rawValue ?? 0)
      }
    } catch let failure as Failure {
      throw failure.exiting(with: .ownFailure)
    }
  }

  /// How each died.
  private func wait(over supervisor: Supervisor) async throws -> [DeathCause] {
    var dead = try await threads.threads(of: supervisor, includingDead: true)
    for index in dead.indices {
      dead[index].death = try await supervisor.wait(for: .id(dead[index].id)).death
      dead[index].state = .dead
      dead[index].custodians = []
    }
    common.output.write(json: WireJSON.text(dead), "")
    return dead.compactMap(\.death?.cause)
  }

  static func status(of cause: DeathCause) -> ExitStatus {
    switch cause {
    case .exited(let code): ExitStatus(rawValue: Int32(code))
    case .signalled(let number, _): .signalled(number)
    case .failedToStart(let errorNumber, _): errorNumber == ENOENT ? .notFound : .notExecutable
    case .timedOut: .timeout
    case .killed, .custodianShutDown, .daemonEnded, .nodeLost: .killed
    }
  }
}
