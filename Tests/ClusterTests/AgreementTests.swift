import Foundation
import TestPrograms
import Testing

@Suite("what the nodes of a cluster agree on", .serialized, .timeLimit(.minutes(5)))
struct AgreementTests {
  /// The processes that have this word on their command line.
  private func processes(with word: String) async throws -> Int {
    let pgrep = try await Command.run(URL(filePath: "/usr/bin/pgrep"), ["-fc", "^sleep \(word)$"])
    return Int(pgrep.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  @Test("a global name is one thread's at a time, and its program knows the claim's number, which grows")
  func names() async throws {
    try await Nodes.run("a", "b", "c") { nodes in
      var fences: [Int] = []
      for node in ["a", "b"] {
        try await nodes.output(
          "run",
          "-d",
          "--name",
          "leader",
          "--global-name",
          "leader",
          "--",
          "sh",
          "-c",
          "echo $HEDDLE_FENCE; exec sleep 600",
          at: node
        )
        let refused = try await nodes.heddle("run", "-d", "--global-name", "leader", "--", "sleep", "1", at: "c")
        #expect(refused.status == 7, "\(refused)")
        #expect(refused.errors.contains("of node \(node) has it"), "\(refused)")
        let names = try await nodes.output("cluster", "names", at: "c")
        #expect(names.contains("leader") && names.contains(node), "\(names)")
        #expect(await eventually { (try? await nodes.output("logs", "leader", at: node).isEmpty) == false })
        let log = try await nodes.output("logs", "leader", at: node)
        fences.append(try #require(Int(log.trimmingCharacters(in: .whitespacesAndNewlines))))
        try await nodes.output("kill", "leader", at: node)
        #expect(await eventually { (try? await nodes.output("cluster", "names", at: "c").contains("leader")) == false })
      }
      #expect(fences[0] < fences[1])
      let kept = try await nodes.heddle(
        "run",
        "-d",
        "--global-name",
        "leader",
        "--on-partition",
        "keep",
        "--",
        "sleep",
        "1",
        at: "a"
      )
      #expect(kept.status != 0 && kept.errors.contains("--on-partition suspend or kill"), "\(kept)")
    }
  }

  @Test("a custodian of three nodes is shut down on all of them before its shutdown is over")
  func custodian() async throws {
    try await Nodes.run("a", "b", "c") { nodes in
      let place = try await nodes.output("custodian", "new", "job", "--shared", at: "b")
        .trimmingCharacters(in: .whitespacesAndNewlines)
      let word = "\(Int.random(in: 100_000...999_999))"
      for node in ["a", "b", "c"] {
        try await nodes.output("run", "-d", "--in", "\(node):\(place)", "--", "sleep", word, at: "a")
      }
      #expect(try await processes(with: word) == 3)
      try await nodes.output("custodian", "shutdown", "job", at: "b")
      #expect(try await processes(with: word) == 0)
      let late = try await nodes.heddle("run", "-d", "--in", place, "--", "sleep", word, at: "c")
      #expect(late.status != 0 && late.errors.contains("is shut down"), "\(late)")
    }
  }

  @Test("a node that is fenced ends what others know of, and stays outside until it is started anew")
  func fence() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("run", "-d", "--name", "b/known", "--", "sleep", "600", at: "a")
      try await nodes.output("run", "-d", "--name", "own", "--", "sleep", "600", at: "b")
      async let waiting = nodes.heddle("wait", "b/known", at: "a")
      try await nodes.awaitWaiting()
      try await nodes.output("cluster", "fence", "b", at: "a")
      #expect(try await waiting.status == 137)
      #expect(await eventually { (try? await nodes.output("ps", "--all", at: "b").contains("killed")) == true })
      #expect(try await nodes.output("ps", "own", at: "b").contains("running"))
      try await nodes.awaitState("outside", of: "b", at: "a")
    }
  }
}
