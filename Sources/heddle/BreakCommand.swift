internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct BreakCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "break",
    abstract: "Send a thread a break: an interrupt, as Ctrl-C is one, a hang-up, or a request to terminate.",
    discussion: """
      heddle break build
      heddle break --kind terminate build

      A plain program gets SIGINT, SIGHUP or SIGTERM, a worker a break of its library. A suspended thread gets the \
      strongest at its resumption.
      """
  )

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case interrupt
    case hangUp = "hang-up"
    case terminate

    var model: BreakKind {
      switch self {
      case .interrupt: .interrupt
      case .hangUp: .hangUp
      case .terminate: .terminate
      }
    }
  }

  @Option(help: ArgumentHelp("Which break.", valueName: "interrupt|hang-up|terminate"))
  var kind = Kind.interrupt

  @OptionGroup var daemon: SocketOption

  @Argument(help: "The thread.", transform: Targets.thread)
  var thread: ThreadReference

  func run() async throws {
    try await daemon.withSupervisor { try await $0.sendBreak(kind.model, to: thread) }
  }
}
