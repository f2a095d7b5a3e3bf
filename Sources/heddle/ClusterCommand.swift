internal import ArgumentParser
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Look at the nodes of the daemon's cluster.",
    discussion: """
      heddle cluster nodes
      heddle cluster nodes --json
      """,
    subcommands: [Nodes.self]
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
}
