import Foundation
import HeddleModel
import HeddleWire
import TestPrograms
import Testing

@Suite("links between daemons", .serialized, .timeLimit(.minutes(5)))
struct LinkLifeTests {
  @Test("three nodes see one another, and one of them as the registrar")
  func three() async throws {
    try await Nodes.run("a", "b", "c") { nodes in
      let listing = try await nodes.output("cluster", "nodes", at: "b")
      #expect(listing.contains("a*") && listing.contains("this node"))
      #expect(listing.components(separatedBy: "linked").count == 3)
      try await nodes.output("run", "-d", "--name", "c/x", "--", "sleep", "600", at: "a")
      #expect(try await nodes.output("ps", "--nodes", at: "b").contains("x     c"))
    }
  }

  @Test("a link runs over a command's standard streams, as it would over ssh")
  func command() async throws {
    try await Nodes.run { nodes in
      try nodes.start("b", peers: ["a"])
      try nodes.start("a", peers: ["b=exec:heddle link --socket \(nodes.socket("b"))"])
      try await nodes.awaitLinks(of: "a", count: 1)
      try await nodes.output("run", "-d", "--name", "b/echo", "--channel", "lines", "--", "cat", at: "a")
      try await nodes.output("send", "b/echo", "--lines", "--end", at: "a", input: "over\nssh\n")
      try await nodes.output("wait", "b/echo", at: "a")
      #expect(try await nodes.output("logs", "b/echo", at: "a") == "over\nssh\n")
    }
  }

  @Test("a link over loopback TCP, at an address that is written down")
  func loopback() async throws {
    try await Nodes.run { nodes in
      // Where nothing is listened at, nothing is reached; a node with another name is refused by its name.
      try nodes.start("b", peers: ["a"])
      try nodes.start("a", peers: ["b=127.0.0.1:1"])
      try await nodes.awaitState("unreachable", of: "b", at: "a")
    }
  }

  @Test("the configuration can be a file")
  func file() async throws {
    try await Nodes.run { nodes in
      try nodes.start("b", peers: ["a"], registrar: "b")
      try nodes.write(
        """
        cluster: test
        node: a
        listen: unix:\(nodes.path("a/l.sock"))
        peers: ["b=unix:\(nodes.link("b"))"]
        registrar: b
        secret: key
        lease: 3s
        """,
        to: "a.yaml"
      )
      let daemon = try NodeProcess(
        ["daemon", "--socket", nodes.socket("a")],
        environment: ["HEDDLE_CLUSTER_FILE": nodes.path("a.yaml")]
      )
      defer { daemon.kill() }
      try await nodes.awaitLinks(of: "a", count: 1)
      #expect(try await nodes.output("cluster", "nodes", at: "a").contains("b*"))
    }
  }

  @Test("a key that the file can't have is refused by name, rather than passed over")
  func unknownKey() async throws {
    try await Nodes.run { nodes in
      try nodes.write("cluster: test\nregistrar: a\nsecret: key\npeer: [b]\n", to: "a.yaml")
      let run = try await Command.run(
        Command.binDirectory.appending(path: "heddle"),
        ["daemon", "--socket", nodes.socket("a")],
        environment: ["HEDDLE_CLUSTER_FILE": nodes.path("a.yaml")]
      )
      #expect(run.status == 2)
      #expect(run.errors.contains("it says 'peer'"))
    }
  }

  // MARK: - Loss

  @Test("a lost link does not kill: a wait goes on, and is answered when the link is back")
  func cut() async throws {
    try await Nodes.run { nodes in
      try nodes.start("b", peers: ["a"])
      let proxy = LinkProxy(from: nodes.path("proxy"), to: nodes.link("b"))
      try nodes.start("a", peers: ["b=unix:\(nodes.path("proxy"))"])
      try await nodes.awaitLinks(of: "a", count: 1)
      try await nodes.output(
        "run",
        "-d",
        "--name",
        "b/worker",
        "--channel",
        "lines",
        "--",
        "sh",
        "-c",
        "read x; exit 5",
        at: "a"
      )
      async let waiting = nodes.heddle("wait", "b/worker", at: "a")
      try await nodes.awaitWaiting()
      proxy.cut()
      try await nodes.awaitState("unreachable", of: "b", at: "a")
      let refused = try await nodes.heddle("suspend", "b/worker", at: "a")
      #expect(refused.status == 6)
      #expect(refused.errors.contains("says nothing of whether its threads live"))
      try await nodes.output("send", "worker", "go", at: "b")
      #expect(try await nodes.heddle("wait", "worker", at: "b").status == 5)
      proxy.join()
      #expect(try await waiting.status == 5)
    }
  }

  @Test("a node that is killed is unreachable first, and its threads are dead when its lease has ended")
  func killed() async throws {
    try await Nodes.run("a", "b") { nodes in
      try await nodes.output("run", "-d", "--name", "b/worker", "--", "sleep", "600", at: "a")
      async let waiting = nodes.heddle("wait", "b/worker", at: "a")
      try await nodes.awaitWaiting()
      nodes.kill("b")
      try await nodes.awaitState("unreachable", of: "b", at: "a")
      let seen = try await nodes.heddle("ps", "b/worker", at: "a")
      #expect(seen.status == 6)
      let outcome = try await waiting
      #expect(outcome.status == 137)
      let events = try await nodes.output("events", "--json", at: "a")
      #expect(events.contains("NODE_UNREACHABLE") && events.contains("NODE_LOST"))
    }
  }

  // MARK: - Bad input

  @Test("another secret, another cluster and a name that is taken are refused, and both logs say which and what to do")
  func strangers() async throws {
    try await Nodes.run("a", "b") { nodes in
      try nodes.write("quite another secret than it", to: "other")
      try nodes.start("c", peers: ["a=unix:\(nodes.link("a"))"], secret: "other", more: [])
      try nodes.start("d", peers: ["a=unix:\(nodes.link("a"))"], cluster: "foreign")
      try nodes.start("b", at: "twin", peers: ["a=unix:\(nodes.link("a"))"])
      for (name, word) in [
        ("c", "does not know the cluster's secret"), ("d", "in cluster test"), ("twin", "living node of this name"),
      ] {
        #expect(await eventually { nodes.log(of: name).contains(word) }, "\(name): \(nodes.log(of: name))")
      }
      #expect(nodes.log(of: "a").contains("node c") && nodes.log(of: "a").contains("cluster foreign"))
      #expect(try await nodes.output("cluster", "nodes", at: "a").contains("linked"))
    }
  }

  @Test(
    "an older protocol, a client's HELLO and plain garbage are refused at the links' socket, and the daemon goes on"
  )
  func garbage() async throws {
    try await Nodes.run("a", "b") { nodes in
      let hello = LinkHello(
        versions: 7...9,
        cluster: try EntityName("test"),
        node: try EntityName("b"),
        incarnation: 1,
        daemonVersion: "",
        nonce: [UInt8](repeating: 0, count: 32)
      )
      var writer = FrameWriter()
      try writer.linkHello(hello)
      #expect(try refusal(LinkProxy.say(writer.take(), to: nodes.link("a"))) == .version)
      try writer.hello(Hello(clientName: "x", clientVersion: ""))
      #expect(try refusal(LinkProxy.say(writer.take(), to: nodes.link("a"))) == .badRequest)
      let noise = LinkProxy.say(Array("GET / HTTP/1.1\r\n\r\n".utf8), to: nodes.link("a"))
      #expect(try refusal(noise) == .badRequest)
      try await nodes.awaitLinks(of: "a", count: 1)
    }
  }

  private func refusal(_ bytes: [UInt8]) throws -> RefusalCode? {
    var (reader, offset) = (FrameReader(), 0)
    guard let frame = try reader.next(in: bytes.span, at: &offset), frame.header.kind == .refusal else { return nil }
    return try WireRefusal(decoding: frame.body).code
  }

  @Test("addresses, secrets and registrars that can't be used are refused with what to do instead")
  func configuration() async throws {
    try await Nodes.run { nodes in
      func refusal(_ arguments: String...) async throws -> String {
        let all = ["daemon", "--socket", nodes.socket("x"), "--cluster", "test", "--node", "x"] + arguments
        let run = try await Command.run(Command.binDirectory.appending(path: "heddle"), all)
        #expect(run.status == 2)
        return run.errors
      }
      let key = ["--secret", nodes.path("key")]
      let far = try await refusal("--registrar", "x", "--listen", "192.0.2.1:7000", key[0], key[1])
      #expect(far.contains("not encrypted") && far.contains("exec:"))
      #expect(
        try await refusal("--registrar", "y", key[0], key[1]).contains("neither this node, x, nor one of its peers")
      )
      try nodes.write("a secret that is long enough", to: "open", mode: 0o644)
      #expect(try await refusal("--registrar", "x", "--secret", nodes.path("open")).contains("chmod 600"))
      try nodes.write("short", to: "short")
      #expect(try await refusal("--registrar", "x", "--secret", nodes.path("short")).contains("openssl rand -hex 32"))
      #expect(try await refusal("--registrar", "x", "--peer", "x", key[0], key[1]).contains("this node's own name"))
    }
  }
}

extension Nodes {
  /// Returns when node a has a client that waits: the only one that it has beside its links.
  func awaitWaiting() async throws {
    _ = try await eventually {
      // The one that asks is a connection as well.
      try await self.heddle("daemon", "status", "--json", at: "a").output.contains(#""connections":3"#)
    }
  }
}
