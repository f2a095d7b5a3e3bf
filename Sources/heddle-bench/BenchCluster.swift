import Glibc
import HeddleClient
import HeddleLoop
import HeddleModel
import HeddleWire

/// Daemons of one cluster on this machine, each linked to all others, with a client at each.
struct BenchCluster {
  /// Over what the nodes are linked.
  enum Links {
    case unix
    case loopback
  }

  /// By the order of their names: a, b and so on.
  let nodes: [Node]
  /// Where the secret is.
  private let directory: String

  struct Node {
    let name: EntityName
    let daemon: BenchDaemon
    let loop: EventLoop
    let supervisor: Supervisor
  }

  /// Starts `count` nodes, and returns when each sees all of them in the cluster.
  ///
  /// - Parameters: as of `BenchDaemon`.
  static func start(_ count: Int, over links: Links = .unix, onOneCore: Bool = false, containment: String = "auto")
    async throws -> BenchCluster
  {
    let directory = try BenchDaemon.makeDirectory()
    let secret = "\(directory)/secret"
    try write("what only these daemons know", to: secret)
    let names = try (0..<count).map { try EntityName("\(UnicodeScalar(UInt8(ascii: "a") + UInt8($0)))") }
    var nodes: [Node] = []
    do {
      // The last one first: of two nodes that of the smaller name dials at once, and has to know where.
      for name in names.reversed() {
        let peers = names.filter { $0 != name }.map { other in
          (other, nodes.first { $0.name == other }?.daemon.linkAddress)
        }
        let membership = Membership(name: name, links: links, peers: peers, registrar: names[0], secret: secret)
        nodes.insert(try await Node.start(membership, onOneCore: onOneCore, containment: containment), at: 0)
      }
      try await awaitJoined(nodes)
    } catch {
      for node in nodes { node.daemon.end() }
      BenchDaemon.remove(directory)
      throw error
    }
    return BenchCluster(nodes: nodes, directory: directory)
  }

  /// Ends the nodes with all their threads.
  func end() async {
    for node in nodes { await node.end() }
    BenchDaemon.remove(directory)
  }

  /// What a node calls another; nil as long as they were not linked.
  func slot(of other: Node, at node: Node) async throws -> NodeSlot? {
    try await node.supervisor.nodes().nodes.first { $0.name == other.name }?.slot
  }

  private static func awaitJoined(_ nodes: [Node]) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    for node in nodes {
      while try await !node.isLinkedToAll(nodes.count) {
        guard ContinuousClock.now < deadline else {
          throw BenchError(what: "bring node \(node.name) into the cluster with the others", errno: 0)
        }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// A file that nobody else may read.
  private static func write(_ text: String, to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BenchError(what: "make \(path)", errno: errno) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw BenchError(what: "write \(path)", errno: errno)
    }
  }
}

extension BenchCluster {
  /// What a node is told of its cluster.
  struct Membership {
    let name: EntityName
    let links: Links
    /// The others, with the addresses of those that run already: they are dialed, and the rest dials this one.
    let peers: [(name: EntityName, address: String?)]
    let registrar: EntityName
    /// The path of the file.
    let secret: String

    /// As `heddle daemon` takes it.
    ///
    /// - Parameter directory: the daemon's own.
    func words(in directory: String) -> [String] {
      let address =
        switch links {
        case .unix: "unix:\(directory)/l.sock"
        case .loopback: "127.0.0.1:0"
        }
      // The shortest lease that there is: nodes of a cluster that is new come in when one is over.
      let own = ["--cluster", "bench", "--node", name.text, "--listen", address, "--lease", "3s"]
      let others = peers.flatMap { peer in ["--peer", peer.name.text + (peer.address.map { "=\($0)" } ?? "")] }
      return own + others + ["--registrar", registrar.text, "--secret", secret, "--state", "\(directory)/state"]
    }
  }
}

extension BenchCluster.Node {
  fileprivate static func start(_ membership: BenchCluster.Membership, onOneCore: Bool, containment: String)
    async throws -> Self
  {
    let daemon = try BenchDaemon.start(onOneCore: onOneCore, containment: containment, membership: membership)
    do {
      // Of its own: what two clients hear at the same time does not come one after the other.
      let loop = try EventLoop.start()
      return Self(name: membership.name, daemon: daemon, loop: loop, supervisor: try await daemon.connect(on: loop))
    } catch {
      daemon.end()
      throw error
    }
  }

  fileprivate func end() async {
    await supervisor.close()
    loop.requestStop()
    daemon.end()
  }

  /// Whether it sees `count` nodes in the cluster, itself among them, and has links to the others.
  fileprivate func isLinkedToAll(_ count: Int) async throws -> Bool {
    let seen = try await supervisor.nodes().nodes
    return seen.count == count
      && seen.allSatisfy { $0.standing == .joined && ($0.state == .this || $0.state == .linked) }
  }
}
