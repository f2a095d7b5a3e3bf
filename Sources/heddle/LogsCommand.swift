internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct LogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs",
    abstract: "Print what a thread's program wrote.",
    discussion: """
      heddle logs ticker
      heddle logs ticker --tail 2
      """
  )

  @Option(help: ArgumentHelp("Only so many lines from the end.", valueName: "lines"))
  var tail: Int?

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread, dead or alive.", transform: Targets.thread)
  var thread: ThreadReference

  func validate() throws {
    if let tail, tail < 0 { throw ValidationError("--tail takes a number of lines, 0 or more.") }
  }

  func run() async throws {
    try await daemon.withSupervisor { supervisor in
      let log = try await supervisor.logs(of: thread, tailLines: tail)
      if tail == nil, log.droppedBytes > 0 {
        Output.complain("the log is longer than what is kept of it; the first \(log.droppedBytes) bytes are lost")
      }
      Output.write(log.text)
    }
  }
}
