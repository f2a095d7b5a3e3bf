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

  func validate() throws {
    guard cluster == nil, listen != nil || !peer.isEmpty || registrar != nil || secret != nil else { return }
    throw ValidationError("--listen, --peer, --registrar and --secret are those of a cluster; name it with --cluster.")
  }

  /// The settings, from the arguments, or from the file that $HEDDLE_CLUSTER_FILE names if they name no cluster.
  ///
  /// - Parameter name: the machine's name, for a node without another.
  /// - Returns: nil for a daemon that is in no cluster.
  func settings(named name: String) throws -> ClusterSettings? {
    if let file = Environment.value("HEDDLE_CLUSTER_FILE"), cluster == nil {
      var wish = try ClusterFile.read(file)
      wish.node = node?.text ?? wish.node
      return try wish.settings(named: name)
    }
    guard let cluster else { return nil }
    let wish = ClusterWish(
      cluster: cluster.text,
      node: node?.text,
      listen: listen,
      peers: peer,
      registrar: registrar?.text,
      secret: secret
    )
    return try wish.settings(named: name)
  }

  /// The same, for another process.
  func arguments() throws(Failure) -> [String] {
    let secret = try secret.map { path throws(Failure) in try DetachedDaemon.absolute(path) }
    func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }
    return option("--cluster", cluster?.text) + option("--node", node?.text) + option("--listen", listen)
      + peer.flatMap { ["--peer", $0] } + option("--registrar", registrar?.text) + option("--secret", secret)
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

  func settings(named name: String) throws(Failure) -> ClusterSettings {
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
        secretPath: secret
      )
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.usage, "\(error)")
    }
  }

  private static func peer(_ text: String) throws -> ClusterSettings.Peer {
    guard let equals = text.firstIndex(of: "=") else {
      return ClusterSettings.Peer(name: try EntityName(text), address: nil)
    }
    let address = try LinkAddress(parsing: String(text[text.index(after: equals)...]))
    return ClusterSettings.Peer(name: try EntityName(text[..<equals]), address: address)
  }
}
