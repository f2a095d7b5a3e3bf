import Foundation
import Synchronization
import TestPrograms
import Testing

/// Daemons of one cluster, in a directory of their own: `heddle daemon --cluster` each, linked by Unix sockets.
final class Nodes: Sendable {
  let directory = URL(filePath: "/tmp/heddle-cluster-\(UUID().uuidString.prefix(8))")
  private let daemons = Mutex<[String: NodeProcess]>([:])

  private init() throws {
    try FileManager.default.createDirectory(
      at: directory,
      withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700]
    )
    try write("a secret that is long enough", to: "key")
  }

  /// Runs `body` with nodes that are all linked, and ends them.
  static func run(_ names: String..., body: (Nodes) async throws -> Void) async throws {
    let nodes = try Nodes()
    defer { nodes.end() }
    for name in names {
      try nodes.start(name, peers: names.filter { $0 != name }.map { "\($0)=unix:\(nodes.link($0))" })
    }
    for name in names { try await nodes.awaitJoined(names, at: name) }
    try await body(nodes)
  }

  /// The same without any node.
  static func run(body: (Nodes) async throws -> Void) async throws {
    let nodes = try Nodes()
    defer { nodes.end() }
    try await body(nodes)
  }

  // MARK: - Daemons

  func socket(_ name: String) -> String { path("\(name)/s.sock") }
  func link(_ name: String) -> String { path("\(name)/l.sock") }
  func path(_ name: String) -> String { directory.appending(path: name).path }

  func write(_ text: String, to file: String, mode: Int = 0o600) throws {
    try Data(text.utf8).write(to: directory.appending(path: file))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(file))
  }

  /// Starts a node and returns when clients can come.
  ///
  /// - Parameters:
  ///   - place: where its sockets are, if not below its name.
  ///   - peers: the values of `--peer`.
  ///   - registrar: the first of the names if nothing else is said.
  @discardableResult
  func start(
    _ name: String,
    at place: String? = nil,
    peers: [String],
    cluster: String = "test",
    registrar: String? = nil,
    secret: String = "key",
    more: [String] = []
  ) throws -> NodeProcess {
    let place = place ?? name
    let arguments =
      ["daemon", "--socket", socket(place), "--cluster", cluster, "--node", name]
      + ["--registrar", registrar ?? Self.registrar(name, peers), "--state", path("\(place)/state"), "--lease", "3s"]
      + ["--secret", path(secret), "--listen", "unix:\(link(place))"] + peers.flatMap { ["--peer", $0] } + more
    let daemon = try NodeProcess(arguments)
    daemons.withLock { $0[place] = daemon }
    return daemon
  }

  private static func registrar(_ name: String, _ peers: [String]) -> String {
    ([name] + peers.map { String($0.prefix { $0 != "=" }) }).min() ?? name
  }

  func kill(_ name: String) { daemons.withLock { $0.removeValue(forKey: name) }?.kill() }

  func log(of name: String) -> String { daemons.withLock { $0[name]?.log ?? "" } }

  private func end() {
    for daemon in daemons.withLock({ Array($0.values) }) { daemon.kill() }
    try? FileManager.default.removeItem(at: directory)
  }

  // MARK: - Looking

  /// Runs `heddle` for the daemon of a node.
  @discardableResult
  func heddle(_ arguments: String..., at node: String, input: String = "") async throws -> Command {
    try await Command.heddle(arguments, at: socket(node), input: input)
  }

  /// The same, of which success is expected: what it wrote.
  @discardableResult
  func output(_ arguments: String..., at node: String, input: String = "", line: SourceLocation = #_sourceLocation)
    async throws
    -> String
  {
    let run = try await Command.heddle(arguments, at: socket(node), input: input)
    #expect(run.status == 0, "\(arguments.joined(separator: " ")): \(run.errors)", sourceLocation: line)
    return run.output
  }

  /// Returns when a node has so many links, to nodes that are in the cluster as it is.
  func awaitLinks(of node: String, count: Int) async throws {
    let isSo = try await eventually {
      let listing = try await self.heddle("cluster", "nodes", "--json", at: node).output
      return listing.components(separatedBy: "NODE_STATE_LINKED").count == count + 1
        && listing.components(separatedBy: "NODE_STANDING_JOINED").count >= count + 2
    }
    #expect(isSo, "node \(node) has no \(count) links: \(log(of: node))")
  }

  /// Returns when a node sees all of them in the cluster, and is linked to the others.
  func awaitJoined(_ names: [String], at node: String) async throws {
    let isSo = try await eventually {
      let listing = try await self.heddle("cluster", "nodes", "--json", at: node).output
      return listing.components(separatedBy: "NODE_STANDING_JOINED").count == names.count + 1
        && listing.components(separatedBy: "NODE_STATE_LINKED").count == names.count
    }
    #expect(isSo, "node \(node) does not see all of them in the cluster: \(log(of: node))")
  }

  /// Returns when a node sees another as it is to be seen.
  func awaitState(_ state: String, of other: String, at node: String) async throws {
    let isSo = try await eventually {
      let lines = try await self.heddle("cluster", "nodes", at: node).output.split(separator: "\n")
      return lines.contains { $0.hasPrefix(other) && $0.contains(state) }
    }
    let seen = try await heddle("cluster", "nodes", at: node).output
    #expect(isSo, "node \(other) is not \(state) for \(node): \(seen)")
  }
}

/// Looks again and again, up to half a minute.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
  let end = ContinuousClock.now + .seconds(30)
  while ContinuousClock.now < end {
    if try await condition() { return true }
    await Task.yield()
  }
  return try await condition()
}
