internal import ArgumentParser
internal import HeddleClient
internal import HeddleWire

struct SuspendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suspend",
    abstract: "Stop a thread, with all of its processes, until it is resumed.",
    discussion: """
      heddle suspend ticker
      heddle suspend id:7f3a
      """
  )

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    try await daemon.withSupervisor { try await $0.suspend(thread) }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a suspended thread go on.",
    discussion: """
      heddle resume ticker
      heddle resume ticker --benefactor /main/job
      heddle resume ticker --benefactor parent
      """
  )

  @Option(
    help: ArgumentHelp(
      "Who gives the thread its custodians, from now on as well: a thread, or a custodian that starts with a slash.",
      valueName: "thread|/custodian"
    ),
    transform: Targets.benefactor
  )
  var benefactor: Request.Benefactor?

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    try await daemon.withSupervisor { try await $0.resume(thread, benefactor: benefactor) }
  }
}
