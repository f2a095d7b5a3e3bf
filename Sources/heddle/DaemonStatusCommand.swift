internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct DaemonStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say which daemon is there, and how it is.",
    discussion: """
      heddle daemon status
      heddle daemon status --json
      kill -9 $(heddle daemon status --pid)

      Without a daemon it exits with 6.
      """
  )

  @Flag(help: "Print its process id alone.")
  var pid = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if pid, common.json { throw ValidationError("--pid and --json are two ways to print it; leave out one.") }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      let status = try await supervisor.daemonStatus()
      common.output.write(json: WireJSON.text(status), pid ? "\(status.pid)\n" : DaemonWords.lines(about: status))
    }
  }
}
