internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Look at the daemon's cluster, and have a node leave it.",
    discussion: """
      heddle cluster nodes
      heddle cluster names
      heddle cluster fence b
      """,
    subcommands: [Nodes.self, Names.self, Fence.self]
  )

  struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "nodes",
      abstract: "List the nodes, and how each is seen from here.",
      discussion: """
        heddle cluster nodes

        That a node is unreachable says nothing of whether it lives: what its threads do is then not known. One that is \
        outside the cluster has no lease from the registrar, which is marked with *; a fenced one could not renew it, and \
        what other nodes know of its threads stands still.
        """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withSupervisor { supervisor in
        let listing = try await supervisor.nodes()
        let lines = Self.table(of: listing).lines(columnsMax: Output.columns, common.output.palette)
        common.output.write(json: WireJSON.text(listing), lines.map { $0 + "\n" }.joined())
      }
    }

    static func table(of listing: NodeListing) -> Table {
      let nodes = listing.nodes
      return Table(
        isUTF8: Environment.isUTF8,
        columns: [
          .init("NODE", nodes.map { "\($0.name)\($0.isRegistrar ? "*" : "")" }),
          .init("STATE", nodes.map(words)),
          .init("CLUSTER", nodes.map { standing(of: $0) }),
          .init("INCARNATION", nodes.map { $0.incarnation.map { String($0, radix: 16) } ?? "-" }, dropOrder: 1),
          .init("ADDRESS", nodes.map { $0.address.isEmpty ? "-" : $0.address }, dropOrder: 2),
          .init("SLOT", nodes.map { $0.slot.map { String($0.rawValue, radix: 16) } ?? "-" }, dropOrder: 3),
        ]
      )
    }

    private static func standing(of node: NodeListing.Node) -> String {
      switch node.standing {
      case .outside: "outside"
      case .joined: "joined"
      case .fenced: "fenced"
      }
    }

    private static func words(about node: NodeListing.Node) -> String {
      switch node.state {
      case .this: "this node"
      case .linked: "linked"
      case .unreachable: "unreachable since \(node.since.age)\(node.reason.isEmpty ? "" : ": \(node.reason)")"
      case .refused: "refused: \(node.reason)"
      }
    }
  }

  struct Names: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "names",
      abstract: "List the names that no two threads of the cluster have.",
      discussion: """
        heddle run -d --global-name leader -- my-program
        heddle cluster names

        FENCE is the claim's number, which the program has in HEDDLE_FENCE: greater than that of every claim before.
        """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await common.withSupervisor { supervisor in
        let names = try await supervisor.globalNames()
        let table = Table(
          isUTF8: Environment.isUTF8,
          columns: [
            .init("NAME", names.map(\.name.text)), .init("NODE", names.map(\.node.text)),
            .init("THREAD", names.map { $0.thread.map { "\(ThreadReference.id($0))" } ?? "-" }),
            .init("FENCE", names.map { "\($0.fence)" }, dropOrder: 1),
          ]
        )
        let lines = table.lines(columnsMax: Output.columns, common.output.palette)
        common.output.write(json: WireJSON.names(names), lines.map { $0 + "\n" }.joined())
      }
    }
  }

  struct Fence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fence",
      abstract: "End a node's stay in the cluster, and all that depends on it.",
      discussion: """
        heddle cluster fence b

        The node ends the threads that others know of, and does not come back before its daemon is started anew. If it does \
        not hear of this, its lease ends by itself. The others take its threads for dead when heddle events tells of node-lost.
        """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "The node's name.", transform: Targets.name)
    var node: EntityName

    func run() async throws {
      try await common.withSupervisor { try await $0.fence(node) }
    }
  }
}
