internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct BreakCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "break",
    abstract: "Send threads a break: an interrupt, as Ctrl-C is one, a hang-up, or a request to terminate.",
    discussion: """
      heddle break build
      heddle break --kind terminate build 'web.*'

      A plain program gets SIGINT, SIGHUP or SIGTERM, a worker a break of its library. A suspended thread gets the \
      strongest at its resumption. A thread is \(Selector.forms).
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

  @OptionGroup var common: CommonOptions

  @Argument(help: "The threads.", completion: Targets.threadNames, transform: Selector.parse)
  var threads: [Selector]

  func run() async throws {
    let kind = kind.model
    try await common.withSupervisor { supervisor in
      let threads = try await threads.threads(of: supervisor)
      try await Deeds(supervisor: supervisor, options: common).perform(on: threads) { thread in
        try await supervisor.sendBreak(kind, to: .id(thread.id))
      }
    }
  }
}
