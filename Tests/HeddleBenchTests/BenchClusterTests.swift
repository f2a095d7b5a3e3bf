import Glibc
import HeddleClient
import HeddleModel
import HeddleWire
import Testing

@testable import heddle_bench

@Suite("clusters, as the benchmark starts them", .serialized, .timeLimit(.minutes(2)))
struct BenchClusterTests {
  @Test(
    "the nodes see one another, over each kind of link, and leave nothing in the file system",
    arguments: [BenchCluster.Links.unix, .loopback]
  )
  func links(_ links: BenchCluster.Links) async throws {
    let cluster = try await BenchCluster.start(2, over: links)
    let (first, second) = (cluster.nodes[0], cluster.nodes[1])
    let slot = try await cluster.slot(of: first, at: second)
    #expect(slot != nil && slot != .home)
    #expect(try await first.supervisor.nodes().nodes.map(\.name.text) == ["a", "b"])
    #expect(first.daemon.linkAddress?.hasPrefix(links == .unix ? "unix:" : "127.0.0.1:") == true)
    await cluster.end()
    for node in cluster.nodes {
      let isThere = unsafe access(node.daemon.directory, F_OK) == 0
      #expect(!isThere)
    }
  }

  @Test("a crowd is on all nodes, and its end leaves nothing of it on any")
  func crowd() async throws {
    let cluster = try await BenchCluster.start(2)
    let names = cluster.nodes.map(\.name)
    func counts() async throws -> [Int] {
      var counts: [Int] = []
      for node in cluster.nodes { counts.append(try await node.supervisor.list(includeDead: false).count) }
      return counts
    }
    // Twice, since each run of a benchmark has one of the same name.
    for _ in 0..<2 {
      let crowd = try await ProcessCrowd.start(6, on: cluster.nodes[0].supervisor, across: names, limits: nil)
      #expect(try await counts() == [3, 3])
      try await crowd.end()
      #expect(try await counts() == [0, 0])
    }
    await cluster.end()
  }

  @Test("news of a death reach a client of another node")
  func death() async throws {
    let cluster = try await BenchCluster.start(2)
    let (far, near) = (cluster.nodes[0], cluster.nodes[1])
    let news = DeathNews(of: near.name, near: near.supervisor, far: far.supervisor)
    let delay = try await news.delay(ofMedian: 3)
    #expect(abs(delay) < 30e9)
    await cluster.end()
  }
}
