internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct CustodianCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "custodian",
    abstract: "Make custodians, look at them, shut them down.",
    discussion: """
      heddle custodian new job
      heddle custodian tree
      heddle custodian shutdown job --follow

      A path that does not start with a slash is below /main.
      """,
    subcommands: [New.self, Tree.self, Shutdown.self]
  )

  struct New: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a custodian below an existing one.",
      discussion: "heddle custodian new job"
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path.", completion: Targets.custodianNames, transform: Targets.custodian)
    var path: CustodianPath

    func run() async throws {
      try await common.withSupervisor { try await $0.custodianNew(path) }
    }
  }

  struct Tree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Draw a custodian with all that is below it.",
      discussion: """
        heddle custodian tree
        heddle custodian tree /
        """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path; /main without one.", completion: Targets.custodianNames, transform: Targets.custodian)
    var path: CustodianPath?

    func run() async throws {
      try await common.withSupervisor { supervisor in
        let listing = try await supervisor.custodianTree(path ?? .main)
        let drawing = TreeDrawing(isUTF8: Environment.isUTF8)
        Output.write(drawing.lines(of: listing).map { $0 + "\n" }.joined())
      }
    }
  }

  struct Shutdown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End all that is in a custodian and below it.",
      discussion: """
        heddle custodian shutdown job
        heddle custodian shutdown job --follow
        """
    )

    @Flag(help: "Print what dies as it dies.")
    var follow = false

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path.", completion: Targets.custodianNames, transform: Targets.custodian)
    var path: CustodianPath

    func run() async throws {
      let words = ShutdownWords(path: path)
      let printNotice: @Sendable (Notice) -> Void = { notice in
        Output.write(words.lines(about: notice).map { $0 + "\n" }.joined())
      }
      try await common.withSupervisor { supervisor in
        let report = try await supervisor.custodianShutdown(path, follow: follow && !common.quiet ? printNotice : nil)
        if !common.quiet { Output.write(words.line(about: report) + "\n") }
      }
    }
  }
}
