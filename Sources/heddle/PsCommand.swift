internal import ArgumentParser
internal import Glibc
internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

struct PsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "List threads.",
    discussion: """
      heddle ps
      heddle ps --all 'web.*' db
      heddle ps --tree
      heddle ps --watch --wide
      heddle ps --nodes

      The column MAIL is there when a thread has unread mail. In a narrow terminal what is longer than 24 in NAME, CUSTODIAN \
      and COMMAND is cut; then COMMAND goes first, then CONTAINMENT, ID, PID, CUSTODIAN, MAIL, AGE and LAST. --watch draws again when something happens, and every second for ages and \
      mail; Ctrl-C ends it. A thread is \(Selector.forms).
      """
  )

  @Flag(name: .shortAndLong, help: "The dead that are remembered, too.")
  var all = false

  @Flag(help: "Draw the custodians with their threads.")
  var tree = false

  @Flag(help: "The threads of all nodes of the cluster that can be reached.")
  var nodes = false

  @Flag(name: .shortAndLong, help: "With ids, process ids, containment and commands.")
  var wide = false

  @Flag(help: "Draw again whenever something changes, on a terminal.")
  var watch = false

  @OptionGroup var common: CommonOptions

  @Argument(
    help: "Only these, the dead of a pattern with --all; with --tree, custodians: @job.",
    completion: Targets.threadNames,
    transform: Selector.parse
  )
  var threads: [Selector] = []

  func validate() throws {
    if tree, all { throw ValidationError("The dead have no custodians to be drawn under; leave out --all or --tree.") }
    if tree, wide { throw ValidationError("--wide is for the table; leave it out, or --tree.") }
    if tree, !threads.allSatisfy({ if case .subtree = $0 { true } else { false } }) {
      throw ValidationError("--tree draws custodians; name one as in @job.")
    }
    if nodes, tree || watch || !threads.isEmpty {
      throw ValidationError("--nodes lists all threads of all nodes; leave it out, or --tree, --watch and the names.")
    }
    guard watch else { return }
    if common.json || common.quiet {
      throw ValidationError("--watch draws on a terminal; heddle events --follow --json tells what changes.")
    }
    if isatty(STDOUT_FILENO) == 0 {
      throw ValidationError(
        "--watch draws on a terminal, which standard output is not; heddle events --follow tells what changes."
      )
    }
  }

  func run() async throws {
    try await common.withSupervisor { supervisor in
      guard watch else { return try await print(over: supervisor) }
      let here = try await supervisor.history(HistoryQuery(newest: 0)).through
      try await Screen.show(whatHappensAfter: here, over: supervisor) { try await lines(over: supervisor) }
    }
  }

  private func print(over supervisor: Supervisor) async throws {
    if common.json, tree {
      for root in try await roots(of: supervisor) { common.output.write(json: WireJSON.text(root), "") }
    } else if common.json {
      let threads = try await chosen(by: supervisor)
      common.output.write(json: WireJSON.text(threads), "")
    } else {
      let lines = try await lines(over: supervisor)
      common.output.write(json: "", lines.map { $0 + "\n" }.joined())
    }
  }

  private func lines(over supervisor: Supervisor) async throws -> [String] {
    let (palette, isUTF8) = (common.output.palette, Environment.isUTF8)
    guard tree else {
      let containment = wide ? try await supervisor.daemonStatus().containment : nil
      var table = ThreadTable(threads: try await chosen(by: supervisor), isUTF8: isUTF8, wideOn: containment)
      table.showsNodes = nodes
      return table.table.lines(columnsMax: Output.columns, palette)
    }
    let infos = try await supervisor.list(includeDead: false)
    let drawing = TreeDrawing(
      isUTF8: isUTF8,
      infos: Dictionary(infos.map { ($0.id, $0) }) { $1 },
      palette: palette
    )
    let roots = try await roots(of: supervisor)
    let left = threads.isEmpty ? infos.filter(\.custodians.isEmpty) : []
    return roots.flatMap { threads.isEmpty ? drawing.lines(ofAll: $0) : drawing.lines(of: $0) }
      + drawing.lines(ofThoseLeft: left)
  }

  /// The custodians to draw.
  private func roots(of supervisor: Supervisor) async throws -> [CustodianListing] {
    guard !threads.isEmpty else { return [try await supervisor.custodianTree(.root)] }
    var roots: [CustodianListing] = []
    for case .subtree(let path) in threads { roots.append(try await supervisor.treeOrHint(path)) }
    return roots
  }

  private func chosen(by supervisor: Supervisor) async throws -> [ThreadInfo] {
    if nodes { return try await AllNodes(of: supervisor).threads(includingDead: all) }
    guard !threads.isEmpty else { return try await supervisor.list(includeDead: all) }
    return try await threads.threads(of: supervisor, includingDead: all)
  }
}

extension TreeDrawing {
  /// Suspended threads that have lost all their custodians.
  func lines(ofThoseLeft threads: [ThreadInfo]) -> [String] {
    guard !threads.isEmpty else { return [] }
    let summaries = threads.map { ThreadSummary(id: $0.id, name: $0.name, state: $0.state) }
    let listing = CustodianListing(path: .root, state: .open, children: [], threads: summaries)
    return ["(no custodian)"] + lines(of: listing).dropFirst()
  }
}
