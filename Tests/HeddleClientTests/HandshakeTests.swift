import HeddleClient
import HeddleWire
import Testing

@Suite("Connecting", .timeLimit(.minutes(1)))
struct HandshakeTests {
  @Test("the client says who it is and what it speaks, and learns who answers")
  func handshake() async throws {
    try await Peer.play { peer, path in
      let connected = Task {
        try await Supervisor.connect(to: path, clientName: "test", clientVersion: "7", on: peer.loop)
      }
      let hello = try Hello(decoding: await peer.next().body)
      #expect(hello == Hello(clientName: "test", clientVersion: "7"))
      try await peer.say { try $0.welcome(Peer.welcome) }
      let supervisor = try await connected.value
      #expect(supervisor.welcome == Peer.welcome)
      await supervisor.close()
    }
  }

  @Test("without a supervisor the error names the socket and the reason")
  func nobody() async throws {
    try await Peer.play { peer, path in
      let error = await #expect(throws: ClientError.self) {
        try await Supervisor.connect(to: path + "x", clientName: "test", on: peer.loop)
      }
      #expect(error?.description == "cannot connect to the supervisor at \(path)x: no such file or directory")
    }
  }

  @Test("a supervisor that takes the connection and says nothing is given up")
  func silent() async throws {
    try await Peer.play { peer, path in
      let error = await #expect(throws: ClientError.self) {
        try await Supervisor.connect(to: path, clientName: "test", answeredWithin: .milliseconds(20), on: peer.loop)
      }
      #expect(error?.description.hasSuffix("it has not answered within 0.02 seconds") == true)
    }
  }

  @Test("a path that no socket can have is an error like any other")
  func longPath() async throws {
    try await Peer.play { peer, path in
      let longPath = path + String(repeating: "x", count: 108)
      let error = await #expect(throws: ClientError.self) {
        try await Supervisor.connect(to: longPath, clientName: "test", on: peer.loop)
      }
      guard case .connectFailed(longPath, _) = error?.cause else { throw try #require(error) }
    }
  }

  @Test("a supervisor that shares no version says so in its own words")
  func versionRefused() async throws {
    try await Peer.play { peer, path in
      let connected = Task { try await Supervisor.connect(to: path, clientName: "test", on: peer.loop) }
      _ = try await peer.next()
      let refusal = WireRefusal(.version, attempted: "agree on", subject: "a version", reason: "I speak 2")
      try await peer.say { try $0.refusal(refusal, of: nil) }
      let expected = ClientError.handshake(socketPath: path, reason: "cannot agree on a version: I speak 2")
      await #expect(throws: expected) { _ = try await connected.value }
    }
  }

  @Test("a version that was not offered is not spoken")
  func versionForced() async throws {
    try await Peer.play { peer, path in
      let connected = Task { try await Supervisor.connect(to: path, clientName: "test", on: peer.loop) }
      _ = try await peer.next()
      let future = Welcome(
        version: 2,
        bodyMax: 4096,
        node: "x",
        incarnation: 1,
        daemonPID: 1,
        daemonVersion: "2"
      )
      try await peer.say { try $0.welcome(future) }
      let expected = ClientError.handshake(socketPath: path, reason: "it chose version 2, which was not offered")
      await #expect(throws: expected) { _ = try await connected.value }
    }
  }

  @Test("what is no supervisor is found out", arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", ""])
  func noSupervisor(words: String) async throws {
    try await Peer.play { peer, path in
      let connected = Task { try await Supervisor.connect(to: path, clientName: "test", on: peer.loop) }
      _ = try await peer.next()
      if words.isEmpty { await peer.hangUp() } else { try await peer.sayBytes(Array(words.utf8)) }
      let error = await #expect(throws: ClientError.self) { _ = try await connected.value }
      guard case .handshake(path, _) = error?.cause else { throw try #require(error) }
    }
  }
}
