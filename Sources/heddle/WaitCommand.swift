internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleWire

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait for a thread's death, and exit as its program did.",
    discussion: """
      heddle wait build && heddle run -d -- ./deploy
      heddle wait id:7f3a

      Exits with the program's own status, with 128 and the number of the signal that ended it, with 137 if heddle \
      killed the thread, and with 125 when heddle itself fails.
      """
  )

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread, dead or alive.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    do {
      try await daemon.withSupervisor { supervisor in
        let cause = try await supervisor.wait(for: thread).death.cause
        throw ExitCode(Self.status(of: cause).rawValue)
      }
    } catch let failure as Failure {
      throw failure.exiting(with: .ownFailure)
    }
  }

  static func status(of cause: DeathCause) -> ExitStatus {
    switch cause {
    case .exited(let code): ExitStatus(rawValue: Int32(code))
    case .signalled(let number, _): .signalled(number)
    case .failedToStart(let errorNumber, _): errorNumber == ENOENT ? .notFound : .notExecutable
    case .killed, .custodianShutDown, .daemonEnded: .killed
    }
  }
}
