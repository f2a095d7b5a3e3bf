import Foundation
import TestPrograms
import Testing

@Suite("verbs for threads of other nodes", .serialized, .timeLimit(.minutes(5)))
struct VerbsAcrossNodesTests {
  @Test("a thread of another node is run, listed, shown, suspended, resumed, broken and killed by its name")
  func life() async throws {
    try await Nodes.run("a", "b") { nodes in
      let started = try await nodes.output("run", "-d", "--name", "b/worker", "--", "sleep", "600", at: "a")
      #expect(started.hasPrefix("b/worker  id 1"))
      #expect(try await nodes.output("ps", "b/worker", at: "a").contains("b/worker"))
      #expect(try await nodes.output("ps", at: "b").contains("worker"))
      #expect(try await !nodes.output("ps", at: "a").contains("worker"))
      try await nodes.output("suspend", "b/worker", at: "a")
      #expect(try await nodes.output("ps", at: "b").contains("suspended"))
      try await nodes.output("resume", "b/worker", at: "a")
      #expect(try await nodes.output("show", "b/worker", at: "a").contains("sleep 600"))
      try await nodes.output("kill", "b/*", at: "a")
      let waited = try await nodes.heddle("wait", "b/worker", at: "a")
      #expect(waited.status == 137)
    }
  }

  @Test("all nodes' threads are listed together, and those of a node that is away are named")
  func list() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("run", "-d", "--name", "near", "--", "sleep", "600", at: "a")
      try await nodes.output("run", "-d", "--name", "b/far", "--", "sleep", "600", at: "a")
      let table = try await nodes.output("ps", "--nodes", at: "a")
      #expect(table.split(separator: "\n").first?.contains("NODE") == true)
      #expect(table.contains("near  a") && table.contains("far   b"))
      #expect(try await nodes.output("ps", "--nodes", "--json", at: "a").contains(#""node":"b""#))
      nodes.kill("b")
      try await nodes.awaitState("unreachable", of: "b", at: "a")
      let left = try await nodes.heddle("ps", "--nodes", at: "a")
      #expect(left.status == 0)
      #expect(left.output.contains("near") && !left.output.contains("far"))
      #expect(left.errors.contains("node b cannot be reached"))
    }
  }

  @Test("mail reaches a thread of another node, line by line, and its log is read and followed from here")
  func mail() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("run", "-d", "--name", "b/echo", "--channel", "lines", "--", "cat", at: "a")
      let lines = (1...2_000).map(String.init).joined(separator: "\n") + "\n"
      try await nodes.output("send", "b/echo", "--lines", "--end", at: "a", input: lines)
      try await nodes.output("wait", "b/echo", at: "a")
      #expect(try await nodes.output("logs", "b/echo", at: "a") == lines)
      #expect(try await nodes.output("logs", "--follow", "b/echo", at: "a") == lines)
      let late = try await nodes.heddle("send", "b/echo", "late", at: "a")
      #expect(late.status == 7)
    }
  }

  @Test("custodians of another node are made, used, listed and shut down")
  func custodians() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("custodian", "new", "b:job", at: "a")
      try await nodes.output("run", "-d", "--name", "w1", "--in", "b:job", "--", "sleep", "600", at: "a")
      try await nodes.output("run", "-d", "--name", "b/w2", "--in", "b:job", "--", "sleep", "600", at: "a")
      #expect(try await nodes.output("custodian", "ls", "b:/", at: "a").contains("/main/job"))
      #expect(try await nodes.output("ps", "@b:job", at: "a").contains("w2"))
      let done = try await nodes.output("custodian", "shutdown", "b:job", "--follow", at: "a")
      #expect(done.contains("b:/main/job  w1"))
      #expect(try await !nodes.output("ps", at: "b").contains("w1"))
    }
  }

  @Test("a foreground program on another node reads and writes what heddle does, and ends with its status")
  func foreground() async throws {
    try await Nodes.run("a", "b") { nodes in
      let script = "read line; echo \"got $line on $HEDDLE_NODE\"; exit 3"
      let run = try await nodes.heddle("run", "--name", "b/fore", "--", "sh", "-c", script, at: "a", input: "this\n")
      #expect(run.output == "got this on b\n")
      #expect(run.status == 3)
    }
  }

  @Test("events of another node's threads are waited for")
  func sync() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("run", "-d", "--name", "b/short", "--", "true", at: "a")
      #expect(try await nodes.output("sync", "dead:b/short", at: "a") == "dead:b/short\n")
      try await nodes.output("run", "-d", "--name", "b/long", "--", "sleep", "600", at: "a")
      try await nodes.output("stop", "b/long", at: "a")
      #expect(try await nodes.heddle("wait", "b/long", at: "a").status == 143)
    }
  }

  @Test("what is refused says what, on what, why, and what to do")
  func refusals() async throws {
    try await Nodes.run("a", "b") { nodes in
      let unknown = try await nodes.heddle("kill", "x/worker", at: "a")
      #expect(unknown.status == 4)
      #expect(unknown.errors.contains("cluster test has no such node, only a, b"))
      let nobody = try await nodes.heddle("suspend", "b/worker", at: "a")
      #expect(nobody.status == 4)
      #expect(nobody.errors.contains("on node b"))
      try await nodes.output("run", "-d", "--name", "near", "--", "sleep", "600", at: "a")
      let relay = try await nodes.heddle("run", "-d", "--name", "b/x", "--to", "a/near", "--", "true", at: "a")
      #expect(relay.status == 2)
      #expect(relay.errors.contains("name threads of one node"))
    }
  }
}
