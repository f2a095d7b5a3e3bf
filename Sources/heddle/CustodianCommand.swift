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
      heddle custodian shutdown job --grace 10s --follow

      A path that does not start with a slash is below /main. On node b of the cluster it is b:/main/job, or b:job.
      """,
    subcommands: [New.self, List.self, Tree.self, CustodianShutdownCommand.self]
  )

  struct New: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "new",
      abstract: "Make a custodian below an existing one.",
      discussion: """
        heddle custodian new job
        heddle custodian new job --shared

        With --shared threads of all nodes of the daemon's cluster can be in it: it is printed where it is on each of them, \
        as in heddle run --in b:/shared/a.3f.1. Its shutdown, on any node, leaves nothing of it running on any.
        """
    )

    /// What becomes of a shared custodian when the node is lost that it was made on.
    enum HomeLoss: String, ExpressibleByArgument, CaseIterable {
      case shutdown
      case adopt
    }

    @Flag(help: "Let threads of all nodes of the cluster be in it.")
    var shared = false

    @Option(
      help: ArgumentHelp(
        "With --shared: when this node is lost, shut it down, or let another node of it adopt it.",
        valueName: "shutdown|adopt"
      )
    )
    var onHomeLost: HomeLoss?

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path.", completion: Targets.custodianNames, transform: Targets.custodian)
    var custodian: CustodianReference

    func validate() throws {
      if onHomeLost != nil, !shared { throw ValidationError("--on-home-lost is about custodians that are --shared.") }
      if shared, custodian.node != nil {
        throw ValidationError("A custodian is shared by the node that it is on; ask that one, with its --socket.")
      }
    }

    func run() async throws {
      try await common.withSupervisor { supervisor in
        try await supervisor.custodianNew(custodian.path, on: custodian.node)
        var path = custodian.path
        if shared {
          path = try await supervisor.shareCustodian(path, adopt: onHomeLost == .adopt)
          if !common.json { common.output.write(json: "", "\(path)\n") }
        }
        let made = CustodianListing(path: path, state: .open, children: [], threads: [])
        if common.json { common.output.write(json: WireJSON.text(made), "") }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ls",
      abstract: "List a custodian and those below it.",
      discussion: """
        heddle custodian ls
        heddle custodian ls / --json

        THREADS is how many it manages itself, and BELOW how many are in those below it. In a narrow terminal BELOW goes \
        first, then THREADS and STATE.
        """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path; /main without one.", completion: Targets.custodianNames, transform: Targets.custodian)
    var custodian: CustodianReference?

    func run() async throws {
      try await common.withSupervisor { supervisor in
        let all = Self.flat(try await supervisor.treeOrHint(custodian ?? CustodianReference(.main)))
        let isUTF8 = Environment.isUTF8
        let table = Table(
          isUTF8: isUTF8,
          columns: [
            .init("PATH", all.map(\.path.description), cut: .middle(least: 24)),
            .init("STATE", all.map { Self.word(for: $0.state) }, dropOrder: 1),
            .init("THREADS", all.map { String($0.threads.count) }, dropOrder: 2),
            .init("BELOW", all.map { String(Self.countBelow($0)) }, dropOrder: 3),
          ]
        )
        let lines = table.lines(columnsMax: Output.columns, common.output.palette)
        common.output.write(json: WireJSON.list(all), lines.map { $0 + "\n" }.joined())
      }
    }

    /// Each before those below it.
    private static func flat(_ listing: CustodianListing) -> [CustodianListing] {
      [listing] + listing.children.flatMap(flat)
    }

    /// The threads of all that is below a custodian.
    private static func countBelow(_ listing: CustodianListing) -> Int {
      Set(listing.children.flatMap(flat).flatMap { $0.threads.map(\.id) }).count
    }

    private static func word(for state: CustodianListing.State) -> String {
      switch state {
      case .open: "open"
      case .shuttingDown: "shutting down"
      }
    }
  }

  struct Tree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tree",
      abstract: "Draw a custodian with all that is below it.",
      discussion: """
        heddle custodian tree
        heddle custodian tree /
        """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its path; /main without one.", completion: Targets.custodianNames, transform: Targets.custodian)
    var custodian: CustodianReference?

    func run() async throws {
      try await common.withSupervisor { supervisor in
        let listing = try await supervisor.treeOrHint(custodian ?? CustodianReference(.main))
        let infos = common.json ? [] : try await supervisor.list(includeDead: false, on: custodian?.node)
        let drawing = TreeDrawing(
          isUTF8: Environment.isUTF8,
          infos: Dictionary(infos.map { ($0.id, $0) }) { $1 },
          palette: common.output.palette
        )
        common.output.write(
          json: WireJSON.text(listing),
          drawing.lines(of: listing).map { $0 + "\n" }.joined()
        )
      }
    }
  }
}
