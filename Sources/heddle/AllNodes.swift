internal import HeddleClient
internal import HeddleModel
internal import HeddleWire

/// The nodes of a cluster, asked one by one.
struct AllNodes {
  private let supervisor: Supervisor

  init(of supervisor: Supervisor) { self.supervisor = supervisor }

  /// The threads of all nodes that can be reached, by node, each with its node's name. The others are named on standard
  /// error.
  func threads(includingDead dead: Bool) async throws -> [ThreadInfo] {
    var all: [ThreadInfo] = []
    for node in try await supervisor.nodes().nodes {
      do throws(ClientError) {
        all += try await supervisor.list(includeDead: dead, on: node.name).map { Self.on(node.name, $0) }
      } catch {
        guard [.nodeUnreachable, .indeterminate].contains(error.refusal?.code) else { throw error }
        Output.complain("node \(node.name) cannot be reached, and its threads are not listed: \(node.reason)")
      }
    }
    return all
  }

  private static func on(_ node: EntityName, _ thread: ThreadInfo) -> ThreadInfo {
    var thread = thread
    thread.node = node
    return thread
  }
}
