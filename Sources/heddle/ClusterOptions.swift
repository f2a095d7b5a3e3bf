internal import ArgumentParser
internal import Daemon
internal import HeddleClient
internal import HeddleModel

/// The cluster that a daemon is to be in.
struct ClusterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Be a node of this cluster.", valueName: "name"), transform: Targets.name)
  var cluster: EntityName?

  @Option(
    help: ArgumentHelp("The node's name; the machine's, up to its first dot, unless it is said.", valueName: "name"),
    transform: Targets.name
  )
  var node: EntityName?

  @Option(
    help: ArgumentHelp("Where other nodes can dial this one: 127.0.0.1:PORT or unix:PATH.", valueName: "address")
  )
  var listen: String?

  @Option(
    help: ArgumentHelp(
      "Another node, and where to dial it: 127.0.0.1:PORT, unix:PATH, or exec:COMMAND, whose standard input and output are "
        + "the link. Without an address it dials this one. Once for each.",
      valueName: "name=address"
    )
  )
  var peer: [String] = []

  @Option(
    help: ArgumentHelp("The node that keeps what all nodes have to agree on.", valueName: "node"),
    transform: Targets.name
  )
  var registrar: EntityName?

  @Option(
    help: ArgumentHelp("The file with the cluster's secret, the same for all nodes.", valueName: "file"),
    completion: .file()
  )
  var secret: String?

  @Option(
    help: ArgumentHelp(
      "How long the node keeps its place in the cluster when the registrar does not hear of it.",
      valueName: "duration"
    ),
    transform: DurationArgument.parse
  )
  var lease: DurationArgument?

  func validate() throws {
    guard cluster == nil,
      listen != nil || !peer.isEmpty || registrar != nil || secret != nil
        || lease != nil
    else { return }
    throw ValidationError(
      "--listen, --peer, --registrar, --secret and --lease are those of a cluster; name it with --cluster."
    )
  }

  /// The settings, from the arguments, or from the file that $HEDDLE_CLUSTER_FILE names if they name no cluster.
  ///
  /// - Parameters:
  ///   - name: the machine's name, for a node without another.
  ///   - state: the daemon's state directory, if it has one.
  /// - Returns: nil for a daemon that is in no cluster.
  func settings(named name: String, state: String?) throws -> ClusterSettings? {
    if let file = Environment.value("HEDDLE_CLUSTER_FILE"), cluster == nil {
      var wish = try ClusterFile.read(file)
      wish.node = node?.text ?? wish.node
      return try wish.settings(named: name, state: state)
    }
    guard let cluster else { return nil }
    let wish = ClusterWish(
      cluster: cluster.text,
      node: node?.text,
      listen: listen,
      peers: peer,
      registrar: registrar?.text,
      secret: secret,
      lease: lease.map { "\(Int($0.duration / .milliseconds(1)))ms" }
    )
    return try wish.settings(named: name, state: state)
  }

  /// The same, for another process.
  func arguments() throws(Failure) -> [String] {
    let secret = try secret.map { path throws(Failure) in try DetachedDaemon.absolute(path) }
    func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
    return option("--cluster", cluster?.text) + option("--node", node?.text) + option("--listen", listen)
      + peer.flatMap { ["--peer", $0] } + option("--registrar", registrar?.text) + option("--secret", secret)
      + option("--lease", lease.map { "\(Int($0.duration / .milliseconds(1)))ms" })
  }
}

/// A cluster as somebody has written it down, in arguments or in a file.
struct ClusterWish: Decodable {
  var cluster: String
  var node: String?
  var listen: String?
  /// Each a name, or a name, `=` and an address.
  var peers: [String]?
  var registrar: String?
  /// The path of the file.
  var secret: String?
  var lease: String?

  func settings(named name: String, state: String?) throws(Failure) -> ClusterSettings {
    do {
      guard let registrar else { throw Failure(.usage, "cannot be in cluster \(cluster): name its --registrar") }
      guard let secret else {
        throw Failure(.usage, "cannot be in cluster \(cluster): name the file with its --secret")
      }
      return try ClusterSettings(
        cluster: EntityName(cluster),
        node: EntityName(node ?? name),
        listen: listen.map { text throws in try LinkAddress(parsing: text) },
        peers: (peers ?? []).map(Self.peer),
        registrar: EntityName(registrar),
        secretPath: secret,
        journalDirectory: Self.journalDirectory(of: cluster, node ?? name, state: state),
        lease: lease.map { text throws in try DurationArgument.parse(text).duration }
      )
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  /// Below the state directory; without one where programs keep what outlives a restart (the XDG base directories).
  private static func journalDirectory(of cluster: String, _ node: String, state: String?) -> String {
    if let state { return "\(state)/registrar" }
    let home = Environment.value("XDG_STATE_HOME") ?? "\(Environment.value("HOME") ?? "/")/.local/state"
    return "\(home)/heddle/registrar-\(cluster)-\(node)"
  }

  private static func peer(_ text: String) throws -> ClusterSettings.Peer {
    guard let equals = text.firstIndex(of: "=") else {
      return ClusterSettings.Peer(name: try EntityName(text), address: nil)
    }
    let address = try LinkAddress(parsing: String(text[text.index(after: equals)...]))
    return ClusterSettings.Peer(name: try EntityName(text[..<equals]), address: address)
  }
}
