internal import Cluster
internal import Glibc
package import HeddleModel
internal import LinkSecret
package import Supervision

/// The cluster that a daemon is to be in.
package struct ClusterSettings: Sendable {
  package struct Peer: Sendable {
    package let name: EntityName
    /// nil where only it dials.
    package let address: LinkAddress?

    package init(name: EntityName, address: LinkAddress?) {
      self.name = name
      self.address = address
    }
  }

  package var node: EntityName { configuration.node }
  /// Where other nodes can dial this one; nil leaves its clients' socket.
  package let listen: LinkAddress?
  package let peers: [Peer]
  /// Where the registrar keeps its journal.
  package let journalDirectory: String
  package var isRegistrar: Bool { configuration.registrar == configuration.node }
  /// What the supervisor's core is told.
  package let configuration: ClusterConfiguration

  /// - Parameter registrar: one of the nodes.
  /// - Throws: `DaemonError` for a node that is named twice, a registrar that is none of them, or a secret that is none.
  package init(
    cluster: EntityName,
    node: EntityName,
    listen: LinkAddress?,
    peers: [Peer],
    registrar: EntityName,
    secretPath: String,
    journalDirectory: String,
    lease: Duration? = nil
  ) throws(DaemonError) {
    if case .command = listen { throw DaemonError("cannot listen at a command; write HOST:PORT or unix:PATH") }
    let names = peers.map(\.name)
    guard !names.contains(node) else {
      throw DaemonError("cannot have node \(node) as a peer: that is this node's own name; leave it out")
    }
    guard Set(names).count == names.count else {
      throw DaemonError("cannot have two peers of one name: give each node of cluster \(cluster) a name of its own")
    }
    guard registrar == node || names.contains(registrar) else {
      throw DaemonError("cannot have \(registrar) as registrar: it is neither this node, \(node), nor one of its peers")
    }
    let secret = LinkSecret(try SecretFile.read(secretPath))
    self.listen = listen
    self.peers = peers
    self.journalDirectory = journalDirectory
    var configuration = ClusterConfiguration(
      name: cluster,
      node: node,
      listening: listen?.description ?? "",
      peers: peers.map { ClusterConfiguration.Peer(name: $0.name, address: $0.address?.description) },
      registrar: registrar,
      code: { secret.code(of: $0) }
    )
    if let lease { configuration.terms = try Self.terms(lease) }
    self.configuration = configuration
  }

  private static func terms(_ lease: Duration) throws(DaemonError) -> LeaseTerms {
    guard ClusterConfiguration.leases.contains(lease) else {
      throw DaemonError("cannot have a lease of \(lease): it lasts from 2s to 1h, and 6s if nothing is said")
    }
    return LeaseTerms(ttl: lease)
  }

  func address(of node: EntityName) -> LinkAddress? { peers.first { $0.name == node }?.address }
}

/// The file with the cluster's secret: its owner's alone.
enum SecretFile {
  /// A longer one is no secret, but some other file.
  private static let bytesMax = 4_096

  /// The secret, without the space and the newlines around it.
  static func read(_ path: String) throws(DaemonError) -> [UInt8] {
    // Of a FIFO that nobody writes to, the opening alone would otherwise not come to an end.
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { throw wrong(path, unsafe String(cString: strerror(errno)), advice) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw wrong(path, unsafe String(cString: strerror(errno)), advice) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw wrong(path, "it is no plain file", advice) }
    guard status.st_uid == geteuid() else {
      throw wrong(path, "it belongs to another user", "chown \(geteuid()) \(path)")
    }
    guard status.st_mode & 0o077 == 0 else { throw wrong(path, "others may read it", "chmod 600 \(path)") }
    var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
    let count = unsafe Glibc.read(file, &bytes, bytes.count)
    guard count >= 0, count <= bytesMax else { throw wrong(path, "it has more than \(bytesMax) bytes", advice) }
    let secret = trimmed(bytes[..<count])
    guard secret.count >= LinkSecret.bytesMin else {
      throw wrong(path, "it has \(secret.count) bytes, and a secret at least \(LinkSecret.bytesMin)", advice)
    }
    return secret
  }

  private static let advice = "make one with (umask 077; openssl rand -hex 32 > FILE), and give it to every node"

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let isSpace = { (byte: UInt8) in [9, 10, 13, 32].contains(byte) }
    var rest = bytes.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return Array(rest)
  }

  private static func wrong(_ path: String, _ reason: String, _ advice: String) -> DaemonError {
    DaemonError("cannot use the secret in \(path): \(reason); \(advice)")
  }
}
